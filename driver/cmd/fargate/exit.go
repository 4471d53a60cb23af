package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"gitlab-fargate-runners/driver/internal/failure"
)

// exitCode turns a call's result into the exit code that the runner expects. It is the one place where errors become
// exit codes.
// https://docs.gitlab.com/runner/executors/custom/#error-handling
func exitCode(err error, i invocation) int {
	if err == nil {
		return 0
	}
	systemFailure := number(i.Getenv("SYSTEM_FAILURE_EXIT_CODE"), 2)
	var script *failure.Script
	if !errors.As(err, &script) {
		tell(err, i)
		var cause *failure.Failure
		if errors.As(err, &cause) && cause.Build {
			return number(i.Getenv("BUILD_FAILURE_EXIT_CODE"), 1)
		}
		return systemFailure
	}
	if script.Signal != "" {
		tell(err, i)
	}
	if path := i.Getenv("BUILD_EXIT_CODE_FILE"); path != "" {
		if err := os.WriteFile(path, []byte(strconv.Itoa(script.Code)), 0o600); err != nil {
			tell(fmt.Errorf("writing the script's exit code: %w", err), i)
			return systemFailure
		}
	}
	return number(i.Getenv("BUILD_FAILURE_EXIT_CODE"), 1)
}

// tell writes the cause and, where there is one, the hint.
func tell(err error, i invocation) {
	_, _ = fmt.Fprintf(i.Stderr, "ERROR: %v\n", err)
	var cause *failure.Failure
	if errors.As(err, &cause) && cause.Hint != "" {
		_, _ = fmt.Fprintf(i.Stderr, "Hint: %s\n", cause.Hint)
	}
}

// number parses an exit code from 1 to 255. It rejects 0, which would tell the runner that the call succeeded.
func number(text string, otherwise int) int {
	if code, err := strconv.Atoi(text); err == nil && code > 0 && code < 256 {
		return code
	}
	return otherwise
}
