package task

import "strings"

// kind is what a refusal means for what the driver does next.
type kind int

const (
	// other refusals end the call; nothing tells whether a later job fares better.
	other kind = iota
	// throttled: a later try works. An earlier try of the same call may have taken effect.
	throttled
	// permanent: no try works until somebody has changed something outside of the job.
	permanent
	// rights are missing, of the host or of a task's role: as permanent, but for a moment after somebody has granted them.
	rights
	// capacity: another subnet or another capacity provider may work.
	capacity
	// quota: another capacity provider may work, as AWS counts them apart. Another subnet does not.
	quota
)

// wish is what a job may choose of its task by FARGATE_ variables.
type wish int

const (
	nothing wish = iota
	size
	taskDefinition
	platformVersion
)

// cause is one thing that AWS says, as the error of a call, in RunTask's failures[], or as the reason of a stopped task.
type cause struct {
	// codes are beginnings of an error code or of a stop code; without any, the code does not matter.
	codes []string
	// signs are parts of the text in lower case, of which one is there; without any, the text does not matter.
	signs []string
	kind  kind
	// wish is what the job may have chosen wrongly.
	wish wish
	// noCluster tells that the cluster of the call is not there.
	noCluster bool
	// noDefinition tells that the task definition of the call is not there.
	noDefinition bool
	// says is the sentence about a refused call, with the fields {call}, {code} and {text}; empty: "AWS refused …".
	says string
	// hint is the way out, as a sentence; empty where nothing helps.
	hint string
}

