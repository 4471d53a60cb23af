package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// Media types of Docker's own, which most registries still have beside those of OCI.
const (
	dockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
)

func (r *Reader) readBy(ctx context.Context, image reference.Named, architecture string, way access) (Found, error) {
	credential, err := way.credential(ctx)
	if err != nil {
		return Found{}, fmt.Errorf("%w: %w", errNoAccess, err)
	}
	host := hostOf(reference.Domain(image))
	repository := registry.Reference{Registry: host, Repository: reference.Path(image)}
	s := session{repository: repository, base: "https://" + host + "/v2/" + reference.Path(image), client: auth.Client{
		Client: &http.Client{Transport: r.Transport}, Cache: auth.NewCache(), Credential: auth.StaticCredential(host, credential),
		Header: http.Header{"User-Agent": {"gitlab-fargate-runners"}},
		// The transport itself refuses addresses, where it knows what is connected to.
		BlockedRealmPrefixes: []netip.Prefix{},
	}}
	// To ask whether there is an image does not count against Docker Hub's limit of pulls, and to fetch its manifest does:
	// https://docs.docker.com/docker-hub/usage/
	top, err := s.digestOf(ctx, referenceOf(image))
	if err != nil {
		return Found{}, err
	}
	found := Found{Outcome: There, Digest: top.String()}
	if architecture == "" || top == "" {
		return found, nil
	}
	if found.Config = r.Kept.find(top, architecture); found.Config != nil {
		return found, nil
	}
	if err := s.fill(ctx, &found, top, architecture); err != nil {
		// The image is there. What its config says stays open.
		found.Reason = words(err)
		return found, nil
	}
	if found.Config != nil {
		if err := r.Kept.add(top, architecture, found.Config); err != nil {
			r.Log.Warn("an image's config is read anew by the next job", "error", err)
		}
	}
	return found, nil
}

// fill reads manifest and config.
func (s *session) fill(ctx context.Context, found *Found, top digest.Digest, architecture string) error {
	content, kind, err := s.get(ctx, "/manifests/", top)
	if err != nil {
		return err
	}
	if kind == ocispec.MediaTypeImageIndex || kind == dockerIndex {
		var index ocispec.Index
		if err := json.Unmarshal(content, &index); err != nil {
			return err
		}
		chosen, others := choose(index.Manifests, architecture)
		if chosen == "" {
			if len(others) > 0 {
				found.Outcome, found.Platforms = NoPlatform, others
			}
			return nil
		}
		if content, kind, err = s.get(ctx, "/manifests/", chosen); err != nil {
			return err
		}
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(content, &manifest); err != nil {
		return err
	}
	if kind != ocispec.MediaTypeImageManifest && kind != dockerManifest || manifest.Config.Digest == "" {
		return fmt.Errorf("a manifest of type %q has no config", kind)
	}
	if content, _, err = s.get(ctx, "/blobs/", manifest.Config.Digest); err != nil {
		return err
	}
	found.Config, err = readConfig(content)
	return err
}

// runsToo are architectures whose programs a machine runs as well. What pulls for Fargate, containerd, takes them where
// there is no better one. https://github.com/containerd/platforms/blob/v1.0.0/compare.go
var runsToo = map[string]string{"amd64": "386", "arm64": "arm"}

// choose returns the manifest for Linux on the architecture. Without such a one it returns the platforms that there are,
// and none where the pull may still find one that fits.
func choose(manifests []ocispec.Descriptor, architecture string) (chosen digest.Digest, others []string) {
	open := false
	for _, one := range manifests {
		switch {
		case one.Platform == nil:
			open = true
		case one.Platform.OS == "linux" && one.Platform.Architecture == architecture:
			return one.Digest, nil
		case one.Platform.OS == "linux" && one.Platform.Architecture == runsToo[architecture]:
			open = true
		case one.Platform.OS != "unknown": // which attestations have
			others = append(others, one.Platform.OS+"/"+one.Platform.Architecture)
		}
	}
	if open {
		return "", nil
	}
	slices.Sort(others)
	return "", slices.Compact(others)
}

func referenceOf(image reference.Named) string {
	switch named := image.(type) {
	case reference.Digested:
		return named.Digest().String()
	case reference.Tagged:
		return named.Tag()
	}
	return "latest"
}
