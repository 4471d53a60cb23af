package awsapi

import "testing"

func TestHostOf(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "ec2.eu-west-1.amazonaws.com", "us-gov-west-1": "ec2.us-gov-west-1.amazonaws.com",
		"cn-north-1": "ec2.cn-north-1.amazonaws.com.cn", "eusc-de-east-1": "ec2.eusc-de-east-1.amazonaws.eu",
		"us-iso-east-1": "ec2.us-iso-east-1.c2s.ic.gov", "us-isob-east-1": "ec2.us-isob-east-1.sc2s.sgov.gov",
	} {
		if got := HostOf("ec2", region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}
