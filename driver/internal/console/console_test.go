package console

import "testing"

func TestAddresses(t *testing.T) {
	const task = ":ecs:eu-central-1:123456789012:task/runners/0123456789abcdef0123456789abcdef"
	for partition, domain := range map[string]string{
		"aws": "eu-central-1.console.aws.amazon.com", "aws-cn": "eu-central-1.console.amazonaws.cn",
		"aws-us-gov": "eu-central-1.console.amazonaws-us-gov.com",
	} {
		place, known := PlaceOf("arn:" + partition + task)
		if !known {
			t.Fatalf("%s has no console", partition)
		}
		want := "https://" + domain + "/ecs/v2/clusters/runners/tasks/0123456789abcdef0123456789abcdef/configuration" +
			"?region=eu-central-1"
		if got := place.Task(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		want = "https://" + domain + "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/" +
			"$252Fci$252Ftasks-1/log-events/job$252Fci-coordinator$252F0123456789abcdef0123456789abcdef"
		if got := place.LogStream("/ci/tasks-1", "job", "ci-coordinator"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	for _, arn := range []string{"", "arn:aws-iso" + task, "arn:aws:ecs:us-east-1:123456789012:task/0123456789abcdef"} {
		if place, known := PlaceOf(arn); known {
			t.Errorf("%q is at %+v", arn, place)
		}
	}
}
