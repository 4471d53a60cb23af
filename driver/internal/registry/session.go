package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// manifestTypes are what containerd asks for, as a registry may say of an image of a type that it is not asked for that it
// is not there.
var manifestTypes = strings.Join([]string{
	ocispec.MediaTypeImageIndex, ocispec.MediaTypeImageManifest, dockerIndex, dockerManifest, "*/*",
}, ", ")

// largest bounds a manifest and a config. Registries take no larger manifests.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests
const largest = 4 << 20

// session reads from one repository by one access.
type session struct {
	client     auth.Client
	repository registry.Reference
	base       string
}

// digestOf asks whether there is an image, and returns its digest, empty where the registry does not tell it.
func (s *session) digestOf(ctx context.Context, tagOrDigest string) (digest.Digest, error) {
	answer, err := s.do(ctx, http.MethodHead, "/manifests/"+tagOrDigest)
	if err == nil && (answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusForbidden) {
		// An answer to HEAD has no body, which alone proves that an image is absent, or says which right is missing.
		_ = answer.Body.Close()
		answer, err = s.do(ctx, http.MethodGet, "/manifests/"+tagOrDigest)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return "", errorOf(answer)
	}
	told := digest.Digest(answer.Header.Get("Docker-Content-Digest"))
	if told.Validate() != nil {
		return "", nil
	}
	return told, nil
}

// get returns what has the digest.
func (s *session) get(ctx context.Context, kind string, which digest.Digest) (content []byte, mediaType string, err error) {
	if err := which.Validate(); err != nil {
		return nil, "", err
	}
	answer, err := s.do(ctx, http.MethodGet, kind+which.String())
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, "", errorOf(answer)
	}
	content, err = io.ReadAll(io.LimitReader(answer.Body, largest+1))
	switch {
	case err != nil:
		return nil, "", err
	case len(content) > largest:
		return nil, "", fmt.Errorf("more than %d bytes", largest)
	case which.Algorithm().FromBytes(content) != which:
		return nil, "", fmt.Errorf("what %s answered for %s is something else", answer.Request.URL.Host, which)
	}
	mediaType, _, _ = strings.Cut(answer.Header.Get("Content-Type"), ";")
	return content, mediaType, nil
}

func (s *session) do(ctx context.Context, method, path string) (*http.Response, error) {
	// With the scope in it, a request takes the token of the one before.
	ctx = auth.AppendRepositoryScope(ctx, s.repository, auth.ActionPull)
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, nil)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, "/manifests/") {
		request.Header.Set("Accept", manifestTypes)
	}
	return s.client.Do(request)
}

// errorOf reads a registry's refusal.
func errorOf(answer *http.Response) error {
	told := &errcode.ErrorResponse{Method: answer.Request.Method, URL: answer.Request.URL, StatusCode: answer.StatusCode}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	if json.NewDecoder(io.LimitReader(answer.Body, 8<<10)).Decode(&body) == nil {
		told.Errors = body.Errors
	}
	return told
}
