package config

import "log/slog"

// Level returns LogLevel as slog knows it.
func (c *Config) Level() slog.Level { return levels[c.LogLevel] }

var levels = map[string]slog.Level{
	"trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo,
	"warn": slog.LevelWarn, "warning": slog.LevelWarn,
	"error": slog.LevelError, "fatal": slog.LevelError, "panic": slog.LevelError,
}
