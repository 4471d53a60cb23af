package install

import "testing"

// The text is a part of each registered task definition of a job with an image: with another one, hosts of two versions of
// the driver would register each image twice.
func TestWaitingStaysAsItIs(t *testing.T) {
	const want = "trap 'exit 143' TERM\nuntil [ -x '/ci-job/agent/ci-agent' ]; do sleep 0.1 2>/dev/null || sleep 1; done\n" +
		"exec '/ci-job/agent/ci-agent' serve --socket '/ci-job/agent/run/build.sock'"
	if got := Volume("/ci-job").Waiting(Entrance{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
