package origin_test

import (
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
)

// TestMain makes the certificate of httptest one of the few that the machine
// trusts. The others are read once in the life of a process, at the first use.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "origin-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	server := httptest.NewTLSServer(nil)
	server.Close()
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	name := filepath.Join(dir, "trusted.pem")
	if err := os.WriteFile(name, trusted, 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", name)
	return m.Run()
}

func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s
}

// serveRaw answers each connection with text once its request has come.
func serveRaw(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, text)
			conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// id is the name of the edge that asks.
const id = "edge-1"

// hosts returns what is known of hosts at first.
func hosts() *origin.Hosts { return origin.NewHosts(id, origin.HostLimits{Fetches: 32}) }

// local lets connections to this machine through.
func local() *origin.Guard {
	return origin.NewGuard([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
}

// remote returns a fetcher of links to the given servers.
func remote(t *testing.T, l origin.Limits, urls ...string) *origin.Fetcher {
	t.Helper()
	allow := make([]string, len(urls))
	for i, u := range urls {
		_, allow[i], _ = strings.Cut(u, "://")
	}
	source, err := origin.Remote(hosts(), allow, local())
	if err != nil {
		t.Fatal(err)
	}
	return origin.New(l, source)
}

func web(t *testing.T, base string, g *origin.Guard) origin.Source {
	t.Helper()
	return webOf(t, hosts(), base, g)
}

func webOf(t *testing.T, h *origin.Hosts, base string, g *origin.Guard) origin.Source {
	t.Helper()
	source, err := origin.Web(h, base, g)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func wantFault(t *testing.T, err error, kind fault.Kind, message string) {
	t.Helper()
	if fault.Of(err) != kind || fault.Message(err) != message {
		t.Errorf("error %v is %v, %q; want %v, %q", err, fault.Of(err), fault.Message(err), kind, message)
	}
}

func TestRequest(t *testing.T) {
	var got http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			http.SetCookie(w, &http.Cookie{Name: "id", Value: "1", Path: "/"})
			http.Redirect(w, r, "/second", http.StatusFound)
			return
		}
		got = r.Header
		w.Header().Set("Last-Modified", "Tue, 15 Nov 1994 12:45:26 GMT")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, picture)
	})
	o, err := remote(t, roomy(), s.URL).Fetch(t.Context(), s.URL+"/first")
	if err != nil {
		t.Fatal(err)
	}
	if string(o.Data) != picture || o.Format != media.PNG || !o.ModTime.Equal(time.Date(1994, 11, 15, 12, 45, 26, 0, time.UTC)) {
		t.Errorf("Fetch = %+v", o)
	}
	want := http.Header{"User-Agent": {"pixedge"}, "Cdn-Loop": {id}, "Accept-Encoding": {"identity"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("request has %v, want %v and nothing else", got, want)
	}
}

func TestRemotePath(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.RequestURI
		fmt.Fprint(w, picture)
	})
	f := remote(t, roomy(), s.URL)
	tests := []struct{ link, want string }{
		{"", "/"},
		{"/a/b.jpg", "/a/b.jpg"},
		{"/a b.jpg", "/a%20b.jpg"},
		{"/a%20b.jpg", "/a%20b.jpg"},
		{"/a%2Fb c.jpg", "/a%2Fb%20c.jpg"},
		{"/größe.jpg", "/gr%C3%B6%C3%9Fe.jpg"},
		{"/a+b@c:d.jpg", "/a+b@c:d.jpg"},
		{"/{a}|\"<b>`^.jpg", "/%7Ba%7D%7C%22%3Cb%3E%60%5E.jpg"},
		{"/a?b=c d&e=ü", "/a?b=c%20d&e=%C3%BC"},
		{"/?u=http://other/", "/?u=http://other/"},
		{"//a//b.jpg", "//a//b.jpg"},
	}
	for _, tt := range tests {
		if _, err := f.Fetch(t.Context(), s.URL+tt.link); err != nil || got != tt.want {
			t.Errorf("%s: requested %s, %v; want %s", tt.link, got, err, tt.want)
		}
	}
}

