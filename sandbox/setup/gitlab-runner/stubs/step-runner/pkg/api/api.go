// Package api is a stub: this build runs no steps.
package api

// DefaultSocketPath is empty: there is no server.
func DefaultSocketPath() string { return "" }
