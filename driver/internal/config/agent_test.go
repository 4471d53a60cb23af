package config

import (
	"strings"
	"testing"
	"time"
)

func TestAgentAndReconnect(t *testing.T) {
	got := parse(t, minimal+"[SSH]\nReconnectTimeout = \"90s\"\n[Agent]\nFile = \"/opt/ci-agent\"\n")
	if got.Agent.File != "/opt/ci-agent" || got.SSH.ReconnectTimeout.Duration != 90*time.Second {
		t.Errorf("got %+v, %s", got.Agent, got.SSH.ReconnectTimeout)
	}
	if standard := parse(t, minimal); standard.Agent.File != "" ||
		standard.SSH.ReconnectTimeout.Duration != 5*time.Minute {
		t.Errorf("the defaults are %+v, %s", standard.Agent, standard.SSH.ReconnectTimeout)
	}
	_, err := Parse("fargate.toml", []byte(minimal+"[Agent]\nFile = \"bin/ci-agent\"\n"), noEnv)
	if err == nil || !strings.Contains(err.Error(), `Agent.File: "bin/ci-agent" is not an absolute path`) {
		t.Errorf("got %v", err)
	}
}
