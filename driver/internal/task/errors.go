package task

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"gitlab-fargate-runners/driver/internal/awsapi"
	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
)

// explain turns an error of the API into a sentence and a hint. action is the name of the call, for example "RunTask".
func explain(action string, err error) error {
	api, answered := answerOf(err)
	switch {
	case notCalled(err):
		return err
	case !answered:
		return failure.Wrap(err,
			"Check that the runner's host reaches the AWS API and has credentials (an instance profile).",
			"calling ecs:%s failed", action)
	}
	code, text := api.ErrorCode(), api.ErrorMessage()
	found := causeOf(code, text)
	says := found.says
	if says == "" {
		says = "AWS refused {call} ({code}): {text}"
	}
	fields := strings.NewReplacer("{call}", "ecs:"+action, "{code}", code, "{text}", text)
	hint := allow(text, "the role of the runner's host")
	if hint == "" {
		hint = fields.Replace(found.hint)
	}
	return refusal{failure.New(hint, "%s", fields.Replace(says)), found}
}

// refusal adds to a failure what its cause means for what the driver does next, and keeps the failure's text.
type refusal struct {
	error
	cause cause
}

func (r refusal) Unwrap() error { return r.error }

func (r refusal) Is(target error) bool {
	switch target {
	case ErrNoCapacity:
		return r.cause.kind == capacity || r.cause.kind == quota
	case ErrQuota:
		return r.cause.kind == quota
	case ErrNoRights:
		return r.cause.kind == rights
	case ErrNoCluster:
		return r.cause.noCluster
	case ErrThrottled:
		return r.cause.kind == throttled
	case ErrNoDefinition:
		return r.cause.noDefinition
	}
	return false
}

// answerOf returns what AWS has refused a call with: the last try of the call where the driver has ended it in the pause
// before a further one.
func answerOf(err error) (api smithy.APIError, answered bool) {
	var tried *awsapi.Tried
	answered = errors.As(err, &api) || errors.As(err, &tried) && errors.As(tried.Last, &api)
	return api, answered
}

// kindOf is other for an error that is no refusal of the API.
func kindOf(err error) kind {
	api, answered := answerOf(err)
	if !answered {
		return other
	}
	return causeOf(api.ErrorCode(), api.ErrorMessage()).kind
}

// Throttled tells whether AWS refused a call for there being too many, whichever code it gave that.
func Throttled(err error) bool { return kindOf(err) == throttled }

// isPermanent tells whether a further try of a call is useless.
func isPermanent(err error) bool {
	found := kindOf(err)
	return found == permanent || found == rights || notCalled(err)
}

// notCalled tells that the driver has no client, for lack of a region for example, and so made no call.
func notCalled(err error) bool {
	var known *failure.Failure
	return errors.As(err, &known)
}

// ErrNotStarted is in an error of Start where ECS certainly started no task.
var ErrNotStarted = errors.New("no task was started")

// ErrNoRights is in an error where AWS refused the call for the host's rights or the task's roles.
var ErrNoRights = errors.New("rights or roles are missing")

// ErrNoCluster is in an error where ECS knows no such cluster in the region.
var ErrNoCluster = errors.New("there is no such cluster")

// ErrThrottled is in an error of Start where AWS throttled the call in its last try. The same call with the same client
// token may be made again: where an earlier try has started the task, ECS answers with that one.
var ErrThrottled = errors.New("the call is throttled")

// ErrNoDefinition is in an error where ECS has no active revision of the task definition.
var ErrNoDefinition = errors.New("there is no such task definition")

// notStarted adds ErrNotStarted to an error and keeps the error's text.
type notStarted struct{ error }

func (e notStarted) Is(target error) bool { return target == ErrNotStarted }
func (e notStarted) Unwrap() error        { return e.error }

// NotStarted adds ErrNotStarted to an error of what comes before Start.
func NotStarted(err error) error { return notStarted{err} }

// definitelyNotStarted tells whether the error rules out any effect of the call: nothing was sent, or the API refused the
// only try. After an earlier try nothing is ruled out, since that may have taken effect before its answer was lost.
func definitelyNotStarted(err error) bool {
	var tried *awsapi.Tried
	if errors.As(err, &tried) && tried.Attempts != 1 {
		return tried.Attempts == 0
	}
	return notCalled(err) || refusedByAPI(err) && kindOf(err) != throttled
}

// refusedByAPI tells whether the API has answered, and with an error that is not its own.
func refusedByAPI(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	var api smithy.APIError
	return errors.As(err, &answer) && answer.HTTPStatusCode() < http.StatusInternalServerError && errors.As(err, &api)
}

// refused explains why RunTask started nothing, from the failures[] of an answer that is otherwise a success.
func refused(failures []types.Failure) error {
	if len(failures) == 0 {
		return failure.New("A later try may work.", "ECS started no task and gave no reason")
	}
	reasons := make([]string, 0, len(failures))
	for _, f := range failures {
		reasons = append(reasons, join(aws.ToString(f.Reason), aws.ToString(f.Detail)))
	}
	reason := strings.Join(reasons, "; ")
	found := causeOf("", reason)
	return refusal{failure.New(hintFor(found, reason), "ECS started no task: %s", reason), found}
}

// hintFor names the action and the resource where the text does, and is the cause's hint otherwise.
func hintFor(found cause, text string) string {
	if hint := allow(text, "the task's execution role"); hint != "" {
		return hint
	}
	return found.hint
}

// Blame returns the error as the job's own failure where the job has chosen what ECS refuses, so that the runner does not
// try it again.
func Blame(err error, wanted config.Wanted) error {
	var refused refusal
	var told *failure.Failure
	if !errors.As(err, &refused) || !errors.As(err, &told) {
		return err
	}
	chosen := map[wish]bool{
		size:            wanted.CPU != "" || wanted.Memory != "" || wanted.EphemeralStorage != "",
		taskDefinition:  wanted.TaskDefinition != "",
		platformVersion: wanted.PlatformVersion != "",
	}
	told.Build = told.Build || chosen[refused.cause.wish]
	return err
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