func TestWeb(t *testing.T) {
	var got string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.RequestURI
		fmt.Fprint(w, picture)
	})
	tests := []struct{ base, name, want string }{
		{"", "a.jpg", "/a.jpg"},
		{"/", "a/b.jpg", "/a/b.jpg"},
		{"/photos", "a.jpg", "/photos/a.jpg"},
		{"/my%20photos/", "a b.jpg", "/my%20photos/a%20b.jpg"},
		{"/", "100%.jpg", "/100%25.jpg"},
		{"/", "a%2Fb.jpg", "/a%252Fb.jpg"},
		{"/", "what?/a#b;c&d=e.jpg", "/what%3F/a%23b%3Bc&d=e.jpg"},
		{"/", "größe.jpg", "/gr%C3%B6%C3%9Fe.jpg"},
		{"/", "http:/other/a.jpg", "/http:/other/a.jpg"},
	}
	for _, tt := range tests {
		// The guard lets nothing through, and yet the base is the operator's word.
		f := origin.New(roomy(), web(t, s.URL+tt.base, origin.NewGuard(nil)))
		if _, err := f.Fetch(t.Context(), tt.name); err != nil || got != tt.want {
			t.Errorf("%s below %s: requested %s, %v; want %s", tt.name, tt.base, got, err, tt.want)
		}
	}
	got = "nothing"
	f := origin.New(roomy(), web(t, s.URL, local()))
	for _, name := range []string{"", "../a", "a/../../b", "/a", "//other/a", "http://other/a", `a\b`, "a\r\nb"} {
		if _, err := f.Fetch(t.Context(), name); fault.Of(err) != fault.NotFound || got != "nothing" {
			t.Errorf("%q: %v, requested %s; want not found", name, err, got)
		}
	}
}

func TestWebRefusesBases(t *testing.T) {
	for _, base := range []string{
		"", "photos", "/photos", "//host/", "ftp://host/", "file:///photos", "http://", "http://user:pass@host/",
		"http://host/?a=b", "http://host/#a", "http://127.1/", "http://host:99999/", "http://host:/", "http://%zz/",
	} {
		if _, err := origin.Web(hosts(), base, local()); err == nil {
			t.Errorf("Web accepts %q", base)
		}
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		status  int
		kind    fault.Kind
		message string
	}{
		{201, fault.Upstream, "origin failed"},
		{204, fault.Upstream, "origin failed"},
		{206, fault.Upstream, "origin failed"},
		{300, fault.Upstream, "origin failed"},
		{302, fault.Upstream, "origin failed"}, // without a Location
		{304, fault.Upstream, "origin failed"},
		{400, fault.Upstream, "origin failed"},
		{401, fault.Upstream, "origin refused"},
		{403, fault.Upstream, "origin refused"},
		{404, fault.NotFound, "no such picture"},
		{410, fault.NotFound, "no such picture"},
		{418, fault.Upstream, "origin failed"},
		{429, fault.Upstream, "origin failed"},
		{500, fault.Upstream, "origin failed"},
		{503, fault.Upstream, "origin failed"},
		{999, fault.Upstream, "origin failed"},
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.WriteHeader(status)
		fmt.Fprint(w, picture)
	})
	f := remote(t, roomy(), s.URL)
	for _, tt := range tests {
		_, err := f.Fetch(t.Context(), fmt.Sprintf("%s/%d", s.URL, tt.status))
		wantFault(t, err, tt.kind, tt.message)
	}
}

func TestNextSource(t *testing.T) {
	for _, status := range []int{404, 500} {
		broken := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		sound := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, picture) })
		f := origin.New(roomy(), web(t, broken.URL, local()), web(t, sound.URL, local()))
		if o, err := f.Fetch(t.Context(), "a.png"); err != nil || string(o.Data) != picture {
			t.Errorf("after a %d: Fetch = %q, %v; want the picture", status, o.Data, err)
		}
	}
}

func zip(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

func TestContentEncoding(t *testing.T) {
	bomb := zip(append([]byte(picture), make([]byte, 10<<20)...))
	small := zip([]byte(picture))
	tests := []struct {
		encoding string
		body     []byte
		kind     fault.Kind // Internal: the picture comes
	}{
		{"identity", []byte(picture), fault.Internal},
		{"gzip", small, fault.Internal},
		{"GZIP", small, fault.Internal},
		{"gzip", bomb, fault.TooLarge},
		{"gzip", small[:len(small)-1], fault.Upstream},
		{"gzip", append(slices.Clone(small[:len(small)-8]), "checksum"...), fault.Upstream},
		{"gzip", []byte(picture), fault.Upstream},
		{"gzip", nil, fault.Upstream},
		{"gzip, gzip", zip(small), fault.Upstream},
		{"deflate", []byte(picture), fault.Upstream},
		{"br", []byte(picture), fault.Upstream},
		{"zstd", []byte(picture), fault.Upstream},
		{"x-unheard-of", []byte(picture), fault.Upstream},
	}
	for _, tt := range tests {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", tt.encoding)
			_, _ = w.Write(tt.body)
		})
		o, err := remote(t, origin.Limits{MaxBytes: 1 << 20, Timeout: patience}, s.URL).Fetch(t.Context(), s.URL)
		if tt.kind == fault.Internal && (err != nil || string(o.Data) != picture) {
			t.Errorf("%s: %q, %v; want the picture", tt.encoding, o.Data, err)
		}
		if tt.kind != fault.Internal && fault.Of(err) != tt.kind {
			t.Errorf("%s of %d bytes: %v of kind %v, want %v", tt.encoding, len(tt.body), err, fault.Of(err), tt.kind)
		}
	}
}
