// Package value is a stub: this build knows strings and null, enough for jobs without inputs.
package value

import (
	"encoding/json"
	"errors"
)

// Kind is a value's type.
type Kind int

// The kinds.
const (
	NullKind Kind = iota
	StringKind
	NumberKind
	BoolKind
	ArrayKind
	ObjectKind
)

func (Kind) String() string { return "value" }

// Errors of look-ups in objects.
var (
	ErrAttributeNotFound = errors.New("attribute not found")
	ErrInvalidKey        = errors.New("invalid key")
)

// Mapper is what an object's content looks like.
type Mapper interface{ Len() int }

// Value is a string, an empty object or null.
type Value struct {
	kind Kind
	text string
}

// UnmarshalJSON fails for anything that is not null, so that a job with inputs is refused, not run without them.
func (v *Value) UnmarshalJSON(data []byte) error {
	var content any
	if err := json.Unmarshal(data, &content); err != nil {
		return err
	}
	if content != nil {
		return errors.New("job inputs are not part of this build")
	}
	return nil
}

// Null is the value null.
func Null() Value { return Value{} }

// String makes a string.
func String(text string) Value { return Value{kind: StringKind, text: text} }

// Object makes an object without content.
func Object(Mapper) Value { return Value{kind: ObjectKind} }

// Kind is the value's type.
func (v Value) Kind() Kind { return v.kind }

// String is the value's text.
func (v Value) String() string { return v.text }

// WithMarks returns the value itself.
func (v Value) WithMarks(uint16) Value { return v }

// HasMarks is false always.
func (Value) HasMarks(uint16) bool { return false }
