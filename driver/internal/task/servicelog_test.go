package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/servicelog"
)

// logging has the definition of a task with services, all of which log but the first, whose stream does not answer.
type logging struct {
	Definitions
	services, describes int
}

func (l *logging) DescribeTaskDefinition(
	context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options),
) (*ecs.DescribeTaskDefinitionOutput, error) {
	l.describes++
	definition := &types.TaskDefinition{}
	for index := range l.services {
		definition.ContainerDefinitions = append(definition.ContainerDefinitions, types.ContainerDefinition{
			Name: aws.String(ServiceContainer(index)), LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs,
				Options:   map[string]string{"awslogs-group": "jobs", "awslogs-stream-prefix": "job"},
			},
		})
	}
	return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: definition}, nil
}

func (l *logging) GetLogEvents(ctx context.Context, _ string, query servicelog.Query) (servicelog.Page, error) {
	if query.Stream == "job/ci-service-1/"+ID(arn) {
		<-ctx.Done()
		return servicelog.Page{}, context.Cause(ctx)
	}
	return servicelog.Page{Events: []servicelog.Event{{At: 2, Message: query.Stream}}}, nil
}

// However many logs there are, the task is looked up once, and one that does not answer holds up no other.
func TestLogsOfManyServices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, l := &fakeECS{describe: []func() (*ecs.DescribeTasksOutput, error){in("RUNNING")}}, &logging{services: 3}
		w := tasks(t, api)
		w.Definitions, w.Logs = l, l
		began := time.Now()
		logs := w.ServiceLogs(t.Context(), arn, map[int]servicelog.Mark{0: {}, 1: {}, 2: {}, 7: {}})
		if took := time.Since(began); took != logTimeout || api.describes != 1 || l.describes != 1 {
			t.Errorf("after %s, %d looks at the task, %d at its definition", took, api.describes, l.describes)
		}
		for index, want := range map[int]string{0: "", 1: "job/ci-service-2/" + ID(arn), 2: "job/ci-service-3/" + ID(arn), 7: ""} {
			got := logs[index]
			if (got.Err == nil) != (want != "") || want != "" && (len(got.Text) != 1 || got.Text[0] != want) {
				t.Errorf("service %d: %v", index, got)
			}
		}
	})
}
