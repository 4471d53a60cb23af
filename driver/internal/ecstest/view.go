package ecstest

import "time"

func (s *Server) view(task *Task) map[string]any {
	var details []any
	if s.EarlyAddress || task.Status != "PROVISIONING" && task.Status != "PENDING" {
		details = []any{
			map[string]any{"name": "networkInterfaceId", "value": "eni-1"},
			map[string]any{"name": "privateIPv4Address", "value": s.Address},
		}
	}
	view := map[string]any{
		"taskArn": task.ARN, "lastStatus": task.Status, "desiredStatus": "RUNNING", "startedBy": task.StartedBy,
		"attachments": []any{map[string]any{
			"type": "ElasticNetworkInterface", "status": "ATTACHED", "details": details,
		}},
	}
	health := "UNKNOWN"
	if task.Status == "RUNNING" && len(s.Health) > 0 {
		health = s.Health[min(max(0, s.looks[task.ARN]-len(s.Script)), len(s.Health)-1)]
	}
	view["healthStatus"] = health
	if named, _ := task.Request["taskDefinition"].(string); s.definition(named) != nil {
		view["taskDefinitionArn"] = s.definition(named)["taskDefinitionArn"]
	}
	own := map[string]any{"name": "ci-coordinator", "lastStatus": task.Status, "healthStatus": health}
	if s.ContainerMemory != "" {
		own["memory"] = s.ContainerMemory
	}
	containers := []any{own}
	for _, container := range s.Beside {
		containers = append(containers, map[string]any{"name": container.Name, "lastStatus": task.Status})
	}
	view["containers"] = append(containers, s.defined(task)...)
	if s.Memory != "" {
		view["memory"] = s.Memory
	}
	s.addTimes(view, task)
	for _, key := range []string{"overrides", "tags", "launchType"} {
		if given, has := task.Request[key]; has {
			view[key] = given
		}
	}
	if task.Status == "STOPPED" {
		if s.Containers != nil {
			view["containers"] = s.Containers
		}
		view["desiredStatus"], view["stoppedReason"], view["stopCode"] = "STOPPED", task.StopReason, task.StopCode
		if left := min(task.left, len(s.Ending)); left > 0 {
			view["lastStatus"] = s.Ending[len(s.Ending)-left]
		}
	}
	return view
}

// defined are the containers, besides the job's, that the task's definition has, where there is one.
func (s *Server) defined(task *Task) (containers []any) {
	name, _ := task.Request["taskDefinition"].(string)
	has, _ := s.definition(name)["containerDefinitions"].([]any)
	for _, item := range has {
		one := item.(map[string]any)
		if one["name"] == "ci-coordinator" {
			continue
		}
		shown := map[string]any{"name": one["name"], "image": one["image"], "lastStatus": task.Status}
		if s.ShowContainer != nil {
			s.ShowContainer(task, shown)
		}
		containers = append(containers, shown)
	}
	return containers
}

// addTimes adds what ECS shows of how a task has started, and on which capacity.
func (s *Server) addTimes(view map[string]any, task *Task) {
	at := func(when time.Time) float64 { return float64(when.UnixMilli()) / 1000 }
	view["createdAt"] = at(task.CreatedAt)
	if strategy, _ := task.Request["capacityProviderStrategy"].([]any); len(strategy) > 0 {
		chosen, _ := strategy[0].(map[string]any)
		view["capacityProviderName"] = chosen["capacityProvider"]
	}
	if s.Pull == 0 || task.Status == "PROVISIONING" {
		return
	}
	view["pullStartedAt"] = at(task.CreatedAt)
	if task.Status != "PENDING" {
		view["pullStoppedAt"] = at(task.CreatedAt.Add(s.Pull))
		view["startedAt"] = at(task.CreatedAt.Add(s.Pull + time.Second))
	}
}

func (s *Server) statusNow(task *Task) string {
	status := s.Script[min(s.looks[task.ARN], len(s.Script)-1)]
	for _, moment := range s.Timeline {
		if time.Since(task.CreatedAt) >= moment.After {
			status = moment.Status
		}
	}
	return status
}
