package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Log returns an option for the SDK's clients that logs each attempt of a call at debug level: action, duration,
// attempt number, request id and outcome. It logs nothing of the request or the answer, because RunTask's tags and
// environment may hold secrets.
func Log(log *slog.Logger) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return errors.Join(
			stack.Initialize.Add(middleware.InitializeMiddlewareFunc("CountAttempts", countAttempts),
				middleware.Before),
			// The SDK enters this step once per attempt. This middleware comes before the one that reads the request id
			// from the answer.
			stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LogAttempts", logAttempts(log)),
				middleware.Before),
		)
	}
}

type attemptsKey struct{}

func countAttempts(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	attempts := &Tried{}
	out, metadata, err := next.HandleInitialize(middleware.WithStackValue(ctx, attemptsKey{}, attempts), in)
	if err != nil {
		attempts.Err = err
		err = attempts
	}
	return out, metadata, err
}

type deserialize = func(
	context.Context, middleware.DeserializeInput, middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error)

func logAttempts(log *slog.Logger) deserialize {
	return func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		attempt, _ := middleware.GetStackValue(ctx, attemptsKey{}).(*Tried)
		if attempt == nil {
			attempt = &Tried{}
		}
		attempt.Attempts++
		started := time.Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		attempt.Last = err
		requestID, _ := awsmiddleware.GetRequestIDMetadata(metadata)
		Attempted(log, Attempt{
			Action:    strings.ToLower(awsmiddleware.GetServiceID(ctx)) + ":" + awsmiddleware.GetOperationName(ctx),
			Number:    attempt.Attempts,
			Duration:  time.Since(started),
			RequestID: requestID,
			Err:       err,
		})
		return out, metadata, err
	}
}

// Attempt is one attempt of a call.
type Attempt struct {
	// Action is the action's name in IAM, for example ecs:RunTask.
	Action    string
	Number    int
	Duration  time.Duration
	RequestID string
	Err       error
}

// Attempted logs an attempt.
func Attempted(log *slog.Logger, a Attempt) {
	var answer *awshttp.ResponseError
	if a.RequestID == "" && errors.As(a.Err, &answer) {
		a.RequestID = answer.ServiceRequestID()
	}
	log.Debug("AWS call", "action", a.Action, "attempt", a.Number, "duration", a.Duration.Round(time.Millisecond),
		"request_id", a.RequestID, "outcome", outcome(a.Err))
}

// outcome is "ok", an error code of the API, or the reason why no answer came.
func outcome(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &api):
		return api.ErrorCode()
	}
	return err.Error()
}
