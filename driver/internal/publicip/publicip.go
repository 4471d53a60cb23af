// Package publicip looks up the public address of a network interface.
//
// It makes EC2's one call DescribeNetworkInterfaces itself, on the SDK's signer: compiling the SDK's EC2 package takes
// 2.7 GB of memory and a minute, more than the small host has that the driver is compiled on.
package publicip

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"gitlab-fargate-runners/driver/internal/failure"
)

// Client asks EC2 in the configuration's region.
type Client struct{ Config aws.Config }

type response struct {
	Interfaces []struct {
		Association struct {
			PublicIP string `xml:"publicIp"`
		} `xml:"association"`
	} `xml:"networkInterfaceSet>item"`
}

type errorResponse struct {
	Errors []struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
	} `xml:"Errors>Error"`
}

const requestTimeout = 15 * time.Second

// PublicAddress returns "" while the interface has no public address.
func (c *Client) PublicAddress(ctx context.Context, networkInterface string) (string, error) {
	form := url.Values{
		"Action": {"DescribeNetworkInterfaces"}, "Version": {"2016-11-15"}, "NetworkInterfaceId.1": {networkInterface},
	}
	content, status, err := c.post(ctx, form.Encode())
	if err != nil {
		return "", failure.Wrap(err, "", "looking up the public address of %s failed", networkInterface)
	}
	if status != http.StatusOK {
		return "", refused(status, content)
	}
	var answer response
	if err := xml.Unmarshal(content, &answer); err != nil {
		return "", failure.Wrap(err, "", "reading EC2's answer failed")
	}
	if len(answer.Interfaces) == 0 {
		return "", nil
	}
	return answer.Interfaces[0].Association.PublicIP, nil
}

func (c *Client) post(ctx context.Context, body string) ([]byte, int, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint(), strings.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := c.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, 0, err
	}
	hash := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), "ec2", c.Config.Region, time.Now()); err != nil {
		return nil, 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	return content, answer.StatusCode, err
}

// endpoint honours the same variables as the SDK's clients do.
func (c *Client) endpoint() string {
	if own := os.Getenv("AWS_ENDPOINT_URL_EC2"); own != "" {
		return own
	}
	if c.Config.BaseEndpoint != nil {
		return *c.Config.BaseEndpoint
	}
	suffix := "amazonaws.com"
	if strings.HasPrefix(c.Config.Region, "cn-") {
		suffix = "amazonaws.com.cn"
	}
	return fmt.Sprintf("https://ec2.%s.%s/", c.Config.Region, suffix)
}

func refused(status int, content []byte) error {
	var answer errorResponse
	if xml.Unmarshal(content, &answer) != nil || len(answer.Errors) == 0 {
		return failure.New("", "EC2 answered DescribeNetworkInterfaces with status %d", status)
	}
	hint := ""
	if answer.Errors[0].Code == "UnauthorizedOperation" {
		hint = "Allow ec2:DescribeNetworkInterfaces in the role of the runner's host, or connect to private addresses (UsePublicIP = false)."
	}
	return failure.New(hint, "EC2 refused DescribeNetworkInterfaces (%s): %s", answer.Errors[0].Code, answer.Errors[0].Message)
}
