package servicelog

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"gitlab-fargate-runners/driver/internal/awsapi"
)

// Client asks CloudWatch Logs. It makes the one call itself: the SDK's package would cost each start of the driver time
// and memory.
type Client struct {
	// Settings is called for each request.
	Settings func() (aws.Config, error)
	Log      *slog.Logger
}

// GetLogEvents implements API. Without a region it asks in the host's.
func (c Client) GetLogEvents(ctx context.Context, region string, query Query) (page Page, err error) {
	if region == "" {
		settings, err := c.Settings()
		if err != nil {
			return Page{}, err
		}
		region = settings.Region
	}
	err = awsapi.JSON{
		Service: "logs", Name: "CLOUDWATCH_LOGS", Region: region, Host: awsapi.HostOf("logs", region), Target: "Logs_20140328",
		Settings: c.Settings, Log: c.Log,
	}.Call(ctx, "GetLogEvents", query, &page)
	return page, err
}
