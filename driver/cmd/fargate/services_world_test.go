package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// newServed is a world whose runner allows services beside a job, with an image or without.
func newServed(t *testing.T) *imaged {
	t.Helper()
	w := newImaged(t, `"node:*"`)
	w.edit("AllowedImages =", `AllowedServices = ["postgres:*", "redis:*", "acme/*"]`+"\nAllowedImages =")
	return w
}

// served makes it a job with services, and with an image where one is given.
func (w *imaged) served(image any, services ...map[string]any) map[string]any {
	w.t.Helper()
	var all []any
	for _, one := range services {
		all = append(all, one)
	}
	payload := map[string]any{"id": 7, "token": "jobtok-7", "image": image, "services": all, "variables": []any{
		map[string]any{"key": "CI_PROJECT_NAME", "value": "of GitLab", "public": true},
		map[string]any{"key": "POSTGRES_DB", "value": "shop", "public": true},
		map[string]any{"key": "TOKEN", "value": "very-secret", "public": false},
	}}
	w.job(payload)
	w.env["CUSTOM_ENV_POSTGRES_DB"], w.env["CUSTOM_ENV_TOKEN"] = "shop", "very-secret"
	return payload
}

// serviceOf is an entry of services:.
func serviceOf(name string, more ...map[string]any) map[string]any {
	one := map[string]any{"name": name, "alias": nil, "entrypoint": nil, "command": nil}
	for _, fields := range more {
		for key, value := range fields {
			one[key] = value
		}
	}
	return one
}

func variablesOf(pairs ...string) map[string]any {
	var all []any
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, map[string]any{"key": pairs[i], "value": pairs[i+1]})
	}
	return map[string]any{"variables": all}
}

// listening is a port at which somebody listens until the test ends.
func listening(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// silent is a port at which nobody listens.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// overrides are the variables that RunTask hands to each container.
func overrides(request map[string]any) map[string]map[string]string {
	all := map[string]map[string]string{}
	given, _ := request["overrides"].(map[string]any)["containerOverrides"].([]any)
	for _, item := range given {
		one := item.(map[string]any)
		variables := map[string]string{}
		for _, pair := range one["environment"].([]any) {
			pair := pair.(map[string]any)
			variables[pair["name"].(string)] = pair["value"].(string)
		}
		all[one["name"].(string)] = variables
	}
	return all
}

func hostsIn(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(string(content), "127.0.0.1 localhost\n")
}

const named = "127.0.0.1 postgres\n127.0.0.1 db\n127.0.0.1 acme__queue\n127.0.0.1 acme-queue\n"

func (w *imaged) database(port string) []map[string]any {
	return []map[string]any{
		serviceOf("postgres:18", map[string]any{"alias": "db", "command": []string{"postgres", "-c", "fsync=off"}},
			variablesOf("HEALTHCHECK_TCP_PORT", port, "POSTGRES_PASSWORD", "$TOKEN")),
		serviceOf("acme/queue:1", map[string]any{"entrypoint": []string{"/queue"}}),
	}
}
