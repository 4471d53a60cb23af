package config

import "time"

// defaults returns what a file without any key says.
func defaults() *Config {
	return &Config{
		LogLevel:  "info",
		LogFormat: "text",
		Fargate: Fargate{
			PlatformVersion:     "LATEST",
			ReadRegistries:      true,
			SlotTimeout:         Duration{5 * time.Minute},
			CapacityTimeout:     Duration{15 * time.Minute},
			StartTimeout:        Duration{10 * time.Minute},
			WaitForServices:     Duration{30 * time.Second},
			StopTimeout:         Duration{5 * time.Minute},
			JobTimeout:          Duration{24 * time.Hour},
			LifetimeMargin:      Duration{30 * time.Minute},
			FirstSessionTimeout: Duration{10 * time.Minute},
			PollInterval:        Duration{500 * time.Millisecond},
			MaxPollInterval:     Duration{5 * time.Second},
			APIAttempts:         8,
			APITimeout:          Duration{15 * time.Second},
		},
		TaskMetadata: TaskMetadata{Directory: "/opt/gitlab-runner/metadata"},
		SSH: SSH{
			KeyType:           "ed25519",
			Username:          "root",
			Port:              22,
			ConnectTimeout:    Duration{2 * time.Minute},
			DialTimeout:       Duration{5 * time.Second},
			RetryInterval:     Duration{200 * time.Millisecond},
			MaxRetryInterval:  Duration{3 * time.Second},
			KeepAliveInterval: Duration{15 * time.Second},
			KeepAliveCountMax: 4,
			ReconnectTimeout:  Duration{5 * time.Minute},
			KillGracePeriod:   Duration{30 * time.Second},
		},
	}
}
