package ecstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) runTask(w http.ResponseWriter, cluster string, input map[string]any) {
	s.Lock()
	refusal := s.refusedCapacity(input)
	if tags, given := input["propagateTags"]; given && tags != "TASK_DEFINITION" && tags != "NONE" {
		refusal = "InvalidParameterException: Propagating tags from SERVICE is not supported for RunTask."
	}
	if refusal == "" {
		refusal = tooLong(input)
	}
	if refusal == "" {
		refusal = s.refusedTaskDefinition(input)
	}
	if refusal != "" {
		defer s.Unlock()
		code, message, _ := strings.Cut(refusal, ": ")
		answerError(w, code, message)
		return
	}
	reasons := s.Failures
	if s.Refuse != nil {
		if reason := s.Refuse(input); reason != "" {
			reasons = append(slices.Clone(reasons), reason)
		}
	}
	if len(reasons) > 0 {
		defer s.Unlock()
		var failures []any
		for _, reason := range reasons {
			failures = append(failures, map[string]any{"reason": reason})
		}
		answer(w, map[string]any{"tasks": []any{}, "failures": failures})
		return
	}
	token, _ := input["clientToken"].(string)
	task, repeated := s.tokens[token]
	if repeated && !reflect.DeepEqual(task.Request, input) {
		defer s.Unlock()
		answerError(w, "ConflictException", "The client token was used with other parameters.",
			map[string]any{"resourceIds": []any{task.ARN}})
		return
	}
	if !repeated {
		startedBy, _ := input["startedBy"].(string)
		task = s.add(cluster, startedBy, input)
		s.tokens[token] = task
	}
	body := map[string]any{"tasks": []any{s.view(task)}, "failures": []any{}}
	onRun := s.OnRun
	s.Unlock()
	if onRun != nil && !repeated {
		onRun(task)
	}
	answer(w, body)
}

func (s *Server) describeTasks(w http.ResponseWriter, input map[string]any, stale bool) {
	s.Lock()
	defer s.Unlock()
	tasks, failures := []any{}, []any{}
	arns, _ := input["tasks"].([]any)
	if len(arns) == 0 || len(arns) > 100 {
		answerError(w, "InvalidParameterException", "Tasks must have between 1 and 100 items.")
		return
	}
	for _, item := range arns {
		arn, _ := item.(string)
		task := s.find(arn)
		if task == nil || stale && task.Status != "STOPPED" {
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
			continue
		}
		if task.Status != "STOPPED" {
			task.Status = s.statusNow(task)
			s.looks[arn]++
			if task.Status == "STOPPED" {
				task.StopReason, task.StopCode, task.left = s.StopReason, s.StopCode, len(s.Ending)
			}
		}
		shown := *task
		if stale {
			shown.Status = "RUNNING"
		}
		tasks = append(tasks, s.view(&shown))
		task.left = max(0, task.left-1)
	}
	answer(w, map[string]any{"tasks": tasks, "failures": failures})
}

func (s *Server) listTasks(w http.ResponseWriter, cluster string, input map[string]any, stale bool) {
	s.Lock()
	defer s.Unlock()
	startedBy, filtered := input["startedBy"]
	for _, other := range []string{"containerInstance", "desiredStatus", "family", "launchType", "serviceName"} {
		if _, has := input[other]; has && filtered {
			// https://github.com/aws/aws-sdk-go-v2/issues/1893
			answerError(w, "InvalidParameterException", "cannot specify startedBy with other arguments")
			return
		}
	}
	arns := []string{}
	for _, task := range s.tasks {
		if clusterOf(task.ARN) != cluster {
			continue
		}
		if stopped := task.Status == "STOPPED"; stopped == stale && (!filtered || task.StartedBy == startedBy) {
			arns = append(arns, task.ARN)
		}
	}
	first := 0
	if token, given := input["nextToken"].(string); given {
		first, _ = strconv.Atoi(token)
	}
	body := map[string]any{}
	if last := first + s.PageSize; last < len(arns) {
		arns, body["nextToken"] = arns[:last], strconv.Itoa(last)
	}
	body["taskArns"] = arns[min(first, len(arns)):]
	answer(w, body)
}

func (s *Server) stopTask(w http.ResponseWriter, input map[string]any) {
	s.Lock()
	defer s.Unlock()
	arn, _ := input["task"].(string)
	task := s.find(arn)
	if task == nil {
		answerError(w, "InvalidParameterException", "The referenced task was not found.")
		return
	}
	if task.Status != "STOPPED" {
		task.Status, task.StopCode, task.left = "STOPPED", "UserInitiated", len(s.Ending)
		task.StopReason, _ = input["reason"].(string)
	}
	answer(w, map[string]any{"task": s.view(task)})
}

// tooLong is why ECS refuses a text of RunTask, as "Code: message", or "".
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func tooLong(input map[string]any) string {
	for key, most := range map[string]int{"clientToken": 64, "startedBy": 128} {
		if text, _ := input[key].(string); len(text) > most {
			return "InvalidParameterException: " + key + " is too long."
		}
	}
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html counts "the JSON formatting characters".
	var overrides bytes.Buffer
	encoder := json.NewEncoder(&overrides)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(input["overrides"]); err == nil && overrides.Len() > mostOverrides+len("\n") {
		return fmt.Sprintf("InvalidParameterException: Container Overrides length must be at most %d", mostOverrides)
	}
	return ""
}

// mostOverrides is how long the overrides of a task may be.
const mostOverrides = 8192
