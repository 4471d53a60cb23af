// Package config reads fargate.toml.
//
// It accepts the community driver's file and some keys more. The result is complete: it has the defaults and the job's
// overrides, and needs no further check.
package config

import (
	"time"

	"gitlab-fargate-runners/driver/internal/images"
)

// Config is the whole of fargate.toml.
type Config struct {
	// LogLevel is trace, debug, info, warn, warning, error, fatal or panic. Default: info.
	LogLevel string
	// LogFile takes the log records. Default: stderr, which is the job's log in prepare and run.
	LogFile string
	// LogFormat is text or json. Default: text.
	LogFormat string

	// Wanted holds the job's wishes as the job wrote them. The driver checks them before it grants any.
	Wanted Wanted `toml:"-"`
	// Changed is when the file was written.
	Changed time.Time `toml:"-"`

	Fargate Fargate
	// NoProfile tells that the file has no profile of the name on the command line. That concerns jobs that begin: for
	// one that runs, the profile may have gone in the meantime, and its state has what it needs.
	NoProfile error `toml:"-"`
	// Profiles are classes of runners, by name. --profile in config.toml, which jobs cannot touch, chooses one.
	Profiles     map[string]Profile
	TaskMetadata TaskMetadata
	SSH          SSH
	Agent        Agent
	Metrics      Metrics
	Runner       Runner
	JobLinks     JobLinks
}

// Wanted is the text of the job's variables, empty where the job sets none.
type Wanted struct {
	// Unheard are the variables that the command line outweighs.
	Unheard []string
	// CPU, Memory and EphemeralStorage are FARGATE_CPU, FARGATE_MEMORY and FARGATE_EPHEMERAL_STORAGE.
	CPU, Memory, EphemeralStorage string
	// TaskDefinition and PlatformVersion are FARGATE_TASK_DEFINITION and FARGATE_PLATFORM_VERSION;
	// Fargate.TaskDefinition and Fargate.PlatformVersion hold them as well.
	TaskDefinition, PlatformVersion string
}

// Fargate says which task the driver starts, and where.
type Fargate struct {
	// Cluster is the ECS cluster's name or ARN. Required.
	Cluster string
	// Region is the cluster's AWS region. Default: the SDK's own (AWS_REGION, shared configuration).
	Region string
	// Subnet is the one subnet of the community driver's file; Subnets is a list of them. One of both is required.
	Subnet  string
	Subnets []string
	// SecurityGroup is the one group of the community driver's file; SecurityGroups is a list. One of both is required.
	SecurityGroup  string
	SecurityGroups []string
	// TaskDefinition is a family or family:revision. Required. The CI variable FARGATE_TASK_DEFINITION overrides it.
	TaskDefinition string
	// EnablePublicIP gives the task a public address.
	EnablePublicIP bool
	// UsePublicIP connects to the task's public address instead of its private one.
	UsePublicIP bool
	// PlatformVersion of Fargate. Default: LATEST. The CI variable FARGATE_PLATFORM_VERSION overrides it.
	PlatformVersion string
	// CapacityProviders are what the jobs are divided among: a job's task is on one of them, and on another one only where
	// that has no capacity. Default: launch type FARGATE.
	CapacityProviders []CapacityProvider
	// EnableExecuteCommand lets administrators open a shell in a running task by ECS Exec. The task role needs the
	// permissions of ssmmessages for it.
	EnableExecuteCommand bool
	// OnDemandFallback tries on-demand capacity (FARGATE) where CapacityProviders name another one and have none left.
	OnDemandFallback bool
	// AllowedTaskDefinitions are the families, or family:revision, that FARGATE_TASK_DEFINITION may name. Default: any.
	AllowedTaskDefinitions []string
	// AllowedImages are patterns of what a job may name by `image:`, which counts for nothing without any. Default: none.
	AllowedImages []string
	// AllowedServices are patterns of what a job may name by `services:`, which counts for nothing without any. Default:
	// none.
	AllowedServices []string
	// ReadRegistries reads a job's image from its registry before a task is started for it. Default: true.
	ReadRegistries bool
	// Registries say from where ECS pulls the images of some registries, by the domain that an image's name begins with.
	// Default: each image from where its name says, without logging in, or by the execution role from ECR.
	Registries images.Registries
	// AllowedPlatformVersions are those that FARGATE_PLATFORM_VERSION may name beside PlatformVersion; an empty list
	// allows no other. Default: any, as the community driver does.
	AllowedPlatformVersions []string
	// CPU (units), Memory (MiB) and EphemeralStorage (GiB) are the size of a task whose job chooses none. Default: the
	// task definition's.
	CPU, Memory, EphemeralStorage int32
	// TaskRole and ExecutionRole are ARNs of roles that take the place of the task definition's. The host needs
	// iam:PassRole on them.
	TaskRole, ExecutionRole string
	// MaxCPU (units, 1024 = 1 vCPU), MaxMemory (MiB) and MaxEphemeralStorage (GiB) bound what a job may choose by the
	// CI variables FARGATE_CPU, FARGATE_MEMORY and FARGATE_EPHEMERAL_STORAGE. Default: a job may choose none of them.
	MaxCPU, MaxMemory, MaxEphemeralStorage int32
	// MaxJobs is how many jobs may run at once on this host. Default: 0, no bound.
	MaxJobs int
	// SlotTimeout is how long a job waits for others to end where MaxJobs run already, and CapacityTimeout how long it
	// waits where Fargate has no capacity or the account's quota is used up; half of the job's own timeout bounds both
	// together. With StartTimeout and SSH.ConnectTimeout they must stay below the runner's prepare_exec_timeout.
	// Default: 5m, 15m.
	SlotTimeout     Duration
	CapacityTimeout Duration
	// Tags are put on each task, together with the job's own (gitlab-job-id and so on). Without any here a task gets
	// none at all: tagging needs the permission ecs:TagResource, which older installations lack.
	Tags map[string]string

	// PropagateTags puts the task definition's own tags on each task. It needs ecs:TagResource as Tags do. Default: false.
	PropagateTags bool
	// AwaitHealthy lets a job begin only when ECS calls its task HEALTHY, for task definitions whose containers have health
	// checks. Without any check a task never becomes that. Default: false.
	AwaitHealthy bool

	// StartTimeout is how long a task may take from RunTask to RUNNING. Default: 10m.
	StartTimeout Duration
	// WaitForServices is how long a job waits for its services to take connections. Default: 30s.
	WaitForServices Duration
	// StopTimeout bounds all attempts to stop a task. Default: 5m.
	StopTimeout Duration
	// JobTimeout is the timeout of jobs whose payload has none. Default: 24h.
	JobTimeout Duration
	// LifetimeMargin is how long a task may live beyond its job's timeout. It must cover the task's start, the end of a
	// cancelled script, and the clean-up. Default: 30m.
	LifetimeMargin Duration
	// FirstSessionTimeout is how long a task waits for its first SSH session before it ends itself. Default: 10m.
	FirstSessionTimeout Duration
	// LastSessionTimeout is how long a task lives after its last SSH session. Default: 20m, or more where SSH's
	// timeouts need it.
	LastSessionTimeout Duration
	// PollInterval is the first pause between two looks at the task; it grows to MaxPollInterval. Default: 500ms, 5s.
	PollInterval    Duration
	MaxPollInterval Duration
	// APIAttempts is how often the SDK tries a call that AWS throttles or that gets no answer. Default: 8.
	APIAttempts int
	// APITimeout bounds one of these tries, so that the SDK repeats a call whose answer was lost. Default: 15s.
	APITimeout Duration
}

