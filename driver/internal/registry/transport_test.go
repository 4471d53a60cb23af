package registry

import (
	"net/http"
	"strings"
	"testing"
)

// A job may name whatever address as a registry's. It does not get at the host's own services by that.
func TestAddressesThatAreNoRegistries(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34:443": true, "10.0.0.1:5000": true, "172.31.255.254:443": true, "[2600:1f18::1]:443": true,
		"[fd12:3456::1]:443": true, "127.0.0.1:443": false, "127.8.8.8:443": false, "169.254.169.254:80": false,
		"169.254.170.2:80": false, "0.0.0.0:443": false, "[::1]:443": false, "[::]:443": false, "[fe80::1%eth0]:443": false,
		"[fd00:ec2::254]:80": false, "[::ffff:127.0.0.1]:443": false, "224.0.0.1:443": false, "name:443": false,
	} {
		if err := elsewhere(address); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// The transport as it is installed reaches the server of no test.
func TestTransport(t *testing.T) {
	w := newWorld(t, nil)
	for address, want := range map[string]string{
		w.URL: "is no registry's address",
		strings.Replace(w.URL, "https", "http", 1): "by https alone",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := NewTransport().RoundTrip(request); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", address, answer, err)
		}
	}
	if asked := w.Asked(); asked != "" {
		t.Errorf("asked %s", asked)
	}
}
