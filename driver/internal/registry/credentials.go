package registry

import (
	"context"
	"log/slog"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"gitlab-fargate-runners/driver/internal/job"
)

// dockerHub are the names by which credentials for Docker Hub are written down.
var dockerHub = []string{"index.docker.io", "docker.io", "registry-1.docker.io"}

// OfJob returns Reader.Job for a job: what DOCKER_AUTH_CONFIG has for a registry, then what GitLab has sent with the job.
func OfJob(current job.Job, log *slog.Logger) func(host string) []auth.Credential {
	return func(host string) []auth.Credential {
		plain := strings.TrimSuffix(host, ":443")
		names := []string{plain, plain + ":443"}
		if host == hostOf("docker.io") {
			names = dockerHub
		}
		var all []auth.Credential
		add := func(one auth.Credential) {
			if one != auth.EmptyCredential {
				all = append(all, one)
			}
		}
		if current.DockerAuthConfig != "" {
			store, err := credentials.NewMemoryStoreFromDockerConfig([]byte(current.DockerAuthConfig))
			if err != nil {
				// The error itself may have a part of the secret.
				log.Debug("DOCKER_AUTH_CONFIG of the job cannot be read")
			} else {
				for _, name := range names {
					one, _ := store.Get(context.Background(), name)
					add(one)
				}
			}
		}
		for _, name := range names {
			for _, one := range current.Registries {
				if one.Host == name {
					add(auth.Credential{Username: one.Username, Password: one.Password})
				}
			}
		}
		return all
	}
}
