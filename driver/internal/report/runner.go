package report

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Runner is what GitLab Runner tells about itself.
type Runner struct {
	// Jobs is how many jobs it runs now.
	Jobs float64
	// SystemFailures is how many jobs have failed with runner_system_failure since it started.
	SystemFailures float64
	// Refusals is how often GitLab has answered "forbidden" to a request for jobs since it started: to a runner that was
	// deleted there, or whose token has expired.
	Refusals float64
}

// ReadRunner asks the runner's Prometheus endpoint. An error means that the runner is dead, or not well.
func ReadRunner(ctx context.Context, client *http.Client, url string) (Runner, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Runner{}, fmt.Errorf("asking the runner: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Runner{}, fmt.Errorf("asking the runner: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Runner{}, fmt.Errorf("asking the runner: %s answered %s", url, response.Status)
	}
	runner, err := parseRunner(response.Body)
	if err != nil {
		return Runner{}, fmt.Errorf("reading the runner's metrics: %w", err)
	}
	return runner, nil
}

// parseRunner sums up three of the runner's metrics over all their labels.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func parseRunner(text io.Reader) (Runner, error) {
	var runner Runner
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, labels, value, ok := sample(lines.Text())
		switch {
		case !ok:
		case name == "gitlab_runner_jobs":
			runner.Jobs += value
		case name == "gitlab_runner_failed_jobs_total" &&
			strings.Contains(labels, `failure_reason="runner_system_failure"`):
			runner.SystemFailures += value
		case name == "gitlab_runner_api_request_statuses_total" &&
			strings.Contains(labels, `endpoint="request_job"`) && strings.Contains(labels, `status="403"`):
			runner.Refusals += value
		}
	}
	return runner, lines.Err()
}

// sample splits a line into its parts: name{labels} value. It is false for comments, empty lines and lines without a
// number.
func sample(line string) (name, labels string, value float64, ok bool) {
	series, number, found := cutLast(strings.TrimSpace(line), " ")
	if !found || strings.HasPrefix(series, "#") {
		return "", "", 0, false
	}
	value, err := strconv.ParseFloat(number, 64)
	name, labels, _ = strings.Cut(series, "{")
	return name, labels, value, err == nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
