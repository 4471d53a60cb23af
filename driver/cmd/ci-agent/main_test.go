package main

import (
	"strings"
	"testing"
)

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

func TestTokens(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, "azAZ09-": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "../a": false, "a b": false, "a\n": false, "a_b": false, "\u00e9": false,
		"a{": false, "a[": false, "a:": false, "a/": false, "a@": false, "a`": false,
	} {
		if isWord(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
