package task

import "testing"

func TestPlaceOf(t *testing.T) {
	for arn, want := range map[string]Place{
		"arn:aws:ecs:us-east-1:123456789012:task/runners/0123456789abcdef":        {"us-east-1", "runners"},
		"arn:aws-cn:ecs:cn-north-1:123456789012:task/runners/0123456789abcdef":    {"cn-north-1", "runners"},
		"arn:aws:ecs:eu-central-1:123456789012:task/0123456789abcdef0123456789ab": {Region: "eu-central-1"},
		"0123456789abcdef": {},
		"a:b:c:d:e:f/g/h":  {},
		"":                 {},
	} {
		if got := placeOf(arn); got != want {
			t.Errorf("%q is in %+v, want %+v", arn, got, want)
		}
	}
}

// A cluster that fargate.toml names by its ARN is the one that a task's state names by its name.
func TestOr(t *testing.T) {
	other := Place{"us-east-1", "arn:aws:ecs:us-east-1:123456789012:cluster/runners"}
	for place, want := range map[Place]Place{
		{}:                       {"us-east-1", "runners"},
		{Region: "eu-central-1"}: {"eu-central-1", "runners"},
		{Cluster: "builds"}:      {"us-east-1", "builds"},
		{Cluster: "arn:aws-us-gov:ecs:us-gov-west-1:123456789012:cluster/gov"}: {"us-east-1", "gov"},
	} {
		if got := place.Or(other); got != want {
			t.Errorf("%+v becomes %+v, want %+v", place, got, want)
		}
	}
}
