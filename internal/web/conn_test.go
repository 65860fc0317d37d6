package web_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestPipelinedPictures mixes small answers, which go through fasthttp's buffer,
// with large ones, which go past it.
func TestPipelinedPictures(t *testing.T) {
	w := dialerTCP(t, newSite(t, io.Discard))()
	want := large()
	var requests strings.Builder
	for i := range 20 {
		fmt.Fprintf(&requests, "GET /v2/demo/original/large.jpg HTTP/1.1\r\nHost: x\r\nX-Request-ID: large-%d\r\n\r\n", i)
		fmt.Fprintf(&requests, "GET /v2/demo/original/a.jpg HTTP/1.1\r\nHost: x\r\nX-Request-ID: small-%d\r\n\r\n", i)
		fmt.Fprintf(&requests, "HEAD /v2/demo/original/large.jpg HTTP/1.1\r\nHost: x\r\nX-Request-ID: head-%d\r\n\r\n", i)
	}
	go w.send(requests.String())
	for i := range 20 {
		for _, a := range []struct{ name, method, body string }{{"large", "GET", want}, {"small", "GET", jpeg}, {"head", "HEAD", ""}} {
			r := w.read(a.method)
			r.has(t, 200, fmt.Sprintf("X-Request-ID: %s-%d", a.name, i))
			if r.body != a.body {
				t.Fatalf("%s answer %d has %d bytes, or others than asked for", a.name, i, len(r.body))
			}
		}
	}
}

// TestSlowReader reads pictures so slowly that the server has to write them in
// many pieces.
func TestSlowReader(t *testing.T) {
	w := dialerTCP(t, newSite(t, io.Discard))()
	w.send(strings.Repeat("GET /v2/demo/original/large.jpg HTTP/1.1\r\nHost: x\r\n\r\n", 50))
	for range 50 {
		time.Sleep(10 * time.Millisecond)
		if r := w.read("GET"); r.body != large() {
			t.Fatalf("a slow reader got %d bytes, or others than asked for", len(r.body))
		}
	}
}

// TestNoReader asks for more than the system keeps for a client that does not
// read: the server gives up.
func TestNoReader(t *testing.T) {
	s := newSite(t, io.Discard)
	s.Config.WriteTimeout = 300 * time.Millisecond
	w := dialerTCP(t, s)()
	w.get("/health").has(t, 200)
	const answers = 500
	go w.send(strings.Repeat("GET /v2/demo/original/large.jpg HTTP/1.1\r\nHost: x\r\n\r\n", answers))
	holds(t, s, 0)
	if n, _ := io.Copy(io.Discard, w.conn); n == 0 || n >= int64(answers*len(large())) {
		t.Errorf("the server has written %d bytes, want some and not all", n)
	}
}
