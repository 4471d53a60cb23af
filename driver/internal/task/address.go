package task

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// onlyIPv6 returns the address of a task in a subnet without IPv4, and "" while the task has none.
func onlyIPv6(task *types.Task) string {
	for _, container := range task.Containers {
		for _, card := range container.NetworkInterfaces {
			if aws.ToString(card.PrivateIpv4Address) == "" && aws.ToString(card.Ipv6Address) != "" {
				return aws.ToString(card.Ipv6Address)
			}
		}
	}
	return ""
}

// address returns "" while the task has no address of the configured kind.
func (t *Tasks) address(ctx context.Context, task *types.Task) (string, error) {
	for _, attachment := range task.Attachments {
		if aws.ToString(attachment.Type) != "ElasticNetworkInterface" {
			continue
		}
		details := map[string]string{}
		for _, detail := range attachment.Details {
			details[aws.ToString(detail.Name)] = aws.ToString(detail.Value)
		}
		if private := details["privateIPv4Address"]; private != "" && !t.Config.UsePublicIP {
			return private, nil
		}
		if !t.Config.UsePublicIP {
			return onlyIPv6(task), nil
		}
		if id := details["networkInterfaceId"]; id != "" {
			return t.Addresses.PublicAddress(ctx, id)
		}
	}
	return "", nil
}
