package install

import (
	"os"
	"strings"
)

// architectures are GOARCH by what uname -m prints.
var architectures = map[string]string{"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

// forMachine returns the agent for a task whose uname -m prints this: the file with the architecture appended to its
// name, such as ci-agent-arm64, where there is one, and otherwise the file itself.
func forMachine(file, machine string) string {
	if arch, known := architectures[strings.TrimSpace(machine)]; known && there(file+"-"+arch) {
		return file + "-" + arch
	}
	return file
}

// forAny tells whether there is an agent for some machine.
func forAny(file string) bool {
	for _, arch := range architectures {
		if there(file + "-" + arch) {
			return true
		}
	}
	return there(file)
}

func there(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() > 0
}
