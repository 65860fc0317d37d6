package web_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// second is what an attacker hides in a request.
const second = "GET /ready HTTP/1.1\r\nHost: x\r\nX-Request-ID: smuggled\r\n\r\n"

// TestAmbiguous sends requests that another server could end elsewhere: they are
// refused, and nothing behind them is read.
func TestAmbiguous(t *testing.T) {
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(second), second)
	connect := dialer(t, newSite(t, io.Discard))
	for _, tt := range []struct{ name, request string }{
		{"CL.TE", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"TE.CL", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunks},
		{"CL.TE on GET", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"CL 0 and TE", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"TE on GET", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{"TE on HEAD", "HEAD /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{"TE identity", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n"},
		{"CL and TE identity", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n"},
		{"TE in other letters", "GET /health HTTP/1.1\r\nHost: x\r\ntRANSFER-eNCODING: CHUNKED\r\nContent-Length: 3\r\n\r\n" + chunks},
		{"two TE", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{"unknown TE", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n" + chunks},
		{"TE list", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunks},
		{"TE with a space", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n" + chunks},
		{"TE folded", "GET /health HTTP/1.1\r\nHost: x\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n"},
		{"TE folded with a tab", "GET /health HTTP/1.1\r\nHost: x\r\nX: y\r\n\tTransfer-Encoding: chunked\r\n\r\n"},
		{"TE value folded", "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + chunks},
		{"bare LF", "GET /health HTTP/1.1\r\nHost: x\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{"bare LF in the end", "GET /health HTTP/1.1\r\nHost: x\r\nX: y\n\n" + second},
		{"TE on 1.0", "GET /health HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{"two CL", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 57\r\n\r\n"},
		{"CL with a sign", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n"},
		{"CL below zero", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
		{"CL list", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n"},
		{"CL too large to count", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"},
		{"broken chunk", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
		{"two hosts", "GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"},
		{"no host", "GET /health HTTP/1.1\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := connect()
			w.send(tt.request + second)
			method, _, _ := strings.Cut(tt.request, " ")
			r := w.read(method)
			r.has(t, 400, "Connection: close", "Content-Type: application/json")
			w.isClosed()
		})
	}
}

// TestBodies sends bodies, which no route takes: they are refused and not
// mistaken for the next request.
func TestBodies(t *testing.T) {
	form := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"
	connect := dialer(t, newSite(t, io.Discard))
	for _, tt := range []struct {
		name, method, headers, body string
		status                      int
	}{
		{"GET", "GET", "", second, 400},
		{"HEAD", "HEAD", "", second, 400},
		{"POST", "POST", "", second, 405},
		{"OPTIONS", "OPTIONS", "", second, 400},
		{"form with more behind it", "GET", "Content-Type: multipart/form-data; boundary=b\r\n", form + second, 400},
		{"form that ends too early", "POST", "Content-Type: multipart/form-data; boundary=b\r\n", "--b--" + second, 405},
		{"no form", "POST", "Content-Type: multipart/form-data; boundary=b\r\n", second, 405},
		{"expecting", "GET", "Expect: 100-continue\r\n", second, 400},
		{"upgrade", "GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n", second, 400},
		{"one byte", "GET", "", "G", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := connect()
			w.send(fmt.Sprintf("%s /v2/demo/original/a.jpg HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", tt.method, tt.headers, len(tt.body), tt.body))
			r := w.read(tt.method)
			if r.status == 100 {
				r = w.read(tt.method)
			}
			r.has(t, tt.status, "Connection: close", "X-Cache: -")
			w.isClosed()
		})
	}
	w := connect()
	w.get("/health", "Content-Length: 0").has(t, 200, "Connection: -")
	w.get("/health", "Upgrade: h2c", "Connection: Upgrade").has(t, 200)
}

func TestLargeBody(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	w.send("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n")
	r := w.read("GET")
	r.isError(t, 413, "the request body is too large")
	r.has(t, 413, "Connection: close")
	w.isClosed()
}

func TestMalformed(t *testing.T) {
	connect := dialer(t, newSite(t, io.Discard))
	for _, request := range []string{
		"nonsense\r\n\r\n",
		"GET\r\n\r\n",
		"GET /health\r\n\r\n",
		"GET /health HTTP/1.1 extra\r\nHost: x\r\n\r\n",
		"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET health HTTP/1.1\r\nHost: x\r\n\r\n",
		"G\x00T /health HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /he\x01alth HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /health HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
		"GET /health HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n",
		"GET /health HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
		"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", // TLS
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
	} {
		w := connect()
		w.send(request + second)
		r := w.read("GET")
		r.isError(t, 400, "not an HTTP request")
		r.has(t, 400, "Connection: close")
		w.isClosed()
	}
}

// TestPipeline answers in order and stops at what is broken.
func TestPipeline(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	w.send("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: one\r\n\r\n" +
		"GET /v2/demo/original/a.jpg HTTP/1.1\r\nHost: x\r\nX-Request-ID: two\r\n\r\n" +
		"broken\r\n\r\n" + second)
	w.read("GET").has(t, 200, "X-Request-ID: one")
	w.read("GET").has(t, 200, "X-Request-ID: two")
	w.read("GET").isError(t, 400, "not an HTTP request")
	w.isClosed()
}

func TestLongHeaders(t *testing.T) {
	connect := dialer(t, newSite(t, io.Discard))
	for _, tt := range []struct {
		name, request string
		status        int
	}{
		{"a path of 8 KiB", "GET /" + strings.Repeat("a", 8<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
		{"a path and a query that fit", "GET /v2/demo/original/a.jpg?v=" + strings.Repeat("a", 8000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{"a path of 1 MiB", "GET /" + strings.Repeat("a", 1<<20), 431},
		{"a header of 1 MiB", "GET /health HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20), 431},
		{"20,000 headers", "GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 20_000), 431},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := connect()
			go func() { _, _ = io.WriteString(w.conn, tt.request) }() // the server reads a part of it only
			r := w.read("GET")
			switch tt.status {
			case 431:
				r.isError(t, 431, "the request line and headers are too long")
				r.has(t, 431, "Connection: close")
			case 414:
				r.isError(t, 414, "the path is longer than 8192 bytes")
			default:
				r.has(t, tt.status)
			}
		})
	}
}

// TestManyHeaders sends short headers, more than anybody needs.
func TestManyHeaders(t *testing.T) {
	connect := dialer(t, newSite(t, io.Discard))
	w := connect()
	w.send("GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 99) + "\r\n")
	w.read("GET").has(t, 200, "Connection: -")
	w.send("GET /health HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n" + second)
	r := w.read("GET")
	r.isError(t, 431, "the request has more than 100 headers")
	r.has(t, 431, "Connection: close")
	w.isClosed()
}

// TestTrickle sends a header byte by byte: each is in time, and the request is
// not.
func TestTrickle(t *testing.T) {
	for _, tt := range []struct {
		timeout time.Duration
		request string
		status  int
	}{
		{patience, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{300 * time.Millisecond, "GET /health HTTP/1.1\r\nX: " + strings.Repeat("y", 1000), 408},
	} {
		s := newSite(t, io.Discard)
		s.Config.ReadTimeout = tt.timeout
		w := dialerTCP(t, s)()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range len(tt.request) {
				if _, err := io.WriteString(w.conn, tt.request[i:i+1]); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		}()
		r := w.read("GET")
		r.has(t, tt.status)
		if tt.status == 408 {
			r.isError(t, 408, "the request did not arrive in time")
		}
		<-done
	}
}

// TestSlowRequest closes the connection of a client that does not get to the
// point.
func TestSlowRequest(t *testing.T) {
	s := newSite(t, io.Discard)
	s.Config.ReadTimeout = 50 * time.Millisecond
	connect := dialerTCP(t, s)
	for _, request := range []string{"", "GET /health HT", "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"} {
		w := connect()
		w.send(request)
		r := w.read("GET")
		r.isError(t, 408, "the request did not arrive in time")
		r.has(t, 408, "Connection: close")
		w.isClosed()
	}
}

// TestIdleConnection ends a connection without a word when its client has asked nothing
// for a while.
func TestIdleConnection(t *testing.T) {
	s := newSite(t, io.Discard)
	s.Config.IdleTimeout = 50 * time.Millisecond
	w := dialerTCP(t, s)()
	w.get("/health").has(t, 200)
	w.isClosed()
}

func TestOldHTTP(t *testing.T) {
	connect := dialer(t, newSite(t, io.Discard))
	w := connect()
	w.send("GET /v2/demo/original/a.jpg HTTP/1.0\r\n\r\n")
	w.read("GET").has(t, 200, "Content-Type: image/jpeg")
	w.isClosed()
	w = connect()
	w.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
	w.read("GET").has(t, 200, "Connection: keep-alive")
	w.get("/health").has(t, 200)
	w = connect()
	w.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if r := w.read("GET"); r.status < 400 {
		t.Errorf("the preface of HTTP/2 is answered %d", r.status)
	}
}

// TestHangUp has clients leave at every point of a request.
func TestHangUp(t *testing.T) {
	connect := dialer(t, newSite(t, io.Discard))
	const request = "GET /v2/demo/t.flip()/a.jpg HTTP/1.1\r\nHost: x\r\n\r\n"
	for i := range len(request) + 1 {
		w := connect()
		w.send(request[:i])
		if err := w.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	}
	connect().get("/health").has(t, 200)
}
