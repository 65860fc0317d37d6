package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"pixedge/internal/web"
)

// patience is for what an idle machine does in a fraction of a second.
const patience = 30 * time.Second

// eventually waits until it is so, and reports whether it ever was.
func eventually(so func() bool) bool {
	for deadline := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// dialer serves the site in memory until the test ends, and returns how to
// connect to it.
func dialer(t *testing.T, s *web.Site) func() *wire {
	t.Helper()
	ln := fasthttputil.NewInmemoryListener()
	serve(t, s, ln)
	return func() *wire {
		conn, err := ln.Dial()
		if err != nil {
			t.Fatal(err)
		}
		return newWire(t, conn)
	}
}

// dialerTCP is dialer over a real socket.
func dialerTCP(t *testing.T, s *web.Site) func() *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, ln)
	return func() *wire {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return newWire(t, conn)
	}
}

func serve(t *testing.T, s *web.Site, ln net.Listener) {
	t.Helper()
	srv := s.Server(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(s.Listen(ln)) }()
	t.Cleanup(func() { // Shutdown does the same, and takes a tenth of a second
		if err := errors.Join(ln.Close(), <-done); err != nil {
			t.Errorf("stop: %v", err)
		}
		if !eventually(func() bool { return srv.GetOpenConnectionsCount() < 0 }) { // the listener counts for one
			t.Error("connections are still open")
		}
	})
}

// launch serves the site on a socket until somebody stops the server, and returns where.
// served is told how that ended.
func launch(t *testing.T, s *web.Site) (srv *fasthttp.Server, addr string, served <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv = s.Server(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(s.Listen(ln)) }()
	return srv, ln.Addr().String(), done
}

// A wire is a connection to a server. It writes requests as the test has them,
// and reads answers with another implementation than the one under test.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func newWire(t *testing.T, conn net.Conn) *wire {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{t, conn, bufio.NewReader(conn)}
}

// A reply is an answer, all of it.
type reply struct {
	status int
	header http.Header
	length int64 // as announced; -1 if it is not
	body   string
}

// send writes text. A server that has had enough may close before all of it is
// written.
func (w *wire) send(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.conn, text); err != nil {
		w.t.Logf("write: %v", err)
	}
}

// read reads the answer to a request of the given method.
func (w *wire) read(method string) reply {
	w.t.Helper()
	r, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("no answer: %v", err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Fatalf("read body: %v", err)
	}
	if r.Close {
		r.Header.Set("Connection", "close") // ReadResponse takes it out
	}
	return reply{r.StatusCode, r.Header, r.ContentLength, string(body)}
}

// ask sends a request without a body and reads the answer.
func (w *wire) ask(method, uri string, headers ...string) reply {
	w.t.Helper()
	w.send(method + " " + uri + " HTTP/1.1\r\nHost: cdn.example.com\r\n" + strings.Join(append(headers, "\r\n"), "\r\n"))
	return w.read(method)
}

func (w *wire) get(uri string, headers ...string) reply {
	w.t.Helper()
	return w.ask("GET", uri, headers...)
}

// isClosed fails the test unless the server has closed the connection without
// another word.
func (w *wire) isClosed() {
	w.t.Helper()
	if rest, err := io.ReadAll(w.in); err != nil || len(rest) > 0 {
		w.t.Errorf("after the answer: %.200q, %v; want the end of the connection", rest, err)
	}
}

// has fails the test unless the reply has the status and the headers, given as
// "Name: value"; a value of "-" means that there is none.
func (r reply) has(t *testing.T, status int, headers ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d; body %q", r.status, status, r.body)
	}
	for _, h := range headers {
		name, want, _ := strings.Cut(h, ": ")
		got := strings.Join(r.header.Values(name), ", ")
		if want == "-" {
			want = ""
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
