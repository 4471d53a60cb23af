package ecstest

import (
	"fmt"
	"time"
)

// Calls returns how often an action was called.
func (s *Server) Calls(action string) int {
	s.Lock()
	defer s.Unlock()
	return s.calls[action]
}

// Served returns the action of each call that arrived, by the request id of its answer.
func (s *Server) Served() map[string]string {
	s.Lock()
	defer s.Unlock()
	actions := map[string]string{}
	for i, action := range s.served {
		actions[requestID(i+1)] = action
	}
	return actions
}

func requestID(number int) string { return fmt.Sprint("request-", number) }

// Tasks returns copies of all tasks that were ever started, in order.
func (s *Server) Tasks() []Task {
	s.Lock()
	defer s.Unlock()
	all := make([]Task, 0, len(s.tasks))
	for _, task := range s.tasks {
		all = append(all, *task)
	}
	return all
}

// Running counts the tasks that have not stopped.
func (s *Server) Running() int {
	running := 0
	for _, task := range s.Tasks() {
		if task.Status != "STOPPED" {
			running++
		}
	}
	return running
}

// Add adds a running task that no call asked for.
func (s *Server) Add(startedBy string) string {
	s.Lock()
	defer s.Unlock()
	return s.add(s.Clusters[0], startedBy, nil).ARN
}

// AddRequested adds a running task, as if its RunTask took effect only now.
func (s *Server) AddRequested(request map[string]any) string {
	s.Lock()
	defer s.Unlock()
	startedBy, _ := request["startedBy"].(string)
	return s.add(s.Clusters[0], startedBy, request).ARN
}

func (s *Server) add(cluster, startedBy string, request map[string]any) *Task {
	task := &Task{
		ARN:    fmt.Sprintf("arn:aws:ecs:%s:123456789012:task/%s/%032x", s.Region, cluster, len(s.tasks)+1),
		Status: "PROVISIONING", StartedBy: startedBy, Request: request, CreatedAt: time.Now(),
	}
	s.tasks = append(s.tasks, task)
	return task
}

func (s *Server) find(arn string) *Task {
	for _, task := range s.tasks {
		if task.ARN == arn {
			return task
		}
	}
	return nil
}
