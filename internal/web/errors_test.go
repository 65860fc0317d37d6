package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// images delivers what it is told to.
type images struct {
	image func() (delivery.Answer, error)
}

func (i images) Image(context.Context, delivery.Request) (delivery.Answer, error) { return i.image() }

func (i images) Context(context.Context, delivery.Request) (delivery.Answer, error) {
	return i.image()
}

func (images) Again(delivery.Answer) (delivery.Answer, error) {
	return delivery.Answer{}, nil
}

func (images) CloudOf(delivery.Request) *delivery.Cloud { return nil }

// failing delivers nothing but err.
func failing(err error) images {
	return images{func() (delivery.Answer, error) { return delivery.Answer{}, err }}
}

// inside is what no client may read.
const inside = "/srv/secret: token=hunter2 at 10.0.0.7 goroutine 1"

// isError fails the test unless the reply is an error as every client knows it.
func (r reply) isError(t *testing.T, status int, message string) {
	t.Helper()
	r.has(t, status, "Content-Type: application/json", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
		"ETag: -", "Content-Disposition: -")
	var body map[string]any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	keys := slices.Sorted(maps.Keys(body))
	if want := []string{"code", "errorCode", "exception", "message", "requestId", "status"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if body["message"] != message || body["status"] != float64(status) || body["requestId"] != r.header.Get("X-Request-ID") {
		t.Errorf("body %s, want status %d, message %q and the id %q", r.body, status, message, r.header.Get("X-Request-ID"))
	}
	if code, _ := body["code"].(string); code == "" || body["errorCode"] != code || body["exception"] == "" {
		t.Errorf("body %s, want codes and an exception", r.body)
	}
}

func TestErrors(t *testing.T) {
	statuses := map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.NotAllowed: 405, fault.TooLong: 414, fault.TooLarge: 413, fault.Unsupported: 415, fault.Unprocessable: 422,
		fault.Overloaded: 503, fault.Upstream: 502, fault.Timeout: 504, fault.Loop: 508,
		fault.TooMany: 429, fault.Storage: 507,
	}
	for _, kind := range fault.Kinds() {
		t.Run(kind.String(), func(t *testing.T) {
			const shown = "what \"went\" <wrong> \u2028 ünd why"
			message, retry := shown, "-"
			if kind == fault.Internal {
				message = "internal error"
			}
			if kind == fault.Overloaded || kind == fault.TooMany {
				retry = "1"
			}
			w := dialer(t, siteOf(failing(fault.Wrap(errors.New(inside), kind, "%s", shown)), io.Discard))()
			for _, method := range []string{"GET", "GET"} { // the connection goes on
				r := w.ask(method, "/v2/demo/original/a.jpg")
				r.isError(t, statuses[kind], message)
				r.has(t, statuses[kind], "Retry-After: "+retry)
				if strings.Contains(r.body, "hunter2") || strings.Contains(r.body, "/srv") {
					t.Errorf("body shows the inside: %s", r.body)
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 2500 * time.Millisecond: "3", 30 * time.Second: "30"} {
		busy := fault.After(fault.Errorf(fault.Overloaded, "busy"), wait)
		dialer(t, siteOf(failing(busy), io.Discard))().get("/v2/demo/original/a.jpg").has(t, 503, "Retry-After: "+want)
	}
}

func TestUnclassifiedErrors(t *testing.T) {
	for _, tt := range []struct {
		err     error
		status  int
		message string
	}{
		{errors.New(inside), 500, "internal error"},
		{context.DeadlineExceeded, 504, "timed out"},
		{context.Canceled, 500, "internal error"},
	} {
		dialer(t, siteOf(failing(tt.err), io.Discard))().get("/v2/demo/original/a.jpg").isError(t, tt.status, tt.message)
	}
}

// TestRealErrors looks at what the real stages say.
func TestRealErrors(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range []struct {
		uri     string
		status  int
		message string
	}{
		{"/v2/demo/original/missing.jpg", 404, "no such picture"},
		{"/", 404, "no such page; pictures are below /v2/"},
		{"/?x", 404, "no such page; pictures are below /v2/"},
		{"/favicon.ico", 404, "no such page; pictures are below /v2/"},
		{"/robots.txt", 404, "no such page; pictures are below /v2/"},
		{"/metrics", 404, "no such page; pictures are below /v2/"},
		{"/v2/nobody/original/a.jpg", 404, `no cloud "nobody"`},
		{"/v2/demo/zone99/original/a.jpg", 404, `no zone "zone99"`},
		{"/v2/demo/t.nothing()/a.jpg", 400, `no operation "t.nothing"`},
		{"/v2/vault/original/a.jpg", 401, "this picture needs a signed URL"},
		{"/" + strings.Repeat("a", 8192), 414, "the path is longer than 8192 bytes"},
		{"/v2/demo/original/a.jpg?" + strings.Repeat("a", 8193), 414, "the query is longer than 8192 bytes"},
	} {
		w.get(tt.uri).isError(t, tt.status, tt.message)
	}
}

func TestPanic(t *testing.T) {
	var log logbook
	calm := false
	s := siteOf(images{func() (delivery.Answer, error) {
		if !calm {
			calm = true
			panic(inside)
		}
		return delivery.Answer{}, fault.Errorf(fault.NotFound, "no such picture")
	}}, &log)
	s.Config.AccessLog = false
	w := dialer(t, s)()
	r := w.get("/v2/demo/original/a.jpg", "X-Request-ID: the-one")
	r.isError(t, 500, "internal error")
	if strings.Contains(r.body, "hunter2") {
		t.Errorf("body shows the inside: %s", r.body)
	}
	w.get("/v2/demo/original/a.jpg").isError(t, 404, "no such picture")
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "hunter2") ||
		!strings.Contains(text, `"request_id":"the-one"`) || !strings.Contains(text, "errors_test.go") {
		t.Errorf("log %s, want one line with the panic, its stack and the id", text)
	}
}

func TestMethods(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "Get", "head", "options", "X"} {
		for _, uri := range []string{"/v2/demo/original/a.jpg", "/health", "*"} {
			r := w.ask(method, uri, "X-HTTP-Method-Override: GET")
			r.isError(t, 405, "the method is not allowed; GET, HEAD, OPTIONS are")
			r.has(t, 405, "Allow: GET, HEAD, OPTIONS")
		}
	}
}

func TestConnect(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	w.send("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n")
	w.read("GET").has(t, 405, "Allow: GET, HEAD, OPTIONS")
}

// TestRequestID takes the ids of clients that can stand in a log, and makes one
// for the others.
func TestRequestID(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range []struct {
		id    string
		taken bool
	}{
		{"0123456789abcdef", true},
		{"f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true},
		{"A_b.c-9", true},
		{strings.Repeat("x", 64), true},
		{strings.Repeat("x", 65), false},
		{"", false},
		{"two words", false},
		{`quo"te`, false},
		{"<script>", false},
		{"ünï", false},
	} {
		got := w.get("/health", "X-Request-ID: "+tt.id).header.Get("X-Request-ID")
		if got == "" || (got == tt.id) != tt.taken {
			t.Errorf("X-Request-ID %q becomes %q, want it taken: %t", tt.id, got, tt.taken)
		}
	}
}

func TestHealth(t *testing.T) {
	s := newSite(t, io.Discard)
	w := dialer(t, s)()
	for _, uri := range []string{"/health", "/ready", "/health?at=1800000000000", "/ready?x"} {
		w.get(uri).has(t, 200, "Content-Type: text/plain; charset=utf-8", "Cache-Control: no-store")
	}
	w.get("/healthy").has(t, 400)
	w.get("/ready/").has(t, 400)
	s.Drain()
	r := w.get("/ready")
	r.isError(t, 503, "the server is stopping")
	r.has(t, 503, "Retry-After: 1")
	w.get("/health").has(t, 200)
	w.get("/v2/demo/original/a.jpg").has(t, 200) // what comes is still served
}
