// Package registry reads what images are from the registries that have them, before a task is started for them: whether
// there is such an image for the task's platform, and what its config says.
//
// A task pulls with rights of its own. So nothing but a registry's plain word that an image is not there, or is for other
// platforms alone, counts against it. Whatever else keeps the host from reading leaves the word to the task's pull.
package registry

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/distribution/reference"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// DefaultLimit bounds the reading of all images of a job together.
const DefaultLimit = 5 * time.Second

// Wanted is an image that a task is to pull.
type Wanted struct {
	// Image is a name as Docker takes it.
	Image string
	// Architecture is GOARCH of the task. Where it is empty, nothing is read but whether the image is there.
	Architecture string
	// LoggedIn is true where the pull has credentials for the registry which the host does not have. Such an image is never
	// Private or Absent.
	LoggedIn bool
}

// Outcome is what is known of an image.
type Outcome int

const (
	// Unknown leaves the word to the pull.
	Unknown Outcome = iota
	// There means that there is such an image, and nothing speaks against pulling it.
	There
	// Absent means that the registry says that there is no such image.
	Absent
	// NoPlatform means that the image is one for other platforms than the task's.
	NoPlatform
	// Private means that the job's own credentials open the image, which the task does not have, and nothing less does.
	Private
)

// String is the outcome in the driver's log.
func (o Outcome) String() string {
	return [...]string{"unknown", "there", "absent", "no platform", "private"}[o]
}

// Found is what was read of an image.
type Found struct {
	Outcome Outcome
	// Registry is the registry's address, and Reason what it answered or why it could not be asked.
	Registry, Reason string
	// Digest is that of what the image's name stands for, which may be an index. It is empty where it is not known.
	Digest string
	// Platforms are those that there are, as in linux/amd64, where the task's is not one of them.
	Platforms []string
	// Config is nil where it could not be read.
	Config *Config
}

// Config is a part of an image's config.
type Config struct {
	// User is whom the image's process 1 runs as, by name or number, with a group or without; root where the image leaves
	// it open.
	User string `json:"user"`
	// Ports are the TCP ports that the image exposes, sorted.
	Ports      []int    `json:"ports,omitempty"`
	Entrypoint []string `json:"entrypoint,omitempty"`
}

// Reader reads images.
type Reader struct {
	// Transport makes the requests; see NewTransport.
	Transport http.RoundTripper
	// ECR is asked by the host's role.
	ECR ECR
	// Job returns the credentials that the job itself has for a registry. Tasks have none of them.
	Job func(host string) []auth.Credential
	// Kept remembers configs; nil where nothing does.
	Kept *Kept
	// Limit bounds ReadAll.
	Limit time.Duration
	Log   *slog.Logger
}

// ReadAll reads the images, all at once, and returns what was found in the same order.
func (r *Reader) ReadAll(ctx context.Context, wanted []Wanted) []Found {
	ctx, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	once := *r
	once.ECR = &loginOnce{ECR: r.ECR}
	all := make([]Found, len(wanted))
	var reading sync.WaitGroup
	for i, one := range wanted {
		reading.Go(func() {
			began := time.Now()
			all[i] = once.read(ctx, one)
			r.Log.Debug("read an image from its registry", "image", one.Image, "outcome", all[i].Outcome.String(),
				"reason", all[i].Reason, "config", all[i].Config != nil, "duration", time.Since(began).Round(time.Millisecond))
		})
	}
	reading.Wait()
	return all
}

// access is one way into a registry.
type access struct {
	credential func(context.Context) (auth.Credential, error)
	// ofJob is true for credentials that the task's pull does not have.
	ofJob bool
}

func (r *Reader) read(ctx context.Context, wanted Wanted) Found {
	image, err := reference.ParseDockerRef(wanted.Image)
	if err != nil {
		return Found{Reason: err.Error()}
	}
	host := hostOf(reference.Domain(image))
	address, isECR := parseECR(host)
	var last Found
	for _, way := range r.accesses(host, address, isECR) {
		found, err := r.readBy(ctx, image, wanted.Architecture, way)
		found.Registry = host
		switch {
		case err == nil && way.ofJob && !isECR && !wanted.LoggedIn:
			return Found{Outcome: Private, Registry: host, Digest: found.Digest}
		case err == nil:
			return found
		}
		proof := proves(err)
		last = Found{Outcome: proof, Registry: host, Reason: words(err)}
		if proof == Absent && wanted.LoggedIn {
			// Some registries say so to whoever may not see the image.
			last.Outcome = Unknown
		}
		if proof == Absent && isECR && r.mayBeImported(ctx, address, reference.Path(image)) {
			last.Outcome = Unknown
		}
		if !refused(err) {
			return last
		}
	}
	return last
}

// accesses are the ways into a registry, that of the task's pull first: ECS pulls from ECR by a role, and without any
// credentials elsewhere.
func (r *Reader) accesses(host string, address ECRAddress, isECR bool) []access {
	pull := access{credential: func(context.Context) (auth.Credential, error) { return auth.EmptyCredential, nil }}
	if isECR {
		pull.credential = func(ctx context.Context) (auth.Credential, error) { return r.ECR.LogIn(ctx, address) }
	}
	all := []access{pull}
	for _, one := range r.Job(host) {
		all = append(all, access{ofJob: true, credential: func(context.Context) (auth.Credential, error) { return one, nil }})
	}
	return all
}

// hostOf returns the address at which a registry is reached.
func hostOf(domain string) string {
	if domain == "docker.io" {
		return "registry-1.docker.io"
	}
	return domain
}

// errNoAccess is in an error where there is no way in.
var errNoAccess = errors.New("no access")
