package task

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Place is where ECS keeps tasks: a cluster of a region. An empty field means what fargate.toml says today.
type Place struct{ Region, Cluster string }

// Place returns where Start starts tasks. Its error says that nothing tells the region.
func (t *Tasks) Place() (Place, error) {
	place := Place{t.Config.Region, t.Config.Cluster}
	if place.Region != "" || t.Region == nil {
		return place, nil
	}
	var err error
	place.Region, err = t.Region()
	return place, err
}

// Or returns the place with the other one's fields where it has none. Its cluster is a name.
func (p Place) Or(other Place) Place {
	cluster := cmp.Or(p.Cluster, other.Cluster)
	if parsed, err := awsarn.Parse(cluster); err == nil {
		cluster = strings.TrimPrefix(parsed.Resource, "cluster/")
	}
	return Place{cmp.Or(p.Region, other.Region), cluster}
}

// placeOf reads the place in a task's ARN, since fargate.toml may name another one than when the task was started. The
// cluster is empty where the ARN has the old format.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
func placeOf(arn string) Place {
	parsed, err := awsarn.Parse(arn)
	if err != nil {
		return Place{}
	}
	place := Place{Region: parsed.Region}
	if parts := strings.Split(parsed.Resource, "/"); len(parts) == 3 {
		place.Cluster = parts[1]
	}
	return place
}

// cluster returns the place's cluster for a call.
func (t *Tasks) cluster(place Place) *string {
	return aws.String(cmp.Or(place.Cluster, t.Config.Cluster))
}

// region makes one call in the place's region.
func (p Place) region(options *ecs.Options) {
	if p.Region != "" {
		options.Region = p.Region
	}
}
