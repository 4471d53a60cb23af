package main

import "testing"

func TestRefusedCalls(t *testing.T) {
	for _, args := range [][]string{
		nil, {"run"}, {"no-such-call", "--dir", "/tmp", "--token", "a"}, {"run", "--dir", "/tmp"},
		{"attach", "--token", "a"},
		{"attach", "--dir", "/tmp", "--token", "../a"}, {"attach", "--dir", "/tmp", "--token", "a", "--offset", "x"},
		{"attach", "--dir", "/tmp/none", "--token", "a"},
	} {
		if err := call(args); err == nil {
			t.Errorf("%v went through", args)
		}
	}
	if err := call([]string{"version"}); err != nil {
		t.Error(err)
	}
}
