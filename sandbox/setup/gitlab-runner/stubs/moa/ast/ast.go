// Package ast is a stub: this build evaluates no expressions in jobs.
package ast

// Expr is a parsed expression.
type Expr interface{ Walk(Visitor) (Expr, error) }

// Visitor looks at the parts of an expression.
type Visitor interface {
	Enter(Expr) (Visitor, error)
	Exit(Expr) (Expr, error)
}

// Template is a text with expressions in it.
type Template struct{}

// Walk visits nothing.
func (t *Template) Walk(Visitor) (Expr, error) { return t, nil }
