// Package ecstest is an ECS API over HTTP for tests: the four calls that the driver makes, with tasks that go through
// their states one look at a time. It checks neither signatures nor permissions.
package ecstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Task is one task. Its fields may be read and set under Server.Lock only.
type Task struct {
	ARN       string
	Status    string
	StartedBy string
	// Request is the input of RunTask.
	Request map[string]any
	// StopReason is what StopTask was given, or why the task stopped by itself.
	StopReason string
	StopCode   string
}

// Server is the API.
type Server struct {
	URL string

	sync.Mutex
	// Script is what the next looks at a task find, the last one for good. Default: PROVISIONING, PENDING, RUNNING.
	Script []string
	// StopReason and StopCode are those of a task whose Script says STOPPED.
	StopReason, StopCode string
	// Memory is each task's, in MiB; left out where it is empty.
	Memory string
	// Address is each task's private address. Default: 127.0.0.1.
	Address string
	// EarlyAddress: the address is shown before the task runs, as ECS does once the network interface is attached.
	EarlyAddress bool
	// OnRun is called with each new task, unlocked.
	OnRun func(task *Task)
	// Containers are those of a stopped task, as ECS shows them.
	Containers []any
	// Fail decides on a call's fate before it has an effect: an error code such as ThrottlingException, a message
	// behind it ("Code: message") where it matters, or "".
	Fail func(action string, call int) string
	// Withhold tells of a call, after its effect, that it gets no answer for as long as the client waits for one.
	Withhold func(action string, call int) bool
	// Refuse returns a reason to start nothing for this input of RunTask, or "".
	Refuse func(input map[string]any) string
	// Failures are the reasons that RunTask gives for starting nothing.
	Failures []string

	tasks  []*Task
	tokens map[string]*Task
	looks  map[string]int
	calls  map[string]int
	// served are the actions of all calls, in order; the answer to call N carries the request id of N.
	served []string
}

// Start runs the API until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Script: []string{"PROVISIONING", "PENDING", "RUNNING"}, Address: "127.0.0.1",
		tokens: map[string]*Task{}, looks: map[string]int{}, calls: map[string]int{},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Calls is how often an action was called.
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

// Tasks returns all tasks that were ever started, in order, as copies.
func (s *Server) Tasks() []Task {
	s.Lock()
	defer s.Unlock()
	all := make([]Task, 0, len(s.tasks))
	for _, task := range s.tasks {
		all = append(all, *task)
	}
	return all
}

// Running counts tasks that have not stopped.
func (s *Server) Running() int {
	running := 0
	for _, task := range s.Tasks() {
		if task.Status != "STOPPED" {
			running++
		}
	}
	return running
}

// Add puts a running task there that nobody has asked for.
func (s *Server) Add(startedBy string) string {
	s.Lock()
	defer s.Unlock()
	return s.add(startedBy, nil).ARN
}

// AddRequested puts a running task there whose RunTask takes effect only now.
func (s *Server) AddRequested(request map[string]any) string {
	s.Lock()
	defer s.Unlock()
	startedBy, _ := request["startedBy"].(string)
	return s.add(startedBy, request).ARN
}

func (s *Server) add(startedBy string, request map[string]any) *Task {
	task := &Task{
		ARN:    fmt.Sprintf("arn:aws:ecs:us-east-1:123456789012:task/cluster/%032x", len(s.tasks)+1),
		Status: "PROVISIONING", StartedBy: startedBy, Request: request,
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

// ServeHTTP speaks AWS JSON 1.1.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var input map[string]any
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Lock()
	s.calls[action]++
	code := ""
	if s.Fail != nil {
		code = s.Fail(action, s.calls[action])
	}
	s.served = append(s.served, action)
	w.Header().Set("X-Amzn-RequestId", requestID(len(s.served)))
	withheld := s.Withhold != nil && s.Withhold(action, s.calls[action])
	s.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if code != "" {
		code, message, told := strings.Cut(code, ": ")
		if !told {
			message = "made up for the test"
		}
		answerError(w, code, message)
		return
	}
	if withheld {
		defer func() { <-r.Context().Done() }()
		w = httptest.NewRecorder()
	}
	switch action {
	case "RunTask":
		s.runTask(w, input)
	case "DescribeTasks":
		s.describeTasks(w, input)
	case "ListTasks":
		s.listTasks(w, input)
	case "StopTask":
		s.stopTask(w, input)
	default:
		answerError(w, "UnknownOperationException", action)
	}
}

func answer(w http.ResponseWriter, body any) { _ = json.NewEncoder(w).Encode(body) }

func answerError(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	answer(w, map[string]any{"__type": code, "message": message})
}
