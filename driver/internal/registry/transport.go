package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// dialTimeout is what each job waits on a host that reaches no registry.
const dialTimeout = 2 * time.Second

// NewTransport returns what reaches registries: over TLS alone, through the host's proxy where it has one. Jobs name the
// registries, and those name others to ask for tokens and contents. So no connection goes to an address of the host
// itself or of its own link, where the instance's metadata are.
func NewTransport() http.RoundTripper {
	return transport{direct: lazily(sync.OnceValue(direct)), proxied: lazily(sync.OnceValue(proxied))}
}

func direct() http.RoundTripper {
	made := http.DefaultTransport.(*http.Transport).Clone()
	made.Proxy = nil
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return elsewhere(address)
	}}
	made.DialContext = dialer.DialContext
	return made
}

func proxied() http.RoundTripper { return http.DefaultTransport.(*http.Transport).Clone() }

// lazily is a transport that is made when it is needed: the driver starts for each stage, and reads registries in
// prepare alone.
type lazily func() http.RoundTripper

// RoundTrip implements http.RoundTripper.
func (l lazily) RoundTrip(request *http.Request) (*http.Response, error) {
	return l().RoundTrip(request)
}

type transport struct{ direct, proxied http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" {
		return nil, errors.New("a registry is asked by https alone")
	}
	proxy, err := http.ProxyFromEnvironment(request)
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		return t.proxied.RoundTrip(request)
	}
	return t.direct.RoundTrip(request)
}

// ofInstances are addresses of EC2's services on each instance.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
var ofInstances = netip.MustParsePrefix("fd00:ec2::/32")

// elsewhere refuses addresses of this machine and its link.
func elsewhere(address string) error {
	told, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := told.Addr().Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ofInstances.Contains(ip) {
		return fmt.Errorf("%s is no registry's address", ip)
	}
	return nil
}
