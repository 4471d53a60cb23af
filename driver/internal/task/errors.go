package task

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/failure"
)

// explain turns an error of the API into a sentence and a hint. action is the name of the call, for example "RunTask".
func explain(action string, err error) error {
	var api smithy.APIError
	switch {
	case notCalled(err):
		return err
	case !errors.As(err, &api):
		return failure.Wrap(err,
			"Check that the runner's host reaches the AWS API and has credentials (an instance profile).",
			"calling ecs:%s failed", action)
	}
	switch code := api.ErrorCode(); {
	case isDenied(err):
		hint := allow(api.ErrorMessage(), "the role of the runner's host")
		if hint == "" {
			hint = "Allow ecs:" + action +
				" in the role of the runner's host; RunTask needs iam:PassRole on the task's roles too, and " +
				"ecs:TagResource where tasks get tags."
		}
		return failure.New(hint, "AWS denied ecs:%s: %s", action, api.ErrorMessage())
	case code == "ClusterNotFoundException":
		return failure.New("Check Fargate.Cluster and Fargate.Region in fargate.toml.",
			"the ECS cluster does not exist: %s", api.ErrorMessage())
	case isThrottled(code):
		return failure.New("Too many calls in this account and region; a later try works.",
			"AWS throttled ecs:%s in every try: %s", action, api.ErrorMessage())
	case strings.HasPrefix(code, "Platform"):
		return failure.New("Check Fargate.PlatformVersion in fargate.toml, or FARGATE_PLATFORM_VERSION of the job.",
			"AWS refused ecs:%s (%s): %s", action, code, api.ErrorMessage())
	case badCredentials[code]:
		return failure.New("Check the instance profile of the runner's host, the AWS_ variables of gitlab-runner, "+
			"and the host's clock.",
			"AWS did not accept the host's credentials for ecs:%s (%s): %s", action, code, api.ErrorMessage())
	default:
		return failure.New(hintFor(api.ErrorMessage()), "AWS refused ecs:%s (%s): %s", action, code, api.ErrorMessage())
	}
}

// badCredentials: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
var badCredentials = map[string]bool{
	"ExpiredTokenException": true, "IncompleteSignature": true, "InvalidClientTokenId": true,
	"InvalidSignatureException":           true,
	"MissingAuthenticationTokenException": true, "UnrecognizedClientException": true,
}

func isThrottled(code string) bool {
	return strings.Contains(code, "Throttl") || code == "TooManyRequestsException" || code == "RequestLimitExceeded"
}

// permanent tells whether a further try of a call is useless.
func permanent(err error) bool { return isDenied(err) || notCalled(err) }

// notCalled tells that the driver has no client, for lack of a region for example, and so made no call.
func notCalled(err error) bool {
	var known *failure.Failure
	return errors.As(err, &known)
}

func isDenied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.HasPrefix(api.ErrorCode(), "AccessDenied")
}

// ErrNotStarted is in an error of Start where ECS certainly started no task.
var ErrNotStarted = errors.New("no task was started")

// notStarted adds ErrNotStarted to an error and keeps the error's text.
type notStarted struct{ error }

func (e notStarted) Is(target error) bool { return target == ErrNotStarted }
func (e notStarted) Unwrap() error        { return e.error }

// ErrNoRights is in an error of Start where AWS refused the call for the host's rights or the task's roles.
var ErrNoRights = errors.New("rights or roles are missing")

// noRights adds ErrNoRights to an error and keeps the error's text.
type noRights struct{ error }

func (e noRights) Is(target error) bool { return target == ErrNoRights }
func (e noRights) Unwrap() error        { return e.error }

func lacksRights(err error) bool {
	return isDenied(err) || strings.Contains(err.Error(), "unable to assume the role")
}

