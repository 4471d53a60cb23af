package registry

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"gitlab-fargate-runners/driver/internal/printable"
)

// proves returns Absent where a registry's answer proves that there is no such image. A registry says it by a code in the
// answer's body. A bare 404 can be a proxy's or a web server's on the way, and a refusal (401, 403) says nothing: Docker
// Hub, GitHub and Quay refuse what is private and what does not exist by the same words.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
func proves(err error) Outcome {
	var answer *errcode.ErrorResponse
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusNotFound ||
		!strings.Contains(answer.URL.Path, "/manifests/") { // and not whoever gives out tokens
		return Unknown
	}
	for _, one := range answer.Errors {
		if one.Code == errcode.ErrorCodeManifestUnknown || one.Code == errcode.ErrorCodeNameUnknown {
			return Absent
		}
	}
	return Unknown
}

// refused tells whether other credentials may open what these did not.
func refused(err error) bool {
	var answer *errcode.ErrorResponse
	if errors.As(err, &answer) {
		return answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden
	}
	return errors.Is(err, errNoAccess) || errors.Is(err, auth.ErrBasicCredentialNotFound)
}

// words are those of the registry, or of what kept it from answering. Addresses of requests, in which registries and their
// stores have keys, are left out.
func words(err error) string {
	var answer *errcode.ErrorResponse
	if errors.As(err, &answer) && len(answer.Errors) > 0 {
		return printable.Of(answer.Errors[0].Error())
	} else if answer != nil {
		return http.StatusText(answer.StatusCode)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return printable.Of(err.Error())
}
