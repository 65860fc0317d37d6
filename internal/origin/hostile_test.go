package origin_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// TestHostileAnswers has servers that do not speak HTTP as they should.
func TestHostileAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	tests := []struct {
		name, answer string
		kind         fault.Kind // Internal: the picture comes
	}{
		{"sound", ok + length(len(picture)) + "\r\n" + picture, fault.Internal},
		{"until the connection ends", ok + "\r\n" + picture, fault.Internal},
		{"wrong type", ok + "Content-Type: text/html\r\n\r\n" + picture, fault.Internal},
		{"short", ok + length(len(picture)+1) + "\r\n" + picture, fault.Upstream},
		{"much shorter", ok + length(1<<19) + "\r\n" + picture, fault.Upstream},
		{"announces too much", ok + length(1<<40) + "\r\n" + picture, fault.TooLarge},
		{"negative length", ok + length(-1) + "\r\n" + picture, fault.Upstream},
		{"length out of range", ok + "Content-Length: 99999999999999999999\r\n\r\n" + picture, fault.Upstream},
		{"two lengths", ok + length(3) + length(4) + "\r\n" + picture, fault.Upstream},
		{"broken chunks", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + picture, fault.Upstream},
		{"chunks without an end", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", fault.Upstream},
		{"HTML", ok + "Content-Type: image/png\r\n\r\n<html><body>", fault.Unsupported},
		{"JSON", ok + "Content-Type: image/png\r\n\r\n{}", fault.Unsupported},
		{"empty", ok + length(0) + "\r\n", fault.Unsupported},
		{"no answer", "", fault.Upstream},
		{"half a header", ok + "Content-Type: im", fault.Upstream},
		{"huge header line", ok + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n" + picture, fault.Upstream},
		{"many header lines", ok + strings.Repeat("X: 0123456789\r\n", 1<<14) + "\r\n" + picture, fault.Upstream},
		{"endless interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 1<<14), fault.Upstream},
		{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n" + picture, fault.Upstream},
		{"HTTP/0.9", picture, fault.Upstream},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", fault.Upstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := serveRaw(t, tt.answer)
			o, err := remote(t, origin.Limits{MaxBytes: 1 << 20, Timeout: patience}, u).Fetch(t.Context(), u)
			if tt.kind == fault.Internal {
				if err != nil || string(o.Data) != picture {
					t.Errorf("Fetch = %q, %v; want the picture", o.Data, err)
				}
			} else if fault.Of(err) != tt.kind {
				t.Errorf("Fetch = %.200v of kind %v, want %v", err, fault.Of(err), tt.kind)
			}
			_, host, _ := strings.Cut(u, "://")
			if strings.Contains(fault.Message(err), host) {
				t.Errorf("message %q names the origin", fault.Message(err))
			}
		})
	}
}

func flood(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = w.Write(make([]byte, 64<<10))
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	for i := 0; r.Context().Err() == nil; i++ {
		_, _ = io.WriteString(w, picture[i%len(picture):][:1])
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Millisecond)
	}
}

func stall(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, picture)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func resetWithin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, picture)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// TestConnections fetches what must be given up, and holds that the
// connection is given up with it.
func TestConnections(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		kind   fault.Kind
	}{
		{"endless body", flood, fault.TooLarge},
		{"drip", drip, fault.Timeout},
		{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, fault.Timeout},
		{"stall", stall, fault.Timeout},
		{"reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.Upstream},
		{"reset within the body", resetWithin, fault.Upstream},
		{"refused with a long text", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			flood(w, r)
		}, fault.Upstream},
		{"encoded", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			flood(w, r)
		}, fault.Upstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var open atomic.Int32
			s := httptest.NewUnstartedServer(tt.answer)
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					open.Add(1)
				}
				if state == http.StateClosed {
					open.Add(-1)
				}
			}
			s.Start()
			t.Cleanup(s.Close)
			limits := origin.Limits{MaxBytes: 1 << 20, Timeout: 200 * time.Millisecond}
			if tt.kind != fault.Timeout {
				limits.Timeout = patience
			}
			_, err := remote(t, limits, s.URL).Fetch(t.Context(), s.URL)
			if fault.Of(err) != tt.kind {
				t.Errorf("Fetch = %v of kind %v, want %v", err, fault.Of(err), tt.kind)
			}
			for deadline := time.Now().Add(patience); open.Load() > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d connections are still open", open.Load())
				}
			}
		})
	}
}

// TestCanceledClient holds that a fetch ends with the one who asked for it.
func TestCanceledClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
		close(gone)
	})
	if _, err := remote(t, roomy(), s.URL).Fetch(ctx, s.URL); err == nil {
		t.Error("Fetch succeeds")
	}
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("the connection is still open")
	}
}

// TestReuse holds that pictures that come whole come over few connections.
func TestReuse(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.RemoteAddr] = true
		fmt.Fprint(w, picture)
	})
	f := origin.New(roomy(), web(t, s.URL, local()))
	for range 10 {
		if _, err := f.Fetch(t.Context(), "a.png"); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 {
		t.Errorf("10 fetches took %d connections, want 1", len(seen))
	}
}
