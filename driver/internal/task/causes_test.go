package task

import (
	"strings"
	"testing"
)

// Texts are as AWS writes them, from its documentation and from public reports.
func TestCauseOf(t *testing.T) {
	tests := []struct {
		code, text string
		kind       kind
		wish       wish
		hint       string
	}{
		{code: "ThrottlingException", text: "Rate exceeded", kind: throttled, hint: "Too many calls"},
		{code: "InvalidParameterException", text: "Error retrieving subnet information for [subnet-0123456789abcdef0]: " +
			"Rate exceeded (ErrorCode: Throttling)", kind: throttled, hint: "Too many calls"},
		{code: "InvalidParameterException", text: "Error retrieving security group information for " +
			"[sg-0123456789abcdef0]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)", kind: throttled,
			hint: "Too many calls"},
		{code: "ClientException", text: "Tasks provisioning capacity limit exceeded.", kind: throttled,
			hint: "Too many tasks of this cluster start"},
		{code: "ClientException", text: "Too many concurrent attempts to create a new revision of the specified family.",
			kind: throttled, hint: "A later try works."},
		{code: "ClientException", text: "Unable to describe task definition.", wish: taskDefinition,
			hint: "Check Fargate.TaskDefinition"},
		{code: "AccessDeniedException", text: "no", kind: rights, hint: "Allow {call}"},
		{code: "ExpiredTokenException", text: "The security token included in the request is expired", kind: permanent,
			hint: "Check the instance profile"},
		{code: "UnrecognizedClientException", text: "The security token included in the request is invalid.",
			kind: permanent, hint: "Check the instance profile"},
		{code: "ClusterNotFoundException", text: "Cluster not found.", kind: permanent, hint: "Check Fargate.Cluster"},
		{code: "InvalidParameterException", text: "Invalid identifier: Identifier is for cluster a. Your cluster is b",
			kind: permanent, hint: "Fargate.Cluster in fargate.toml is not"},
		{code: "SpotInterruption", text: "Your Spot Task was interrupted.", kind: capacity, hint: "AWS took the spot"},
		{code: "TerminationNotice", text: "ECS is performing maintenance on the underlying infrastructure hosting the " +
			"task.", hint: "AWS retired the machine"},
		{code: "InfrastructureHealth", text: "unhealthy", hint: "AWS retired the machine"},
		{code: "EssentialContainerExited", text: "Essential container in task exited; container ci-coordinator: exit " +
			"code 137 (OutOfMemoryError: Container killed due to memory usage)", hint: "Give the task more memory"},
		{code: "TaskFailedToStart", text: "CannotPullContainerError: pull image manifest has been retried 5 time(s): " +
			"httpReadSeeker: failed open: unexpected status code 429 Too Many Requests - Server message: " +
			"toomanyrequests: You have reached your unauthenticated pull rate limit.", hint: "The image's registry lets"},
		{code: "TaskFailedToStart", text: "CannotPullContainerError: pull image manifest has been retried 1 time(s): " +
			"failed to resolve ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/acme/rate-limiter:7: not found",
			hint: "The task's image cannot be pulled"},
		{code: "TaskFailedToStart", text: "CannotPullContainerError: failed to extract layer: write /var/lib/x: no space " +
			"left on device", hint: "The task's disk is too small"},
		{code: "TaskFailedToStart", text: "ResourceInitializationError: unable to pull secrets or registry auth: " +
			"execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 " +
			"time(s): RequestError: send request failed", hint: "The task could not reach what it needs"},
		{text: "Capacity is unavailable at this time. Please try again later or in a different availability zone",
			kind: capacity, hint: "Fargate has no capacity"},
		{code: "TaskFailedToStart", text: "Unexpected EC2 error while attempting to Create Network Interface with public " +
			"IP assignment enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet", kind: capacity,
			hint: "The subnet has no free address"},
		{text: "RESOURCE:ENI", kind: capacity, hint: "The subnet has no free address"},
		{text: "RESOURCE:MEMORY", kind: capacity, hint: "The cluster lacks this resource"},
		{code: "TaskFailedToStart", text: "Timeout waiting for network interface provisioning to complete.",
			kind: capacity, hint: "EC2 gave the task no network interface"},
		{text: "You've reached the limit on the number of vCPUs you can run concurrently", kind: quota,
			hint: "A Fargate quota"},
		{text: "You've reached the limit on the number of tasks you can run concurrently", kind: quota,
			hint: "A Fargate quota"},
		{code: "ClientException", text: "The requested CPU configuration is above your limit", kind: quota,
			hint: "A Fargate quota"},
		{code: "InvalidParameterException", text: "Unable to assume the service linked role. Please verify that the ECS " +
			"service linked role exists.", kind: permanent, hint: "This account has not used ECS yet"},
		{code: "ClientException", text: "ECS was unable to assume the role 'arn:aws:iam::1:role/exec' that was provided " +
			"for this task. Please verify that the role being passed has the proper trust relationship and permissions",
			kind: rights, hint: "The role's trust policy"},
		{code: "InvalidParameterException", text: "The specified capacity provider 'FARGATE_SPOT' was not found.",
			kind: permanent, hint: "Associate the capacity provider"},
		{code: "InvalidParameterException", text: "The capacity provider strategy cannot contain a capacity provider that " +
			"is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
			kind: permanent, hint: "Associate the capacity provider"},
		{code: "PlatformUnknownException", text: "The specified platform version does not exist.",
			wish: platformVersion, hint: "Check Fargate.PlatformVersion"},
		{code: "ClientException", text: "No Fargate configuration exists for given values.", wish: size,
			hint: "Fargate has no task of this size"},
		{code: "InvalidParameterException", text: "Override for container named ci-coordinator is not a container in the " +
			"TaskDefinition.", wish: taskDefinition, hint: "The task definition needs a container with the name"},
		{code: "InvalidParameterException", text: "Task definition does not support launch_type FARGATE.",
			wish: taskDefinition, hint: "The task definition has to be one for Fargate"},
		{code: "ClientException", text: "TaskDefinition not found.", wish: taskDefinition,
			hint: "Check Fargate.TaskDefinition"},
		{code: "InvalidParameterException", text: "TaskDefinition is inactive", wish: taskDefinition,
			hint: "Check Fargate.TaskDefinition"},
		{code: "InvalidParameterException", text: "Error retrieving subnet information for [subnet-1]: The subnet ID " +
			"'subnet-1' does not exist (ErrorCode: InvalidSubnetID.NotFound)", kind: permanent,
			hint: "Check Fargate.Subnets"},
		{code: "EssentialContainerExited", text: "Essential container in task exited"},
		{code: "TaskFailedToStart", text: "CannotStartContainerError: not authorized to perform: s3:GetObject on " +
			"resource: arn:aws:s3:::b"},
		{text: "Quality limit of the image"},
	}
	met := map[string]bool{}
	for _, test := range tests {
		got := causeOf(test.code, test.text)
		if got.kind != test.kind || got.wish != test.wish || !strings.HasPrefix(got.hint, test.hint) ||
			(test.hint == "") != (got.hint == "") {
			t.Errorf("%s: %s\ngot %+v", test.code, test.text, got)
		}
		met[got.hint] = true
	}
	for _, row := range causes {
		if !met[row.hint] {
			t.Errorf("no test has the hint %q", row.hint)
		}
	}
}
