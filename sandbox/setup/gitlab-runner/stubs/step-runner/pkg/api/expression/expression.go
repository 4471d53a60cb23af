// Package expression is a stub: this build evaluates no expressions in jobs.
package expression

import (
	"errors"

	"gitlab.com/gitlab-org/moa/ast"
	"gitlab.com/gitlab-org/moa/value"
)

// Sensitive marks values that must not be shown.
const Sensitive uint16 = 1

// Input is one of a job's inputs.
type Input struct {
	Key   string
	Value value.Value
}

// Evaluator would evaluate expressions.
type Evaluator struct{}

// NewEvaluator makes an evaluator; jobs without inputs never use it.
func NewEvaluator(value.Value) (*Evaluator, error) { return &Evaluator{}, nil }

// Eval fails always.
func (*Evaluator) Eval(string, ast.Expr) (value.Value, error) {
	return value.Null(), errors.New("job inputs are not part of this build")
}
