package registry

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/awsapi"
)

// ECR is the part of ECR's API that Reader needs; ECRClient has it.
type ECR interface {
	// LogIn returns what opens a registry.
	LogIn(ctx context.Context, address ECRAddress) (auth.Credential, error)
	// CachePrefixes returns what the names of repositories begin with that pull-through caches fill.
	CachePrefixes(ctx context.Context, address ECRAddress) ([]string, error)
}

// ECRClient asks ECR by the role of the host.
type ECRClient struct {
	// Settings is called for each request.
	Settings func() (aws.Config, error)
	Log      *slog.Logger
}

// LogIn implements ECR. Its errors have nothing of the answer, which is a secret.
func (c ECRClient) LogIn(ctx context.Context, address ECRAddress) (auth.Credential, error) {
	var answer struct {
		AuthorizationData []struct {
			AuthorizationToken []byte `json:"authorizationToken"`
		} `json:"authorizationData"`
	}
	err := c.call(ctx, address, "GetAuthorizationToken", struct{}{}, &answer)
	switch {
	case err != nil:
		return auth.EmptyCredential, err
	case len(answer.AuthorizationData) == 0:
		return auth.EmptyCredential, errors.New("ECR answered GetAuthorizationToken without a token")
	}
	user, password, both := strings.Cut(string(answer.AuthorizationData[0].AuthorizationToken), ":")
	if !both {
		return auth.EmptyCredential, errors.New("ECR's token has no password")
	}
	return auth.Credential{Username: user, Password: password}, nil
}

// CachePrefixes implements ECR.
func (c ECRClient) CachePrefixes(ctx context.Context, address ECRAddress) ([]string, error) {
	var answer struct {
		Rules []struct {
			Prefix string `json:"ecrRepositoryPrefix"`
		} `json:"pullThroughCacheRules"`
		NextToken string `json:"nextToken"`
	}
	// A registry has 50 rules at the most: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
	input := struct {
		Account string `json:"registryId"`
		Most    int    `json:"maxResults"`
	}{address.Account, 1000}
	if err := c.call(ctx, address, "DescribePullThroughCacheRules", input, &answer); err != nil {
		return nil, err
	}
	if answer.NextToken != "" {
		return nil, errors.New("ECR has more rules for pull-through caches than it tells at once")
	}
	prefixes := make([]string, 0, len(answer.Rules))
	for _, rule := range answer.Rules {
		prefixes = append(prefixes, rule.Prefix)
	}
	return prefixes, nil
}

func (c ECRClient) call(ctx context.Context, address ECRAddress, action string, input, into any) error {
	return awsapi.JSON{
		Service: "ecr", Region: address.Region, Host: address.API, Target: "AmazonEC2ContainerRegistry_V20150921",
		Settings: c.Settings, Log: c.Log,
	}.Call(ctx, action, input, into)
}

// loginOnce logs in at each registry once.
type loginOnce struct {
	ECR
	mu     sync.Mutex
	logins map[ECRAddress]func() (auth.Credential, error)
}

// LogIn implements ECR.
func (o *loginOnce) LogIn(ctx context.Context, address ECRAddress) (auth.Credential, error) {
	o.mu.Lock()
	login := o.logins[address]
	if login == nil {
		login = sync.OnceValues(func() (auth.Credential, error) { return o.ECR.LogIn(ctx, address) })
		if o.logins == nil {
			o.logins = map[ECRAddress]func() (auth.Credential, error){}
		}
		o.logins[address] = login
	}
	o.mu.Unlock()
	return login()
}

// mayBeImported tells whether an image that ECR does not have may come into its repository by the task's pull. The execution
// role's rights for that can be in policies of the registry or the repository, so the host cannot tell whether it will.
func (r *Reader) mayBeImported(ctx context.Context, address ECRAddress, repository string) bool {
	prefixes, err := r.ECR.CachePrefixes(ctx, address)
	if err != nil {
		return true
	}
	for _, prefix := range prefixes {
		// ROOT is the rule for all repositories that no other one names.
		if prefix == "ROOT" || strings.HasPrefix(repository, strings.TrimSuffix(prefix, "/")+"/") {
			return true
		}
	}
	return false
}
