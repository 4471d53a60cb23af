package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/ecstest"
)

func TestFailuresOfPrepare(t *testing.T) {
	tests := map[string]struct {
		set   func(*ecstest.Server)
		world func(*world)
		want  []string
	}{
		"no capacity": {
			set: func(s *ecstest.Server) {
				s.Failures = []string{"Capacity is unavailable at this time. Please try again later"}
			},
			want: []string{"ERROR: no capacity became free within 1ns: ECS started no task: Capacity is unavailable", "Hint: Fargate has no capacity"},
		},
		"no address": {
			set:  func(s *ecstest.Server) { s.Failures = []string{"RESOURCE:ENI"} },
			want: []string{"RESOURCE:ENI", "Hint: The subnet has no free address"},
		},
		"denied": {
			set:  failing("RunTask", "AccessDeniedException"),
			want: []string{"ERROR: AWS denied ecs:RunTask", "iam:PassRole"},
		},
		"image pull failed": {
			set: func(s *ecstest.Server) {
				s.Script = []string{"PENDING", "STOPPED"}
				s.StopCode, s.StopReason = "TaskFailedToStart", "CannotPullContainerError: manifest unknown"
			},
			want: []string{"stopped: TaskFailedToStart: CannotPullContainerError: manifest unknown",
				"Hint: The task's image cannot be pulled"},
		},
		"out of memory": {
			set: func(s *ecstest.Server) {
				s.Script, s.Memory = []string{"RUNNING", "STOPPED"}, "2048"
				s.Address = "127.0.0.99" // nobody listens
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
				s.Containers = exited(137, "OutOfMemoryError: Container killed due to memory usage")
			},
			want: []string{"ran out of memory (its limit is 2048 MiB): ", "exit code 137",
				"Hint: Give the task more memory"},
		},
		"killed": {
			set: func(s *ecstest.Server) {
				s.Script, s.Memory = []string{"PENDING", "STOPPED"}, "2048"
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
				s.Containers = exited(137, "")
			},
			want: []string{"container ci-coordinator: exit code 137",
				"Hint: Exit code 137 is SIGKILL, most often for lack of memory (its limit is 2048 MiB)"},
		},
		"an essential container ends": {
			set: func(s *ecstest.Server) {
				s.Script = []string{"PENDING", "STOPPED"}
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
				s.Containers = exited(3, "")
			},
			want: []string{"EssentialContainerExited: Essential container in task exited; container ci-coordinator: " +
				"exit code 3\n", "Hint: The container ended by itself"},
		},
		"spot capacity is taken back": {
			set: func(s *ecstest.Server) {
				s.Script = []string{"PENDING", "STOPPED"}
				s.StopCode, s.StopReason = "SpotInterruption", "Your Spot Task was interrupted."
			},
			want: []string{"AWS took back the spot capacity of the task",
				"Hint: AWS took the spot capacity back: `retry: {when: runner_system_failure}`"},
		},
		"throttled": {
			set:  failing("RunTask", "ThrottlingException: Rate exceeded"),
			want: []string{"ERROR: AWS throttled ecs:RunTask in every try: Rate exceeded\n", "Hint: Too many calls"},
		},
		"throttled behind ECS": {
			set: failing("RunTask", "InvalidParameterException: Error retrieving subnet information for [subnet-1]: Rate "+
				"exceeded (ErrorCode: Throttling)"),
			want: []string{"ERROR: AWS throttled ecs:RunTask in every try: Error retrieving", "Hint: Too many calls"},
		},
		"denied, naming the resource": {
			set: failing("RunTask",
				"AccessDeniedException: User: arn:aws:sts::1:assumed-role/host/i-1 is not authorized to perform: "+
					"iam:PassRole on resource: arn:aws:iam::1:role/exec because no identity-based policy allows it"),
			want: []string{"ERROR: AWS denied ecs:RunTask: User: ",
				"Hint: Allow iam:PassRole on arn:aws:iam::1:role/exec in the role of the runner's host."},
		},
		"expired credentials": {
			set: failing("RunTask", "ExpiredTokenException: The security token included in the request is expired"),
			want: []string{"ERROR: AWS did not accept the host's credentials for ecs:RunTask",
				"Hint: Check the instance profile"},
		},
		"no such task definition": {
			set:  failing("RunTask", "ClientException: TaskDefinition not found."),
			want: []string{"(ClientException): TaskDefinition not found.", "Hint: Check Fargate.TaskDefinition"},
		},
		"no such subnet": {
			set: failing("RunTask",
				"InvalidParameterException: Error retrieving subnet information for [subnet-1]: The subnet ID "+
					"'subnet-1' does not exist"),
			want: []string{"The subnet ID 'subnet-1' does not exist", "Hint: Check Fargate.Subnets"},
		},
		"a role that does not trust ECS": {
			set: failing("RunTask", "ClientException: ECS was unable to assume the role 'arn:aws:iam::1:role/exec' that "+
				"was provided for this task. Please verify that the role being passed has the proper trust "+
				"relationship and permissions"),
			want: []string{"ECS was unable to assume the role 'arn:aws:iam::1:role/exec'",
				"Hint: The role's trust policy has to let ecs-tasks.amazonaws.com take it."},
		},
		"an account without ECS's own role": {
			set: failing("RunTask", "InvalidParameterException: Unable to assume the service linked role. Please verify "+
				"that the ECS service linked role exists."),
			want: []string{"Unable to assume the service linked role", "Hint: This account has not used ECS yet: aws iam"},
		},
		"no such platform version": {
			set:  failing("RunTask", "PlatformUnknownException: The specified platform version does not exist."),
			want: []string{"(PlatformUnknownException)", "Hint: Check Fargate.PlatformVersion"},
		},
		"no quota": {
			set: func(s *ecstest.Server) {
				s.Failures = []string{"You've reached the limit on the number of vCPUs you can run concurrently"}
			},
			want: []string{"ECS started no task: You've reached the limit", "Hint: A Fargate quota"},
		},
		"sshd is down": {
			set: func(s *ecstest.Server) { s.Address = "127.0.0.99" }, // nobody listens
			want: []string{"ERROR: connecting to the task at 127.0.0.99:", "connection refused",
				"Hint: The task runs, but its sshd does not answer"},
		},
		"unreachable": {
			world: func(w *world) { w.sshd.Mute.Store(true) },
			want: []string{"ERROR: the task at 127.0.0.1:", " could not be reached within ",
				"Hint: Nothing answers: check that a security group"},
		},
		"authentication refused": {
			set: func(s *ecstest.Server) { s.OnRun = nil }, // its sshd never gets to know the key
			want: []string{" refused user root's ed25519 key\n",
				"Hint: The image must put SSH_PUBLIC_KEY into that user's authorized_keys"},
		},
		"no region": {
			world: func(w *world) {
				w.edit("Region = \"us-east-1\"\n", "")
				w.t.Setenv("AWS_REGION", "")
				w.t.Setenv("AWS_DEFAULT_REGION", "")
			},
			want: []string{"ERROR: no AWS region is set\n", "Hint: Set Fargate.Region"},
		},
		"stopped while sshd is waited for": {
			set: func(s *ecstest.Server) {
				s.Address = "127.0.0.99" // nobody listens
				s.Script = []string{"RUNNING", "RUNNING", "RUNNING", "STOPPED"}
				s.StopCode, s.StopReason = "EssentialContainerExited", "Essential container in task exited"
			},
			want: []string{"ERROR: the task 00000000000000000000000000000001 stopped: EssentialContainerExited: " +
				"Essential container in task exited"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.adapt = shortenConsistencyWindow
			w.edit(`ConnectTimeout = "5s"`, "ConnectTimeout = \"1s\"\nDialTimeout = \"300ms\"")
			if test.set != nil {
				test.set(w.ecs)
			}
			if test.world != nil {
				test.world(w)
			}
			got := w.must(systemFailure, "prepare")
			for _, want := range test.want {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, got.stderr)
				}
			}
			if w.ecs.Running() != 0 {
				t.Error("a task is left")
			}
		})
	}
}

