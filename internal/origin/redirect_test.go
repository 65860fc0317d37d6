package origin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

func redirectTo(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
	}
}

func TestRedirectRefused(t *testing.T) {
	const (
		badTarget = "origin redirects to an address that is not valid"
		address   = "address not allowed"
		host      = "host not allowed"
	)
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("a server that is not allowed got a request") })
	tests := []struct {
		target  string
		kind    fault.Kind
		message string
	}{
		{other.URL, fault.Forbidden, host},
		{"//" + strings.TrimPrefix(other.URL, "http://") + "/a", fault.Forbidden, host},
		{"http://evil.test/", fault.Forbidden, host},
		{"http://10.0.0.1/", fault.Forbidden, address},
		{"http://169.254.169.254/latest/meta-data/", fault.Forbidden, address},
		{"http://[::1]/", fault.Forbidden, address},
		{"http://10.0.0.1:22/", fault.Forbidden, host},
		{"http://user:pass@10.0.0.1/", fault.Upstream, badTarget},
		{"http://0x0a.1/", fault.Upstream, badTarget},
		{"ftp://10.0.0.1/", fault.Upstream, badTarget},
		{"file:///etc/passwd", fault.Upstream, badTarget},
		{"http://", fault.Upstream, badTarget},
		{"http://%zz/", fault.Upstream, "origin failed"},
		{"http://10.0.0.1:port/", fault.Upstream, "origin failed"},
		{"/", fault.Upstream, "origin redirects more than 3 times"}, // to itself
	}
	for _, tt := range tests {
		s := serve(t, redirectTo(tt.target))
		f := remote(t, roomy(), s.URL, "http://10.0.0.1", "http://169.254.169.254", "http://[::1]")
		_, err := f.Fetch(t.Context(), s.URL)
		if fault.Of(err) != tt.kind || fault.Message(err) != tt.message {
			t.Errorf("redirect to %s: %v is %v, %q; want %v, %q", tt.target, err, fault.Of(err), fault.Message(err), tt.kind, tt.message)
		}
	}
}

func TestRedirectCount(t *testing.T) {
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		left, _ := strconv.Atoi(r.URL.Path[1:])
		if left > 0 {
			redirectTo(fmt.Sprintf("/%d", left-1))(w, r)
			return
		}
		fmt.Fprint(w, picture)
	})
	f := remote(t, roomy(), s.URL)
	if _, err := f.Fetch(t.Context(), s.URL+"/3"); err != nil || requests.Swap(0) != 4 {
		t.Errorf("three redirects: %v", err)
	}
	_, err := f.Fetch(t.Context(), s.URL+"/4")
	wantFault(t, err, fault.Upstream, "origin redirects more than 3 times")
	if got := requests.Load(); got != 4 {
		t.Errorf("%d requests, want 4", got)
	}
}

// TestWebRedirect holds that trust in the base of a web folder does not extend
// to where it redirects.
func TestWebRedirect(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/inside.png":
			redirectTo("/found.png")(w, r)
		case "/found.png":
			fmt.Fprint(w, picture)
		default:
			redirectTo("http://127.0.0.1"+strings.TrimPrefix(r.URL.Path, "/port"))(w, r)
		}
	})
	f := origin.New(roomy(), web(t, s.URL, origin.NewGuard(nil)))
	if o, err := f.Fetch(t.Context(), "inside.png"); err != nil || string(o.Data) != picture {
		t.Errorf("Fetch = %q, %v; want the picture", o.Data, err)
	}
	_, err := f.Fetch(t.Context(), "port/a.png") // port 80 of the same machine
	wantFault(t, err, fault.Forbidden, "address not allowed")
	_, err = f.Fetch(t.Context(), "port:22/a.png")
	wantFault(t, err, fault.Forbidden, "host not allowed")
}

// TestGuardSeesDialedAddress uses a name that is allowed and that resolves to
// an address that is not, which is how DNS is used against a check of names.
func TestGuardSeesDialedAddress(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, picture) })
	link := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for _, tt := range []struct {
		allow   []netip.Prefix
		message string
	}{
		{nil, "address not allowed"},
		{[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, ""},
	} {
		source, err := origin.Remote(hosts(), []string{strings.TrimPrefix(link, "http://")}, origin.NewGuard(tt.allow))
		if err != nil {
			t.Fatal(err)
		}
		_, err = origin.New(roomy(), source).Fetch(t.Context(), link)
		if tt.message == "" && err != nil {
			t.Errorf("with %v: %v", tt.allow, err)
		}
		if tt.message != "" {
			wantFault(t, err, fault.Forbidden, tt.message)
		}
	}
}

func TestTLS(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, picture) })
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			redirectTo(plain.URL)(w, r)
			return
		}
		fmt.Fprint(w, picture)
	}))
	t.Cleanup(secure.Close)
	up := serve(t, redirectTo(secure.URL))
	f := remote(t, roomy(), plain.URL, secure.URL, up.URL)
	for _, link := range []string{secure.URL, up.URL} {
		if o, err := f.Fetch(t.Context(), link); err != nil || string(o.Data) != picture {
			t.Errorf("Fetch(%s) = %q, %v; want the picture", link, o.Data, err)
		}
	}
	_, err := f.Fetch(t.Context(), secure.URL+"/down")
	wantFault(t, err, fault.Upstream, "origin redirects from https to another scheme")
}

func TestTLSRefused(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name   string
		server func(*tls.Config)
	}{
		{"not signed by anyone we know", func(c *tls.Config) { c.Certificates = selfSigned(t, "127.0.0.1", now.Add(time.Hour)) }},
		{"expired", func(c *tls.Config) { c.Certificates = selfSigned(t, "127.0.0.1", now.Add(-time.Hour)) }},
		{"old protocol", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11; c.MinVersion = tls.VersionTLS10 }},
	}
	for _, tt := range tests {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports each handshake that fails
		s.TLS = &tls.Config{}
		tt.server(s.TLS)
		s.StartTLS()
		t.Cleanup(s.Close)
		_, err := remote(t, roomy(), s.URL).Fetch(t.Context(), s.URL)
		if fault.Of(err) != fault.Upstream {
			t.Errorf("%s: %v of kind %v, want a failure of the origin", tt.name, err, fault.Of(err))
		}
	}
}

func selfSigned(t *testing.T, address string, until time.Time) []tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    until.Add(-24 * time.Hour),
		NotAfter:     until,
		IPAddresses:  []net.IP{net.ParseIP(address)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}
}