// CapacityProvider is a capacity provider and its share of the jobs.
type CapacityProvider struct {
	// Name, for example FARGATE_SPOT.
	Name string
	// Weight is the provider's share of the jobs beyond Base, 0–1000.
	Weight int32
	// Base is how many of this host's tasks run on this provider before weights count, 0–100000.
	Base int32
}

// TaskMetadata says where the driver keeps its state of running tasks.
type TaskMetadata struct {
	// Directory is the folder of the state; the driver creates it if it is missing. The files are in a subdirectory
	// that only the runner's user can enter. Default: /opt/gitlab-runner/metadata.
	Directory string
}

// SSH says how the driver reaches the task.
type SSH struct {
	// PrivateKeyPath named one key for all tasks in the community driver's first versions. It has no effect, as in the
	// later ones: each task has a key of its own.
	PrivateKeyPath string
	// KeyType is the type of the tasks' keys: ed25519 or rsa, for images whose sshd takes nothing else. Default: ed25519.
	KeyType string
	// Username in the task. Default: root.
	Username string
	// Port of sshd in the task. Default: 22.
	Port int

	// ConnectTimeout bounds all attempts of one call to connect. Default: 2m.
	ConnectTimeout Duration
	// DialTimeout bounds the TCP connect, and again the SSH handshake, of one attempt. Default: 5s.
	DialTimeout Duration
	// RetryInterval is the first pause between two attempts; it grows to MaxRetryInterval. Default: 200ms, 3s.
	RetryInterval    Duration
	MaxRetryInterval Duration
	// KeepAliveInterval is the time between two keepalive requests. Default: 15s.
	KeepAliveInterval Duration
	// KeepAliveCountMax is after how many intervals without a reply the driver gives the connection up. Default: 4.
	KeepAliveCountMax int
	// ReconnectTimeout bounds the attempts to reach a running stage again after its connection was lost. Default: 5m.
	ReconnectTimeout Duration
	// KillGracePeriod is the time a cancelled script has between SIGTERM and SIGKILL. Default: 30s.
	KillGracePeriod Duration
}

// Agent says where ci-agent is, under which stages outlive a lost connection. Each task gets a copy of it.
type Agent struct {
	// File is ci-agent on the runner's host, compiled for the tasks' architecture. For a task of another one the driver
	// takes the file beside it with that architecture in its name, such as ci-agent-arm64 or ci-agent-amd64. Where neither
	// the host nor the image has it, stages run in plain SSH sessions. Default: ci-agent beside the driver.
	File string
}

// Metrics says where the driver counts its calls.
type Metrics struct {
	// Directory is the directory of node_exporter's textfile collector. It must exist, and the runner's user must be
	// able to write to it. Default: the driver counts nothing.
	Directory string
}

// Runner is what config tells gitlab-runner, for a config.toml that leaves it out. The runner lets what it is told here
// count more than config.toml, and does not tell the driver what config.toml has.
type Runner struct {
	// BuildsDir and CacheDir are folders in the task, for sources and for archives of the cache. Default: the runner is
	// told neither, and fails each job where config.toml has no builds_dir.
	BuildsDir, CacheDir string
}

// JobLinks says which links into AWS's console the job's log gets. They show the region and the names of the cluster and
// of the log group to everybody who may read the log, of a public project to the world. Default: none.
type JobLinks struct {
	// Task links to the task.
	Task bool
	// LogGroup is the task definition's awslogs-group and links to the task's stream in it, in the task's region.
	LogGroup string
	// LogStreamPrefix is the task definition's awslogs-stream-prefix. LogGroup needs it, as ECS names the streams by it.
	LogStreamPrefix string
}
