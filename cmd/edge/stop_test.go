package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/imgtest"
)

// A slowOrigin keeps its pictures back until it is released.
type slowOrigin struct {
	url     string
	asked   chan struct{} // gets a value with each request
	release chan struct{} // to be closed
}

func newSlowOrigin(t *testing.T) slowOrigin {
	t.Helper()
	data := imgtest.PNG(t, imgtest.Card(64, 48, false))
	s := slowOrigin{asked: make(chan struct{}, 1), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked <- struct{}{}
		select {
		case <-s.release:
		case <-r.Context().Done():
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// serveSlowly starts an edge before the origin and leaves a request in flight.
func (s slowOrigin) serveSlowly(t *testing.T, args ...string) (edge *process, answered chan answer) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil, "clouds: [{name: demo, sources: [{http: {base: %q}}]}]\n", s.url))
	edge = start(t, dir, nil, args...)
	answered = make(chan answer, 1)
	go func() {
		a, err := do(http.MethodGet, edge.url+"/v2/demo/t.flip()/a.png")
		if err != nil {
			t.Log(err)
		}
		answered <- a
	}()
	<-s.asked
	return edge, answered
}

// TestStop tells an edge to stop while it has a request in flight and a
// connection that waits for its next one.
func TestStop(t *testing.T) {
	origin := newSlowOrigin(t)
	edge, answered := origin.serveSlowly(t, "--drain-delay=3s", "--idle-timeout=1h", "--read-timeout=1h")
	idle, err := net.Dial("tcp", strings.TrimPrefix(edge.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	fmt.Fprint(idle, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := idle.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	edge.terminate(t)
	// First balancers are told, and requests are answered as before.
	eventually(t, "not ready", func() bool {
		a, err := do(http.MethodGet, edge.url+"/ready")
		return err == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != ""
	})
	// Then nobody new is let in.
	eventually(t, "closed", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(edge.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(origin.release)
	if a := <-answered; a.status != http.StatusOK {
		t.Errorf("the request in flight was answered with %d", a.status)
	}
	if code := edge.wait(t); code != exitOK {
		t.Errorf("exit code %d\n%s", code, &edge.stderr)
	}
	if !strings.Contains(edge.stderr.String(), `"msg":"stopped"`) || !strings.Contains(edge.stderr.String(), `"path":"/v2/demo/t.flip()/a.png","status":200`) {
		t.Errorf("the log lacks its last lines:\n%s", &edge.stderr)
	}
	if _, err := io.ReadAll(idle); err != nil {
		t.Errorf("the connection that waited: %v", err)
	}
}

// TestStopInTime gives requests in flight no more than their time.
func TestStopInTime(t *testing.T) {
	edge, _ := newSlowOrigin(t).serveSlowly(t, "--drain-timeout=200ms")
	edge.terminate(t)
	if code := edge.wait(t); code != exitFailure || !strings.Contains(edge.stderr.String(), "edge: drain_timeout: ") {
		t.Errorf("exit code %d\n%s", code, &edge.stderr)
	}
}

// TestStopInCodec stops while pictures are inside a codec, which cannot be
// stopped: the program must end without pulling libvips from under them.
func TestStopInCodec(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "card.png"), imgtest.PNG(t, imgtest.Card(640, 480, false)))
	write(t, filepath.Join(dir, "edge.yaml"), []byte("clouds: [{name: demo, sources: [{dir: .}]}]\n"))
	edge := start(t, dir, nil, "--drain-timeout=50ms", "--render-workers=2")
	for i := range 3 {
		go func() {
			_, _ = do(http.MethodGet, fmt.Sprintf("%s/v2/demo/t.resize(w:%d)~t.toFormat(f:avif,q:90)/card.png", edge.url, 1600+i))
		}()
	}
	eventually(t, "rendering", func() bool { return edge.metric(t, "edge_renders_in_flight") == "2" })
	edge.terminate(t)
	code := edge.wait(t)
	if log := edge.stderr.String(); code != exitFailure || strings.Contains(log, "SIG") || strings.Contains(log, "CRITICAL") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// TestStopAtOnce sends a second signal, for people who do not want to wait.
func TestStopAtOnce(t *testing.T) {
	edge, _ := newSlowOrigin(t).serveSlowly(t, "--drain-delay=1h")
	edge.terminate(t)
	eventually(t, "not ready", func() bool {
		a, err := do(http.MethodGet, edge.url+"/ready")
		return err == nil && a.status == http.StatusServiceUnavailable
	})
	// One that comes with the first would be taken for the same.
	eventually(t, "ended", func() bool {
		_ = edge.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-edge.ended:
			return true
		default:
			return false
		}
	})
	if status := edge.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v", edge.cmd.ProcessState)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never %s", what)
		}
	}
}
