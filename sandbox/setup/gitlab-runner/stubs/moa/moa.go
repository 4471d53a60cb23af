// Package moa is a stub: this build evaluates no expressions in jobs.
package moa

import (
	"errors"

	"gitlab.com/gitlab-org/moa/ast"
)

// ParseTemplate fails always.
func ParseTemplate(string) (ast.Expr, error) {
	return nil, errors.New("job inputs are not part of this build")
}

// EscapeTemplate returns its argument.
func EscapeTemplate(text string) string { return text }
