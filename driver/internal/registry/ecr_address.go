package registry

import (
	"regexp"
	"strings"
	"sync"
)

// ECRAddress is what the address of one of ECR's registries tells.
type ECRAddress struct {
	// Account is the registry's owner, Region where it is, and API the host of ECR's API there.
	Account, Region, API string
}

// ecrAddress matches ECR's registries, by IPv4, by IPv4 and IPv6 (dkr-ecr), with FIPS and without. The host's credentials go
// to the domains that end it, so these are AWS's alone. components/iam/documents.ts has the same.
// https://docs.aws.amazon.com/general/latest/gr/ecr.html
var ecrAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|` +
		`on\.aws|on\.amazonwebservices\.com\.cn|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$`)
})

// ofAPI are the domains of the API where they are others than the registries'.
var ofAPI = map[string]string{"on.aws": "amazonaws.com", "on.amazonwebservices.com.cn": "amazonaws.com.cn"}

func parseECR(host string) (ECRAddress, bool) {
	parts := ecrAddress().FindStringSubmatch(strings.TrimSuffix(host, ":443"))
	if parts == nil {
		return ECRAddress{}, false
	}
	account, fips, region, domain := parts[1], parts[2], parts[3], parts[4]
	service := "api.ecr"
	if fips != "" {
		service = "ecr-fips"
	}
	if other := ofAPI[domain]; other != "" {
		domain = other
	}
	return ECRAddress{Account: account, Region: region, API: service + "." + region + "." + domain}, true
}
