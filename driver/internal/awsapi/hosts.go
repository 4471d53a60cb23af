package awsapi

import "strings"

// domains are those of AWS's partitions, by the beginning of their regions' names.
// https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
var domains = []struct{ regions, domain string }{
	{"cn-", "amazonaws.com.cn"}, {"eusc-", "amazonaws.eu"}, {"us-iso-", "c2s.ic.gov"}, {"us-isob-", "sc2s.sgov.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"}, {"us-isof-", "csp.hci.ic.gov"}, {"eu-isof-", "csp.hci.ic.gov"},
}

// HostOf is the name of a service's API in a region, such as logs.eu-central-1.amazonaws.com.
func HostOf(service, region string) string {
	for _, one := range domains {
		if strings.HasPrefix(region, one.regions) {
			return service + "." + region + "." + one.domain
		}
	}
	return service + "." + region + ".amazonaws.com"
}
