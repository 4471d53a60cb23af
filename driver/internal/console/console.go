// Package console makes addresses in AWS's console. They hold no account id, but names of the account's resources.
package console

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// domains are the console's, by partition. There are further partitions, whose consoles AWS does not document.
// https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/signing-into-govcloud.html
// https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Beijing.html
var domains = map[string]string{
	"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com",
}

// Place is where a task runs.
type Place struct{ domain, region, cluster, task string }

// PlaceOf returns the place of a task with this ARN. It returns false where the partition's console is not known, or the
// ARN has the old format, which does not name the cluster.
func PlaceOf(taskARN string) (Place, bool) {
	parsed, err := arn.Parse(taskARN)
	parts := strings.Split(parsed.Resource, "/")
	domain, known := domains[parsed.Partition]
	if err != nil || !known || len(parts) != 3 {
		return Place{}, false
	}
	return Place{domain, parsed.Region, parts[1], parts[2]}, true
}

// Task is the address of the task.
func (p Place) Task() string {
	return p.address(fmt.Sprintf("ecs/v2/clusters/%s/tasks/%s/configuration", p.cluster, p.task), "")
}

// LogStream is the address of the stream to which ECS sends the output of one container of the task. ECS names it after
// the prefix of the task definition, the container and the task.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func (p Place) LogStream(group, prefix, container string) string {
	stream := strings.Join([]string{prefix, container, p.task}, "/")
	return p.address("cloudwatch/home",
		fmt.Sprintf("#logsV2:log-groups/log-group/%s/log-events/%s", twiceEscaped(group), twiceEscaped(stream)))
}

func (p Place) address(path, fragment string) string {
	return fmt.Sprintf("https://%s.%s/%s?region=%[1]s", p.region, p.domain, path) + fragment
}

// twiceEscaped is how the console writes names into its fragments: encoded twice, with a dollar sign for each percent
// sign.
func twiceEscaped(name string) string {
	return strings.ReplaceAll(url.QueryEscape(url.QueryEscape(name)), "%", "$")
}