// definitelyNotStarted tells whether the error rules out any effect of the call: the API refused it. A throttled try
// does not count, because an earlier try of the same call may have taken effect before its answer was lost.
func definitelyNotStarted(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	var api smithy.APIError
	return notCalled(err) || errors.As(err, &answer) && answer.HTTPStatusCode() < http.StatusInternalServerError &&
		errors.As(err, &api) && !isThrottled(api.ErrorCode())
}

// refused explains why RunTask started nothing, from the failures[] of an answer that is otherwise a success.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func refused(failures []types.Failure) error {
	if len(failures) == 0 {
		return failure.New("A later try may work.", "ECS started no task and gave no reason")
	}
	reasons := make([]string, 0, len(failures))
	for _, f := range failures {
		reasons = append(reasons, join(aws.ToString(f.Reason), aws.ToString(f.Detail)))
	}
	reason := strings.Join(reasons, "; ")
	err := failure.New(hintFor(reason), "ECS started no task: %s", reason)
	if lacksCapacity(reason) {
		return noCapacity{err}
	}
	return err
}

func hintFor(reason string) string {
	lower := strings.ToLower(reason)
	switch {
	case allow(reason, "") != "":
		return allow(reason, "the task's execution role")
	case strings.Contains(lower, "outofmemory"):
		return "Give the task more memory: a larger task definition, or FARGATE_MEMORY where the runner allows it."
	case strings.Contains(lower, "capacity is unavailable"):
		return "Fargate has no capacity of this kind at the moment: a later try, more subnets in other zones, or " +
			"FARGATE beside FARGATE_SPOT helps."
	case strings.Contains(lower, "limit") || strings.Contains(lower, "quota"):
		return "A Fargate quota of this account and region is used up: wait for tasks to end or ask AWS for more vCPUs."
	case strings.HasPrefix(reason, "RESOURCE:"):
		return "The cluster lacks this resource; in a subnet without free addresses (RESOURCE:ENI) add another one " +
			"to Fargate.Subnets."
	case strings.Contains(lower, "cannotpull"):
		return "The task's image cannot be pulled: check its name, the execution role, and the way from the subnet " +
			"to the registry (public address, NAT or endpoints)."
	case strings.Contains(lower, "resourceinitializationerror"):
		return "The task could not reach what it needs to start: check the execution role and the subnet's way to " +
			"ECR, S3 and CloudWatch Logs."
	case strings.Contains(lower, "service linked role"):
		return "This account has not used ECS yet: aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
	case strings.Contains(lower, "unable to assume the role"):
		return "The role's trust policy has to let ecs-tasks.amazonaws.com take it."
	case strings.HasPrefix(lower, "taskdefinition"): // "TaskDefinition not found.", "TaskDefinition is inactive"
		return "Check Fargate.TaskDefinition in fargate.toml, or FARGATE_TASK_DEFINITION of the job: family or " +
			"family:revision, in this region, active."
	case strings.Contains(lower, "subnet") || strings.Contains(lower, "security group"):
		return "Check Fargate.Subnets and Fargate.SecurityGroups in fargate.toml: all have to be in one VPC of this " +
			"region."
	case strings.Contains(lower, "spot"):
		return "AWS took the spot capacity back: `retry: {when: runner_system_failure}` runs the job again."
	}
	return ""
}

// denied matches how AWS names a missing permission. Some services leave the resource out.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
var denied = regexp.MustCompile(`not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^\s",]+))?`)

// allow returns a hint that names the action and the resource, or "" where the text names no action.
func allow(text, role string) string {
	found := denied.FindStringSubmatch(text)
	switch {
	case found == nil:
		return ""
	case found[2] == "":
		return "Allow " + found[1] + " in " + role + "."
	}
	return "Allow " + found[1] + " on " + found[2] + " in " + role + "."
}

// join appends the detail to the reason, where there is one.
func join(reason, detail string) string {
	if detail == "" || detail == reason {
		return reason
	}
	if reason == "" {
		return detail
	}
	return reason + " (" + detail + ")"
}
