package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
)

// mostOverrides is how long RunTask's overrides may be, "including the JSON formatting characters".
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
const mostOverrides = 8192

// environments are the overrides that give each service its variables.
func environments(services []images.Service) (overrides []types.ContainerOverride) {
	for i, one := range services {
		if len(one.Variables) > 0 {
			overrides = append(overrides, environment(i, one))
		}
	}
	return overrides
}

func environment(index int, service images.Service) types.ContainerOverride {
	override := types.ContainerOverride{Name: aws.String(ServiceContainer(index))}
	for _, variable := range service.Variables {
		override.Environment = append(override.Environment,
			types.KeyValuePair{Name: aws.String(variable.Name), Value: aws.String(variable.Value)})
	}
	return override
}

// tooLong is the job's own failure where ECS would refuse the overrides for what its services' variables take of them.
func tooLong(overrides *types.TaskOverride, services []images.Service) error {
	all := lengthOf(overrides)
	if len(services) == 0 || all <= mostOverrides {
		return nil
	}
	own, sizes := all, []string{}
	for i, one := range services {
		if len(one.Variables) > 0 {
			size := lengthOf(environment(i, one))
			own -= size
			sizes = append(sizes, fmt.Sprintf("%s %d", one.Image, size))
		}
	}
	err := failure.New("Each service gets the variables that the job's file sets, and its own: let the job set fewer or shorter "+
		"ones, and give a service what it alone needs by its own variables:.",
		"services: their variables are too long: ECS takes %d characters for all containers of a task, with the names and the "+
			"signs of JSON, and these are %d: %s, the runner's own %d", mostOverrides, all, strings.Join(sizes, ", "), own)
	err.Build = true
	return err
}

// lengthOf is how long the value is in a call, in bytes, of which there are no fewer than characters. The SDK's names
// differ from ECS's in their first letter alone.
func lengthOf(value any) int {
	var content any
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &content)
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err == nil {
		err = encoder.Encode(withoutNull(content))
	}
	if err != nil { // no value of the SDK's is like that
		panic(err)
	}
	return buffer.Len() - len("\n")
}

// withoutNull leaves out what has no value, as the SDK does.
func withoutNull(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, one := range value {
			if one == nil {
				delete(value, key)
			}
			withoutNull(one)
		}
	case []any:
		for _, one := range value {
			withoutNull(one)
		}
	}
	return value
}
