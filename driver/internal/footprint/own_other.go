//go:build !linux

package footprint

func unmapOwn() {}
