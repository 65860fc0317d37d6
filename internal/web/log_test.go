package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/web"
)

// lines waits until the log has as many lines and returns them: a request is
// logged after its answer is on the way.
func (l *logbook) lines(t *testing.T, n int) []map[string]any {
	t.Helper()
	eventually(func() bool { return strings.Count(l.String(), "\n") >= n })
	text := strings.Split(strings.TrimSuffix(l.String(), "\n"), "\n")
	if len(text) != n {
		t.Fatalf("%d log lines, want %d:\n%s", len(text), n, l.String())
	}
	list := make([]map[string]any, n)
	for i, line := range text {
		if err := json.Unmarshal([]byte(line), &list[i]); err != nil {
			t.Fatalf("%v in the log line %s", err, line)
		}
	}
	return list
}

func TestLogLine(t *testing.T) {
	var log logbook
	s := newSite(t, &log)
	w := dialerTCP(t, s)()
	w.get("/v2/demo/t.flip()/a.jpg?v=7&download", "X-Request-ID: one")
	w.ask("HEAD", "/v2/demo/t.flip()/a.jpg", "X-Request-ID: two")
	w.get("/v2/demo/original/missing.jpg?secret=x", "X-Request-ID: three")
	w.get("/health", "X-Request-ID: four")
	w.get("/nonsense", "X-Request-ID: five")
	const flipped = float64(len("t.flip() of " + jpeg))
	want := []map[string]any{
		{"level": "INFO", "method": "GET", "path": "/v2/demo/t.flip()/a.jpg", "status": 200.0, "bytes": flipped, "request_id": "one", "cache": "miss", "cloud": "demo"},
		{"level": "INFO", "method": "HEAD", "path": "/v2/demo/t.flip()/a.jpg", "status": 200.0, "bytes": 0.0, "request_id": "two", "cache": "hit", "cloud": "demo"},
		{"level": "WARN", "method": "GET", "path": "/v2/demo/original/missing.jpg", "status": 404.0, "request_id": "three", "cloud": "demo", "kind": "not_found"},
		{"level": "INFO", "method": "GET", "path": "/health", "status": 200.0, "bytes": 3.0, "request_id": "four"},
		{"level": "WARN", "method": "GET", "path": "/nonsense", "status": 400.0, "request_id": "five", "kind": "invalid"},
	}
	for i, got := range log.lines(t, len(want)) {
		for key, value := range want[i] {
			if got[key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, got[key], value)
			}
		}
		if elapsed, ok := got["elapsed_ms"].(float64); !ok || elapsed < 0 || elapsed > float64(patience.Milliseconds()) || got["client"] != "127.0.0.1" || got["msg"] != "request" {
			t.Errorf("line %d: %v", i, got)
		}
		known := []string{"time", "level", "msg", "method", "path", "status", "bytes", "elapsed_ms", "request_id", "client", "cache", "cloud", "kind", "error"}
		for key := range maps.Keys(got) {
			if !slices.Contains(known, key) {
				t.Errorf("line %d has a field %q", i, key)
			}
		}
	}
}

// TestLogHoldsNoSecrets asks with signatures and with the queries of other
// people's servers.
func TestLogHoldsNoSecrets(t *testing.T) {
	var log logbook
	s := newSite(t, &log)
	w := dialer(t, s)()
	for _, uri := range []string{
		sign(t, s, "/v2/vault/t.flip()/a.jpg", 100),
		sign(t, s, "/v2/vault/t.flip()/a.jpg", -100),
		"/v2/vault/t.flip()/a.jpg?pbs=hunter2&pbe=hunter2&pbt=hunter2",
		"/v2/vault/t.flip()/a.jpg?hunter2",
		"/v2/demo/original/https%3A%2F%2Fhost.example%2Fa.jpg%3Ftoken%3Dhunter2",
		"/v2/demo/original/https%3a%2f%2fhost.example%2fa.jpg%3ftoken%3dhunter2",
		"/v2/demo/original/https://host.example/a.jpg%3Ftoken=hunter2",
	} {
		w.get(uri)
	}
	log.lines(t, 7)
	for _, secret := range []string{"hunter2", "pbs=", "pbe=", "secret-token"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %s:\n%s", secret, log.String())
		}
	}
}

