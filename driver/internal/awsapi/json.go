package awsapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// JSON is a service that speaks AWS's JSON protocol 1.1.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
type JSON struct {
	// Service, Name, Region and Host are those of Signed.
	Service, Name, Region, Host string
	// Target stands before the action's name in X-Amz-Target.
	Target string
	// Settings is called for each request.
	Settings func() (aws.Config, error)
	Log      *slog.Logger
}

// Call makes one attempt of a call and reads the answer into a pointer. A refusal is a smithy.APIError. No error has
// anything of an answer that is none, which may be a secret.
func (j JSON) Call(ctx context.Context, action string, input, answer any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	settings, err := j.Settings()
	if err != nil {
		return err
	}
	began := time.Now()
	got, err := Signed{
		Service: j.Service, Name: j.Name, Region: j.Region, Host: j.Host, Body: string(body),
		Headers: map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": j.Target + "." + action},
	}.Send(ctx, settings)
	switch {
	case err != nil:
	case got.Status != http.StatusOK:
		err = refusalOf(got)
	case json.Unmarshal(got.Content, answer) != nil:
		err = fmt.Errorf("%s answered %s with %d bytes of something else", j.Service, action, len(got.Content))
	}
	Attempted(j.Log, Attempt{
		Action: j.Service + ":" + action, Number: 1, Duration: time.Since(began), RequestID: got.RequestID, Err: err,
	})
	return err
}

// refusalOf reads a refusal. Its code may stand behind a namespace and before a colon.
func refusalOf(answer Answer) error {
	var told struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Other   string `json:"Message"`
	}
	_ = json.Unmarshal(answer.Content, &told)
	code := told.Type[strings.LastIndex(told.Type, "#")+1:]
	code, _, _ = strings.Cut(code, ":")
	return &smithy.GenericAPIError{
		Code:    cmp.Or(code, strconv.Itoa(answer.Status)),
		Message: cmp.Or(told.Message, told.Other, http.StatusText(answer.Status)),
	}
}
