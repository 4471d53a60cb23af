package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/awsapi"
)

// ECRAddress is what the address of one of ECR's registries tells.
type ECRAddress struct {
	// Region is the registry's, and API the host of ECR's API there.
	Region, API string
}

// ecrAddress matches ECR's registries, by IPv4, by IPv4 and IPv6 (dkr-ecr), with FIPS and without.
// https://docs.aws.amazon.com/general/latest/gr/ecr.html
var ecrAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{12}\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com|amazonaws\.com\.cn|on\.aws)$`)
})

func parseECR(host string) (ECRAddress, bool) {
	parts := ecrAddress().FindStringSubmatch(host)
	if parts == nil {
		return ECRAddress{}, false
	}
	service, suffix := "api.ecr", "amazonaws.com"
	if parts[1] != "" {
		service = "ecr-fips"
	}
	if strings.HasPrefix(parts[2], "cn-") {
		suffix = "amazonaws.com.cn"
	}
	return ECRAddress{Region: parts[2], API: service + "." + parts[2] + "." + suffix}, true
}

// ECRLogin returns Reader.ECR, which logs in by the role of the host. settings is called when the first registry needs it.
func ECRLogin(
	settings func() (aws.Config, error), log *slog.Logger,
) func(ctx context.Context, address ECRAddress) (auth.Credential, error) {
	return func(ctx context.Context, address ECRAddress) (auth.Credential, error) {
		loaded, err := settings()
		if err != nil {
			return auth.EmptyCredential, err
		}
		began := time.Now()
		answer, err := awsapi.Signed{
			Service: "ecr", Region: address.Region, Host: address.API, Body: "{}",
			Headers: map[string]string{
				"Content-Type": "application/x-amz-json-1.1",
				"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
			},
		}.Send(ctx, loaded)
		if err == nil && answer.Status != http.StatusOK {
			err = fmt.Errorf("ECR answered %s: %s", http.StatusText(answer.Status), answer.Content)
		}
		awsapi.Attempted(log, awsapi.Attempt{
			Action: "ecr:GetAuthorizationToken", Number: 1, Duration: time.Since(began), RequestID: answer.RequestID, Err: err,
		})
		if err != nil {
			return auth.EmptyCredential, err
		}
		return readLogin(answer.Content)
	}
}

// readLogin reads what GetAuthorizationToken answers. Its errors have nothing of the answer, which is a secret.
func readLogin(content []byte) (auth.Credential, error) {
	var answer struct {
		AuthorizationData []struct {
			AuthorizationToken []byte `json:"authorizationToken"`
		} `json:"authorizationData"`
	}
	if json.Unmarshal(content, &answer) != nil || len(answer.AuthorizationData) == 0 {
		return auth.EmptyCredential, fmt.Errorf("ECR answered GetAuthorizationToken with %d bytes that are no token", len(content))
	}
	user, password, both := strings.Cut(string(answer.AuthorizationData[0].AuthorizationToken), ":")
	if !both {
		return auth.EmptyCredential, fmt.Errorf("ECR's token has no password")
	}
	return auth.Credential{Username: user, Password: password}, nil
}