// causes holds what AWS is known to say. The first that fits counts, so that what names a cause for certain stands
// before words such as "limit", which occur in names of images too.
// Calls: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#API_RunTask_Errors
// and https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
// failures[]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
// Stopped tasks: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
var causes = []cause{
	{codes: []string{"Throttl", "TooManyRequestsException", "RequestLimitExceeded"}, kind: throttled,
		says: sayThrottled, hint: hintThrottled},
	// EC2 throttled ECS, which hands that on as a mistake of the caller: github.com/dask/dask-cloudprovider/issues/56
	{signs: []string{"errorcode: requestlimitexceeded", "errorcode: throttling"}, kind: throttled,
		says: sayThrottled, hint: hintThrottled},
	// Two hosts register the same definition.
	{signs: []string{"too many concurrent attempts to create a new revision"}, kind: throttled,
		says: sayThrottled, hint: "A later try works."},
	{codes: []string{"AccessDenied"}, kind: rights, says: "AWS denied {call}: {text}",
		hint: "Allow {call} in the role of the runner's host; RunTask needs iam:PassRole on the task's roles too, and " +
			"ecs:TagResource where tasks get tags."},
	{codes: []string{"ExpiredToken", "IncompleteSignature", "InvalidClientTokenId", "InvalidSignatureException",
		"MissingAuthenticationToken", "UnrecognizedClientException"}, kind: permanent,
		says: "AWS did not accept the host's credentials for {call} ({code}): {text}",
		hint: "Check the instance profile of the runner's host, the AWS_ variables of gitlab-runner, and the host's clock."},
	{codes: []string{"ClusterNotFoundException"}, kind: permanent, noCluster: true,
		says: "the ECS cluster does not exist: {text}",
		hint: "Check Fargate.Cluster and Fargate.Region in fargate.toml."},
	{signs: []string{"identifier is for cluster"}, kind: permanent,
		hint: "Fargate.Cluster in fargate.toml is not the cluster that the task runs in."},

	{codes: []string{"SpotInterruption"}, kind: capacity, hint: hintSpot},
	{signs: []string{"spotinterruption"}, kind: capacity, hint: hintSpot},
	{codes: []string{"TerminationNotice", "InfrastructureHealth"},
		hint: "AWS retired the machine under the task: `retry: {when: runner_system_failure}` runs the job again."},
	{signs: []string{"outofmemory"},
		hint: "Give the task more memory: a larger task definition, or FARGATE_MEMORY where the runner allows it."},
	{signs: []string{"toomanyrequests", "pull rate limit", "429 too many requests"},
		hint: "The image's registry lets this address pull no more for now: log in there, or pull through a cache in ECR."},
	{signs: []string{"no space left on device"},
		hint: "The task's disk is too small for its image: ephemeral storage of the task definition, or " +
			"FARGATE_EPHEMERAL_STORAGE where the runner allows it."},
	{signs: []string{"cannotpull"},
		hint: "The task's image cannot be pulled: check its name, the execution role, and the way from the subnet " +
			"to the registry (public address, NAT or endpoints)."},
	{signs: []string{"resourceinitializationerror"},
		hint: "The task could not reach what it needs to start: check the execution role and the subnet's way to " +
			"ECR, S3 and CloudWatch Logs."},
	{signs: []string{"capacity is unavailable"}, kind: capacity,
		hint: "Fargate has no capacity of this kind at the moment: a later try, more subnets in other zones, or " +
			"FARGATE beside FARGATE_SPOT helps."},
	{signs: []string{"insufficientfreeaddresses", "not enough free addresses", "resource:eni"}, kind: capacity,
		hint: "The subnet has no free address: add another one to Fargate.Subnets."},
	{signs: []string{"resource:cpu", "resource:memory", "resource:ports"}, kind: capacity,
		hint: "The cluster lacks this resource."},
	{signs: []string{"network interface provisioning", "create network interface", "attach network interface"},
		kind: capacity,
		hint: "EC2 gave the task no network interface: a later try, or more subnets in Fargate.Subnets, helps."},
	{signs: []string{"provisioning state", "tasks provisioning capacity limit"}, kind: throttled,
		hint: "Too many tasks of this cluster start at the same time; a later try works."},
	{signs: []string{"number of vcpus", "number of tasks you can run", "above your limit", "vcpu limit", "vcpu quota"},
		kind: quota,
		hint: "A Fargate quota of this account and region is used up: wait for tasks to end or ask AWS for more vCPUs."},

	{signs: []string{"service linked role"}, kind: permanent,
		hint: "This account has not used ECS yet: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"},
	{signs: []string{"unable to assume the role"}, kind: rights,
		hint: "The role's trust policy has to let ecs-tasks.amazonaws.com take it."},
	{signs: []string{"is not associated with the cluster", "specified capacity provider"}, kind: permanent,
		hint: "Associate the capacity provider with the cluster (aws ecs put-cluster-capacity-providers), or leave " +
			"Fargate.CapacityProviders out."},
	{codes: []string{"Platform"}, wish: platformVersion,
		hint: "Check Fargate.PlatformVersion in fargate.toml, or FARGATE_PLATFORM_VERSION of the job."},
	{signs: []string{"no fargate configuration exists", "invalid 'cpu' setting", "invalid 'memory' setting",
		"ephemeral storage", "ephemeralstorage"}, wish: size,
		hint: "Fargate has no task of this size: see the sizes in AWS's documentation; what FARGATE_CPU or " +
			"FARGATE_MEMORY leaves out is the task definition's."},
	{signs: []string{"is not a container in the task"}, wish: taskDefinition,
		hint: "The task definition needs a container with the name " + Container + "."},
	{signs: []string{"does not support launch_type", "is not supported by fargate", "networkmode"}, wish: taskDefinition,
		hint: "The task definition has to be one for Fargate: requiresCompatibilities FARGATE and network mode awsvpc."},
	{signs: []string{"unable to describe task definition"}, noDefinition: true, wish: taskDefinition,
		hint: hintDefinition},
	{signs: []string{"taskdefinition not found", "taskdefinition is inactive"}, noDefinition: true, wish: taskDefinition,
		hint: hintDefinition},
	{signs: []string{"taskdefinition", "task definition"}, wish: taskDefinition,
		hint: hintDefinition},
	{signs: []string{"subnet", "security group"}, kind: permanent,
		hint: "Check Fargate.Subnets and Fargate.SecurityGroups in fargate.toml: all have to be in one VPC of this " +
			"region."},
	{signs: []string{"spot task was interrupted"}, kind: capacity, hint: hintSpot},
}

const (
	sayThrottled   = "AWS throttled {call} in every try: {text}"
	hintThrottled  = "Too many calls in this account and region; a later try works."
	hintDefinition = "Check Fargate.TaskDefinition in fargate.toml, or FARGATE_TASK_DEFINITION of the job: family or " +
		"family:revision, in this region, active."
	hintSpot = "AWS took the spot capacity back: `retry: {when: runner_system_failure}` runs the job again."
)

// causeOf returns the first of the causes that fits, or one of kind other.
func causeOf(code, text string) cause {
	text = strings.ToLower(text)
	for _, c := range causes {
		if anyOf(c.codes, code, strings.HasPrefix) && anyOf(c.signs, text, strings.Contains) {
			return c
		}
	}
	return cause{}
}

// anyOf is true where there are no patterns.
func anyOf(patterns []string, text string, fits func(text, pattern string) bool) bool {
	for _, pattern := range patterns {
		if fits(text, pattern) {
			return true
		}
	}
	return len(patterns) == 0
}
