package wire

import (
	"fmt"
	"strconv"
)

// Over is the name of the file beside a socket by which the agent that serves there learns that the job is over.
const Over = "over"

// Unnamed is the name of the file beside a socket by which the agent that serves there tells that its container does not
// know the names of the job's services.
const Unnamed = "unnamed"

// Agent says which agent is meant.
type Agent struct {
	// Directory names the agent of the container that sshd is in.
	Directory string
	// Socket, where there is one, is that of the agent in the container of the job's own image, and User that agent's.
	Socket string
	User   int
}

// Flags name the agent on the command line of ci-agent.
func (a Agent) Flags() []string {
	if a.Socket != "" {
		return []string{"--socket", a.Socket, "--user", strconv.Itoa(a.User)}
	}
	return []string{"--dir", a.Directory}
}

// Name is what an agent calls itself that speaks this protocol.
func Name() string { return fmt.Sprintf("ci-agent/%d", Version) }
