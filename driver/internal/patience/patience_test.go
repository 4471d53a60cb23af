package patience

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWaitGoesOnInTheNextCall(t *testing.T) {
	directory := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		began := func(what string) (this, first time.Duration) {
			t.Helper()
			one, all, err := In(directory).Began("job-1", what)
			if err != nil {
				t.Fatal(err)
			}
			return one.Sub(begun), all.Sub(begun)
		}
		begin := func(what string) {
			t.Helper()
			if err := In(directory).Begin("job-1", what, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if this, first := began("slot"); this != 0 || first != 0 {
			t.Errorf("before any wait: %s, %s", this, first)
		}
		begin("slot")
		time.Sleep(time.Minute)
		if this, first := began("capacity"); this != time.Minute || first != 0 {
			t.Errorf("another wait: %s, %s", this, first)
		}
		begin("capacity")
		time.Sleep(time.Minute)
		begin("slot") // a second time: it goes on
		if this, first := began("slot"); this != 0 || first != 0 {
			t.Errorf("the first wait goes on: %s, %s", this, first)
		}
		if this, first := began("capacity"); this != time.Minute || first != 0 {
			t.Errorf("the other wait goes on: %s, %s", this, first)
		}
	})
}

func TestSweepForgetsJobsThatAreOver(t *testing.T) {
	record := In(t.TempDir())
	now := time.Now()
	if err := record.Sweep(now); err != nil {
		t.Errorf("before the first wait: %v", err)
	}
	for key, until := range map[string]time.Duration{"over": -time.Second, "alive": time.Hour, "forgotten": time.Hour} {
		if err := record.Begin(key, "slot", now.Add(until)); err != nil {
			t.Fatal(err)
		}
	}
	// What a power cut leaves.
	if err := os.WriteFile(record.path("broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := record.Began("broken", "slot"); err == nil {
		t.Error("a broken file tells nothing, and no error")
	}
	for range 2 { // none is fine
		if err := record.Forget("forgotten"); err != nil {
			t.Error(err)
		}
	}
	if err := record.Sweep(now); err != nil {
		t.Error(err)
	}
	left, _ := filepath.Glob(filepath.Join(record.directory, "*"))
	if len(left) != 1 || filepath.Base(left[0]) != "alive" {
		t.Errorf("left: %v", left)
	}
	for path, want := range map[string]os.FileMode{record.directory: 0o700, left[0]: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}