func TestTaskThatEndsDuringAScript(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	started := filepath.Join(w.dir, "started")
	go func() {
		w.awaitFile(started)
		w.interruptSpot()
		w.sshd.Cut()
	}()
	got := w.must(systemFailure, "run", w.script("touch "+started+"; sleep 20"), "build_script")
	if !strings.Contains(got.stderr, "SpotInterruption") || !strings.Contains(got.stderr, "runner_system_failure") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

// A task that ECS has told to stop goes on for its stopTimeout, and its job with it, also where the driver looks at it
// before its sshd answers.
func TestStagesOfATaskThatIsToStop(t *testing.T) {
	w := newWorld(t)
	// A busy machine takes some tenths of a second for a handshake.
	w.edit(`ConnectTimeout = "5s"`, "ConnectTimeout = \"9m\"\nDialTimeout = \"1s\"")
	w.must(0, "prepare")
	w.ends(slices.Repeat([]string{"STOPPING"}, 10_000)) // more than there are looks
	w.interruptSpot()
	for _, stage := range []string{"build_script", "after_script", "upload_artifacts_on_success"} {
		w.muteForLooks(3)
		if got := w.must(0, "run", w.script("echo "+stage), stage); got.stdout != stage+"\n" {
			t.Errorf("%s: %+v", stage, got)
		}
	}
	// The end itself is told as before.
	w.sshd.Close()
	w.ends(nil)
	if got := w.must(systemFailure, "run", w.script("true"), "after_script"); !strings.Contains(got.stderr, "SpotInterruption") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

// A stage after the task's end does not wait for an sshd that is gone: nine minutes of ConnectTimeout would be noticed.
func TestTaskThatEndsBetweenScripts(t *testing.T) {
	w := newWorld(t)
	w.must(0, "prepare")
	w.edit(`ConnectTimeout = "5s"`, `ConnectTimeout = "9m"`)
	w.interruptSpot()
	w.sshd.Close()
	got := w.must(systemFailure, "run", w.script("true"), "after_script")
	if !strings.Contains(got.stderr, "SpotInterruption") {
		t.Errorf("stderr: %s", got.stderr)
	}
}

func TestSystemFailures(t *testing.T) {
	w := newWorld(t)
	got := w.must(systemFailure, "run", w.script("true"), "build_script")
	if !strings.Contains(got.stderr, "ERROR: the job has no task") {
		t.Errorf("run without prepare: %s", got.stderr)
	}
	w.write("fargate.toml", "[Fargate]\nClustr = \"a\"\n")
	for _, call := range [][]string{{"config"}, {"prepare"}, {"run", "x", "y"}, {"cleanup"}} {
		got := w.must(systemFailure, call...)
		if !strings.Contains(got.stderr, "fargate.toml:2: unknown key Fargate.Clustr") {
			t.Errorf("%v: %s", call, got.stderr)
		}
	}
	w.must(systemFailure, "no-such-call")
	w.must(systemFailure, "run", "only-one-argument")
}
