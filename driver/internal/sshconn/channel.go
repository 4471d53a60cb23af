package sshconn

import (
	"golang.org/x/crypto/ssh"
)

// exit is the end of a remote command.
type exit struct {
	code   int
	signal string // without SIG, empty where no signal ended it
}

// channel is one remote command.
//
// It replaces ssh.Session, which reports an exit only once the output is closed too. A process in the background may
// hold the output open for ever.
type channel struct {
	ssh.Channel
	// exited receives the command's end. It is closed without a value where the connection was lost before.
	exited chan exit
}

func (c *Client) start(command string) (*channel, error) {
	sshChannel, requests, err := c.client.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	ch := &channel{Channel: sshChannel, exited: make(chan exit, 1)}
	go ch.serve(requests)
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{command}))
	if err == nil && !ok {
		err = errExecRefused
	}
	if err != nil {
		_ = ch.Close()
		return nil, err
	}
	return ch, nil
}

// serve ends when the channel is closed. RFC 4254, section 6.10.
func (c *channel) serve(requests <-chan *ssh.Request) {
	defer close(c.exited)
	var reported bool
	report := func(e exit) {
		if !reported {
			reported = true
			c.exited <- e
		}
	}
	for request := range requests {
		switch request.Type {
		case "exit-status":
			var status struct{ Status uint32 }
			if ssh.Unmarshal(request.Payload, &status) == nil {
				report(exit{code: int(status.Status)})
			}
		case "exit-signal":
			var signal struct {
				Signal     string
				CoreDumped bool
				Message    string
				Language   string
			}
			if ssh.Unmarshal(request.Payload, &signal) == nil {
				report(exit{code: signalCode(signal.Signal), signal: signal.Signal})
			}
		}
		if request.WantReply {
			_ = request.Reply(false, nil)
		}
	}
}

// signalCode is the exit code of a shell whose command the signal ended.
func signalCode(name string) int {
	numbers := map[string]int{
		"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9,
		"USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15,
	}
	if number, ok := numbers[name]; ok {
		return 128 + number
	}
	return 255
}
