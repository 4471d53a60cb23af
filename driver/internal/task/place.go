package task

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	if fields := strings.Split(cluster, ":"); len(fields) == 6 { // arn:aws:ecs:REGION:ACCOUNT:cluster/NAME
		cluster = strings.TrimPrefix(fields[5], "cluster/")
	}
	return Place{cmp.Or(p.Region, other.Region), cluster}
}

// placeOf reads the place in a task's ARN, since fargate.toml may name another one than when the task was started. The
// cluster is empty where the ARN has the old format.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
func placeOf(arn string) Place {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) < 6 { // no ARN
		return Place{}
	}
	place := Place{Region: fields[3]}
	if parts := strings.Split(fields[5], "/"); len(parts) == 3 {
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
