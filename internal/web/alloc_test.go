//go:build !race

// The race detector makes a sync.Pool forget on purpose, and that allocates.

package web_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/delivery"
	"pixedge/internal/web"
)

// maxAllocs is how many allocations a request may cost that is answered out of
// memory, with its log line and its metrics.
const maxAllocs = 0

// prepared returns a request as the server would hand it to the handler, and
// calls the handler until everything about it is remembered.
func prepared(tb testing.TB, s *web.Site, uri string, headers ...string) (*fasthttp.RequestCtx, fasthttp.RequestHandler) {
	tb.Helper()
	text := "GET " + uri + " HTTP/1.1\r\nHost: cdn.example.com:8080\r\nUser-Agent: Mozilla/5.0\r\n" +
		"Accept: image/avif,image/webp,image/apng,image/*,*/*;q=0.8\r\nAccept-Encoding: gzip, br\r\n" +
		strings.Join(append(headers, "\r\n"), "\r\n")
	var c fasthttp.RequestCtx
	c.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 4711}, nil)
	if err := c.Request.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
		tb.Fatal(err)
	}
	handle := s.Handler(tb.Context())
	handle(&c)
	s.Images.(*delivery.Service).Routes.Settle()
	c.Response.Reset()
	handle(&c)
	if status := c.Response.StatusCode(); status != fasthttp.StatusOK && status != fasthttp.StatusNotModified {
		tb.Fatalf("%s: %s", uri, c.Response.String())
	}
	return &c, handle
}

// sent returns the headers of an answer as a client reads them.
func sent(tb testing.TB, c *fasthttp.RequestCtx) http.Header {
	tb.Helper()
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(c.Response.Header.String())), nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Body.Close()
	return r.Header
}

func TestHitAllocations(t *testing.T) {
	s := newSite(t, io.Discard)
	s.APIs = []web.API{newAPI(nil)}
	s.Log = slog.New(web.NewLines(io.Discard, nil))
	c, _ := prepared(t, s, "/v2/demo/t.flip()/a.jpg")
	tag := sent(t, c).Get("ETag")
	tests := []struct {
		name, uri string
		status    int
		headers   []string
	}{
		{"plain", "/v2/demo/t.flip()/a.jpg", 200, nil},
		{"signed", sign(t, s, "/v2/vault/t.flip()/a.jpg", 3600), 200, nil},
		{"negotiated", "/v2/demo/t.flip()/a.jpg?f_auto=true", 200, nil},
		{"listed origin", "/v2/shop/t.flip()/a.jpg", 200, []string{"Origin: https://shop.example"}},
		{"from another edge", "/v2/demo/t.flip()/a.jpg", 200, []string{"CDN-Loop: other;x=1, edge-2"}},
		{"with an id", "/v2/demo/t.flip()/a.jpg", 200, []string{"X-Request-ID: abc-123"}},
		{"304", "/v2/demo/t.flip()/a.jpg", 304, []string{"If-None-Match: " + tag}},
		{"signed 304", sign(t, s, "/v2/vault/t.flip()/a.jpg", 3600), 304, []string{"If-None-Match: " + tag}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, handle := prepared(t, s, tt.uri, tt.headers...)
			n := testing.AllocsPerRun(1000, func() {
				c.Response.Reset()
				handle(c)
			})
			if status := c.Response.StatusCode(); status != tt.status || sent(t, c).Get("X-Cache") != "HIT" {
				t.Errorf("status %d, want %d out of the cache", status, tt.status)
			}
			if n > maxAllocs {
				t.Errorf("%v allocations, at most %d are allowed", n, maxAllocs)
			}
		})
	}
}

func BenchmarkHit(b *testing.B) {
	s := newSite(b, io.Discard)
	s.Log = slog.New(web.NewLines(io.Discard, nil))
	c, handle := prepared(b, s, "/v2/demo/t.flip()/a.jpg")
	b.ReportAllocs()
	for b.Loop() {
		c.Response.Reset()
		handle(c)
	}
}

// A script is a connection that sends the same request a number of times, and
// takes whatever is answered.
type script struct {
	net.Conn

	request string
	left    int
	written int
}

func (s *script) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	return copy(p, s.request), nil
}

func (s *script) Write(p []byte) (int, error) {
	s.written += len(p)
	return len(p), nil
}

func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 4711} }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }

// A single listener has one connection.
type single struct {
	net.Listener

	conn net.Conn
}

func (s single) Accept() (net.Conn, error) { return s.conn, nil }

func TestRepeatAllocations(t *testing.T) {
	s := remembering(t, io.Discard)
	w := dialerTCP(t, s)()
	tests := []struct{ name, request string }{
		{"small", get("/v2/demo/t.flip()/a.jpg")},
		{"large", get("/v2/demo/original/large.jpg")},
		{"signed", get(sign(t, s, "/v2/vault/t.flip()/a.jpg", 3600))},
		{"304", get("/v2/demo/t.flip()/a.jpg", "If-None-Match: *")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, answer := learn(t, s, w, tt.request)
			const requests = 1000
			wire := &script{request: tt.request}
			c, err := s.Listen(single{conn: wire}).Accept()
			if err != nil {
				t.Fatal(err)
			}
			room := make([]byte, 4096)
			n := testing.AllocsPerRun(5, func() {
				wire.left, wire.written = requests, 0
				s.Server(t.Context()).ConnState(c, fasthttp.StateIdle)
				if n, err := c.Read(room); n > 0 || !errors.Is(err, io.EOF) {
					t.Errorf("Read gives %d bytes and %v: a request was not known", n, err)
				}
			})
			if least := requests * (len(answer) - 32); wire.written < least {
				t.Errorf("%d bytes are written, want %d at least", wire.written, least)
			}
			if n > requests/10 {
				t.Errorf("%v allocations for %d requests, at most %d are allowed", n, requests, requests/10)
			}
		})
	}
}