// TestLogInjection tries to write lines and fields of its own.
func TestLogInjection(t *testing.T) {
	var log logbook
	w := dialer(t, newSite(t, &log))()
	for _, r := range []struct{ uri, header string }{
		{`/v2/demo/original/a","status":200,"x":".jpg`, "X: y"},
		{"/v2/demo/original/a%0a%7B%22msg%22:%22request%22%7D.jpg", "X: y"},
		{"/v2/demo/original/\xe2\x80\xa8\xff\x80.jpg", "X: y"},
		{"/v2/demo/t.{\"a\":1}()/a.jpg", "X: y"},
		{"/health", "X-Request-ID: a\",\"status\":500,\"x\":\""},
		{"/health", "X-Forwarded-For: 203.0.113.1"},
	} {
		w.get(r.uri, r.header)
	}
	for _, line := range log.lines(t, 6) {
		if _, ok := line["x"]; ok || line["client"] == "203.0.113.1" || line["status"] == 500.0 {
			t.Errorf("a client wrote into the log: %v", line)
		}
	}
}

func TestAccessLogOff(t *testing.T) {
	for _, tt := range []struct {
		err    error
		logged bool
	}{
		{errors.New(inside), true},
		{fault.Wrap(errors.New(inside), fault.Internal, "internal error"), true},
		{fault.Errorf(fault.Invalid, "no"), false},
		{fault.Errorf(fault.Overloaded, "later"), false},
	} {
		var log logbook
		s := siteOf(failing(tt.err), &log)
		s.Config.AccessLog = false
		w := dialer(t, s)()
		w.get("/v2/demo/original/a.jpg")
		w.get("/health") // by now the first was logged, or never is
		if got := log.String(); strings.Contains(got, "hunter2") != tt.logged || strings.Contains(got, "/health") {
			t.Errorf("%v: log %q, want the error in it: %t", tt.err, got, tt.logged)
		}
	}
}

// TestLogLevel writes nothing that the log does not want.
func TestLogLevel(t *testing.T) {
	var log logbook
	s := newSite(t, &log)
	s.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	w := dialer(t, s)()
	w.get("/health")
	w.get("/nonsense")
	if line := log.lines(t, 1)[0]; line["status"] != 400.0 {
		t.Errorf("line %v, want that of the error", line)
	}
}

// TestUnreadRequests logs what was no request, without taking it for one.
func TestUnreadRequests(t *testing.T) {
	var log logbook
	w := dialerTCP(t, newSite(t, &log))()
	w.send("GET /v2/vault/a b?pbs=hunter2 HTTP/1.1\r\n\r\n")
	w.read("GET")
	line := log.lines(t, 1)[0]
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has a signature: %v", line)
	}
	_, method := line["method"]
	_, path := line["path"]
	if line["status"] != 400.0 || line["client"] != "127.0.0.1" || method || path {
		t.Errorf("line %v, want status and client, and neither method nor path", line)
	}
}

// A recorder keeps what was measured.
type recorder struct {
	mu   sync.Mutex
	seen []web.Observation
}

func (r *recorder) Record(o web.Observation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, o)
}

func (r *recorder) all() []web.Observation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

func TestObservations(t *testing.T) {
	var seen recorder
	s := newSite(t, io.Discard)
	s.Recorder = &seen
	w := dialer(t, s)()
	w.get("/v2/demo/original/a.jpg")
	w.get("/v2/demo/original/a.jpg")
	w.ask("HEAD", "/v2/demo/original/a.jpg")
	w.get("/nonsense")
	w.get("/ready?x=1")
	w.ask("POST", "/v2/demo/original/a.jpg")
	w.send("nonsense\r\n\r\n")
	w.read("GET")
	want := []web.Observation{
		{Route: "delivery", Status: 200, Cache: "miss", Bytes: len(jpeg)},
		{Route: "delivery", Status: 200, Cache: "hit", Bytes: len(jpeg)},
		{Route: "delivery", Status: 200, Cache: "hit"},
		{Route: "delivery", Status: 400},
		{Route: "ready", Status: 200, Bytes: len("ready\n")},
		{Route: "delivery", Status: 405},
		{Route: "unread", Status: 400},
	}
	eventually(func() bool { return len(seen.all()) >= len(want) })
	got := seen.all()
	if len(got) != len(want) {
		t.Fatalf("%d observations, want %d", len(got), len(want))
	}
	for i, o := range got {
		if o.Elapsed < 0 || o.Elapsed > patience {
			t.Errorf("request %d took %v", i, o.Elapsed)
		}
		o.Elapsed = 0
		if o.Status >= 400 {
			o.Bytes = 0
		}
		if o != want[i] {
			t.Errorf("request %d: %+v, want %+v", i, o, want[i])
		}
	}
}
