// Package ecstest is an ECS API over HTTP for tests. It has the calls that the driver makes. Each look at a task
// moves the task on to its next state. It checks neither signatures nor permissions.
package ecstest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Task is one task. Hold Server.Lock to read or set its fields.
type Task struct {
	ARN       string
	Status    string
	StartedBy string
	// CreatedAt is when RunTask made it.
	CreatedAt time.Time
	// Request is the input of RunTask.
	Request map[string]any
	// StopReason is the reason that StopTask got, or why the task stopped without a call.
	StopReason string
	StopCode   string

	// left is how many of Server.Ending's states the looks have still to find.
	left int
}

// Moment is a state that a task is in from this time after RunTask.
type Moment struct {
	After  time.Duration
	Status string
}

// Container is a container of a task definition.
type Container struct{ Name string }

// Server is the API.
type Server struct {
	URL string

	sync.Mutex
	// Clusters are the names of the clusters that there are, all in Region. Add uses the first one. Default: cluster,
	// in us-east-1.
	Clusters []string
	Region   string
	// Providers are the capacity providers that are associated with the cluster. Default: FARGATE and FARGATE_SPOT.
	Providers []string
	// Script holds the states that the next looks at a task find. The last one stays. Default: PROVISIONING, PENDING,
	// RUNNING.
	Script []string
	// Timeline, where it is set, moves tasks on by the time since RunTask instead of by looks.
	Timeline []Moment
	// Latency is how long RoundTrip takes to answer.
	Latency time.Duration
	// StopReason and StopCode are those of a task whose Script says STOPPED.
	StopReason, StopCode string
	// Ending holds the states that the next looks at a task find once it is to stop, before STOPPED. ECS says that it is to
	// stop, by desiredStatus, from the first. Default: RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING.
	Ending []string
	// PageSize is how many tasks ListTasks tells at once. Default: 100, as ECS.
	PageSize int
	// Health is the health of each running task, as its looks find it; the last one stays. Default: UNKNOWN, as ECS calls
	// a task without health checks.
	Health []string
	// Memory is the memory of each task in MiB; empty means that ECS does not tell.
	Memory string
	// ContainerMemory is the job's container's own limit in MiB; empty where the task definition gives it none.
	ContainerMemory string
	// Address is each task's private address. Default: 127.0.0.1.
	Address string
	// EarlyAddress shows the address before the task runs, as ECS does once it has attached the network interface.
	EarlyAddress bool
	// Beside are the containers of each task besides the job's. They run when the task does.
	Beside []Container
	// Pull is how long the images of each task are pulled, from its first state to RUNNING; 0 where ECS does not tell.
	Pull time.Duration
	// OnRun is called with each new task, without the lock.
	OnRun func(task *Task)
	// Containers are the containers of a stopped task, as ECS shows them.
	Containers []any
	// Fail returns the error of a call before the call has an effect: an error code such as ThrottlingException, "Code:
	// message" where the message matters, or "". It is called for one call at a time, without the lock.
	Fail func(action string, call int) string
	// Withhold tells whether a call, after its effect, gets no answer for as long as the client waits for one.
	Withhold func(action string, call int) bool
	// Stale tells whether DescribeTasks or ListTasks answers from a copy that lacks the last call of each task: what was
	// started is MISSING and not listed, what was stopped runs.
	Stale func(action string, call int) bool
	// Logs are the streams of LogGroup in CloudWatch Logs, by their names.
	Logs map[string][]LogEvent
	// Refuse returns RunTask's reason to start nothing for this input, or "".
	Refuse func(input map[string]any) string
	// Failures are RunTask's reasons to start nothing.
	Failures []string

	// definitions are the revisions of each family.
	definitions map[string][]map[string]any
	// ShowContainer, where it is set, changes how a look shows a container of a task.
	ShowContainer func(task *Task, container map[string]any)

	failing sync.Mutex

	tasks  []*Task
	tokens map[string]*Task
	looks  map[string]int
	calls  map[string]int
	// served are the actions of all calls, in order; the answer to call N carries the request id of N.
	served []string
	// buckets throttle calls, and throttled counts those that they did, both by action.
	buckets   map[string][]*Bucket
	throttled map[string]int
}

// New returns the API for a test that brings calls to it itself, by RoundTrip.
func New() *Server {
	return &Server{
		Script: []string{"PROVISIONING", "PENDING", "RUNNING"}, Address: "127.0.0.1",
		Clusters: []string{"cluster"}, Region: "us-east-1",
		Providers: []string{"FARGATE", "FARGATE_SPOT"}, tokens: map[string]*Task{}, looks: map[string]int{},
		calls: map[string]int{}, throttled: map[string]int{}, PageSize: 100,
		Ending: []string{"RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"},
	}
}

// Start runs the API until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// failure counts a call, and returns its number and the error that it is to have.
func (s *Server) failure(action string) (number int, code string) {
	s.Lock()
	s.calls[action]++
	number, fail := s.calls[action], s.Fail
	s.Unlock()
	if fail == nil {
		return number, ""
	}
	s.failing.Lock()
	defer s.failing.Unlock()
	return number, fail(action, number)
}

// ServeHTTP speaks AWS JSON 1.1.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var input map[string]any
	if err := json.NewDecoder(r.Body).Decode(&input); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	number, code := s.failure(action)
	s.Lock()
	if code == "" && s.throttles(action) {
		code = "ThrottlingException: Rate exceeded"
	}
	s.served = append(s.served, action)
	w.Header().Set("X-Amzn-RequestId", requestID(len(s.served)))
	withheld := s.Withhold != nil && s.Withhold(action, number)
	stale := s.Stale != nil && s.Stale(action, number)
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
	if action == "GetLogEvents" {
		s.getLogEvents(w, input)
		return
	}
	if s.answersDefinition(w, action, input) {
		return
	}
	cluster, found := s.cluster(r, input)
	if !found {
		answerError(w, "ClusterNotFoundException", "Cluster not found.")
		return
	}
	if other := elsewhere(input, cluster); other != "" {
		answerError(w, "InvalidParameterException", "Identifier is for "+other+". Your cluster is "+cluster)
		return
	}
	switch action {
	case "RunTask":
		s.runTask(w, cluster, input)
	case "DescribeTasks":
		s.describeTasks(w, input, stale)
	case "ListTasks":
		s.listTasks(w, cluster, input, stale)
	case "StopTask":
		s.stopTask(w, input)
	default:
		answerError(w, "UnknownOperationException", action)
	}
}
