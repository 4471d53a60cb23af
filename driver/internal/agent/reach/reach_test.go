package reach

import (
	"net"
	"slices"
	"testing"
	"time"
)

func listen(t *testing.T, address string) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// silent is a port at which nobody listens.
func silent(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestServices(t *testing.T) {
	up, all, down := listen(t, "127.0.0.1:0"), listen(t, ":0"), silent(t)
	if got := Services([][]int{{up}, {down, all}}, time.Minute); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("of two that listen, %v do", got)
	}
	if got := Services([][]int{{down}, {up}}, 10*time.Millisecond); !slices.Equal(got, []int{1}) {
		t.Errorf("where the second listens, %v do", got)
	}
	if got := Services(nil, time.Minute); got != nil {
		t.Errorf("%v", got)
	}
}

func TestAServiceThatComesLate(t *testing.T) {
	port := silent(t)
	got := make(chan []int)
	go func() { got <- Services([][]int{{port}}, time.Minute) }()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if reached := <-got; !slices.Equal(reached, []int{0}) {
		t.Errorf("%v", reached)
	}
}

func TestParse(t *testing.T) {
	for _, ports := range [][]int{{80}, {80, 443}, {1, 65535}} {
		if got, err := Parse(Format(ports)); err != nil || !slices.Equal(got, ports) {
			t.Errorf("%v becomes %s and %v, %v", ports, Format(ports), got, err)
		}
	}
	for _, text := range []string{"", "0", "65536", "80,", "-1", "x", "80 81"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
