// Package oidc is a stub: this build sends no usage events.
package oidc

// Option configures a source.
type Option func()

// WithSkipIfUnsupportedCloud does nothing.
func WithSkipIfUnsupportedCloud(bool) Option { return func() {} }

// Source would make identity tokens.
type Source struct{}

// NewSource makes a source of no tokens.
func NewSource(...Option) *Source { return &Source{} }
