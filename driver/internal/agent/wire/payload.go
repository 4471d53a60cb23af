package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Number makes the payload of Start, Ack and Terminate, and the beginning of that of Attach and Output.
func Number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// ParseNumber reads the payload of Start, Ack and Terminate: 0 or more.
func ParseNumber(payload []byte) (int64, error) {
	if len(payload) != 8 {
		return 0, fmt.Errorf("%w: a number of %d bytes", ErrFormat, len(payload))
	}
	n := binary.BigEndian.Uint64(payload)
	if n > math.MaxInt64 {
		return 0, fmt.Errorf("%w: the number %d", ErrFormat, n)
	}
	return int64(n), nil
}

// ParseOffset reads the payload of Output, or of Attach.
func ParseOffset(payload []byte) (offset int64, rest []byte, err error) {
	if len(payload) < 8 {
		return 0, nil, fmt.Errorf("%w: an offset of %d bytes", ErrFormat, len(payload))
	}
	offset, err = ParseNumber(payload[:8])
	return offset, payload[8:], err
}

// Result is how a stage ended.
type Result struct {
	// Written is the number of bytes of its output.
	Written int64
	// Code is 0–255; 128 + N where signal N ended the stage.
	Code int
	// Signal is the signal's name without SIG; empty where none ended the stage.
	Signal string
}

// Payload makes the payload of Exit.
func (r Result) Payload() []byte {
	return append(append(Number(r.Written), byte(r.Code)), r.Signal...)
}

// ParseResult reads the payload of Exit.
func ParseResult(payload []byte) (Result, error) {
	if len(payload) < 9 || len(payload) > 9+16 {
		return Result{}, fmt.Errorf("%w: a result of %d bytes", ErrFormat, len(payload))
	}
	written, err := ParseNumber(payload[:8])
	for _, c := range payload[9:] {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return Result{}, fmt.Errorf("%w: the signal %q", ErrFormat, payload[9:])
		}
	}
	return Result{Written: written, Code: int(payload[8]), Signal: string(payload[9:])}, err
}
