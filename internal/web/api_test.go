package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/metrics"
	"pixedge/internal/web"
)

// fail is the dialect of the API in these tests.
func fail(_ error, status int, text, _ string) web.Reply {
	body, _ := json.Marshal(map[string]any{"status": status, "error": text})
	return web.Reply{ContentType: "application/json", Body: body}
}

// told is what fail makes of an error.
func told(status int, text string) string {
	return string(fail(nil, status, text, "").Body)
}

func text(format string, args ...any) (web.Reply, error) {
	return web.Reply{ContentType: "text/plain", Body: fmt.Appendf(nil, format, args...)}, nil
}

func readAll(_ context.Context, c *web.Call) (web.Reply, error) {
	n, err := io.Copy(io.Discard, c.Body)
	if err != nil {
		return web.Reply{}, err
	}
	return text("%d of %d", n, c.Length)
}

// newAPI returns an API whose endpoints say what they were called with, and read
// all of a body, some of it or nothing.
func newAPI(ended chan error) web.API {
	post := []string{"POST"}
	return web.API{
		Loose: true, CORS: []string{"*"}, Fail: fail,
		Missing: func(path string) (web.Reply, bool) {
			return web.Reply{Status: 404, ContentType: "application/json", Body: []byte(`{"status":404}`)}, !strings.HasPrefix(path, "/other")
		},
		Endpoints: []web.Endpoint{
			{Name: "crop", Methods: []string{"GET", "POST"}, Path: "/crop", Body: true, Serve: func(_ context.Context, c *web.Call) (web.Reply, error) {
				return text("%s %s ?%s %s %s %s %d", c.Method, c.Path, c.Query, c.Client, c.ContentType, c.Header("www-authenticate"), c.Length)
			}},
			{Name: "store", Methods: post, Path: "/store", Body: true, Serve: readAll},
			{Name: "some", Methods: post, Path: "/some", Body: true, Serve: func(_ context.Context, c *web.Call) (web.Reply, error) {
				_, err := io.ReadFull(c.Body, make([]byte, 5))
				return web.Reply{ContentType: "text/plain", Body: []byte("some")}, err
			}},
			{Name: "none", Methods: post, Path: "/none", Body: true, Serve: func(context.Context, *web.Call) (web.Reply, error) { return text("none") }},
			{Name: "list", Methods: []string{"GET"}, Path: "/things", Serve: func(context.Context, *web.Call) (web.Reply, error) { return text("list") }},
			{Name: "make", Methods: post, Path: "/things", Body: true, Serve: func(context.Context, *web.Call) (web.Reply, error) { return text("make") }},
			{Name: "stream", Methods: []string{"GET", "HEAD"}, Path: "/stream", Serve: func(context.Context, *web.Call) (web.Reply, error) {
				return web.Reply{ContentType: "image/png", Headers: map[string]string{"X-Two": "b\r\nX-Evil: c", "Cache-Control": "private"}, Stream: io.NopCloser(strings.NewReader("12345")), Length: 5}, nil
			}},
			{Name: "broken", Methods: post, Path: "/broken", Body: true, Serve: func(context.Context, *web.Call) (web.Reply, error) { panic(inside) }},
			{Name: "inside", Methods: post, Path: "/inside", Body: true, Serve: func(context.Context, *web.Call) (web.Reply, error) { return web.Reply{}, errors.New(inside) }},
			{Name: "full", Methods: post, Path: "/full", Body: true, Serve: func(context.Context, *web.Call) (web.Reply, error) {
				return web.Reply{}, fault.Errorf(fault.Storage, "no room")
			}},
			{Name: "wait", Methods: post, Path: "/wait", Body: true, Serve: func(ctx context.Context, c *web.Call) (web.Reply, error) {
				_, err := io.Copy(io.Discard, c.Body)
				ended <- err
				<-ctx.Done()
				ended <- context.Cause(ctx)
				return web.Reply{}, fmt.Errorf("wait: %w", ctx.Err())
			}},
		},
	}
}

// newAPISite returns a site with the API, which takes bodies of 1 MiB.
func newAPISite(t *testing.T, log io.Writer) (s *web.Site, ended chan error) {
	t.Helper()
	ended = make(chan error, 10)
	s = newSite(t, log)
	s.APIs = []web.API{newAPI(ended)}
	s.Config.Upload = web.Upload{MaxUpload: 1 << 20, UploadTimeout: patience, UploadRate: config.Size(1 << 10)}
	return s, ended
}

func TestCalls(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	const form = "Content-Type: application/x-www-form-urlencoded\r\nWWW-Authenticate: k\r\n"
	for _, tt := range []struct {
		method, path, headers, body string
		status                      int
		want                        string
	}{
		{"GET", "/crop?a=b&c", "", "", 200, "GET /crop ?a=b&c 127.0.0.1   0"},
		{"POST", "/crop?", form, "a=b", 200, "POST /crop ? 127.0.0.1 application/x-www-form-urlencoded k 3"},
		{"GET", "/CROP/", "", "", 200, "GET /CROP/ ? 127.0.0.1   0"},
		{"GET", "http://api.example/crop?x", "", "", 200, "GET /crop ?x 127.0.0.1   0"},
		{"POST", "/store", "", "12345", 200, "5 of 5"},
		{"POST", "/store", "", "", 200, "0 of 0"},
		{"GET", "/things", "", "", 200, "list"},
		{"POST", "/things", "", "x", 200, "make"},
		{"GET", "/stream", "", "", 200, "12345"},
		{"HEAD", "/stream", "", "", 200, ""},
		{"GET", "/crop", "", "body", 400, told(400, "the request has a body")},
		{"GET", "/things", "", "body", 400, told(400, "the request has a body")},
		{"OPTIONS", "/crop", "", "", 204, ""},
		{"GET", "/store", "", "", 405, told(405, "the method is not allowed; POST, OPTIONS are")},
		{"PUT", "/things", "", "body", 405, told(405, "the method is not allowed; GET, POST, OPTIONS are")},
		{"POST", "/store", "Content-Encoding: gzip\r\n", "x", 415, told(415, "the request body is encoded; it must be sent as it is")},
		{"POST", "/store", "CDN-Loop: edge-1\r\n", "x", 508, told(508, "a source of this picture leads back to this edge")},
		{"POST", "/inside", "", "x", 500, told(500, "internal error")},
		{"POST", "/broken", "", "x", 500, told(500, "internal error")},
		{"POST", "/full", "", "x", 507, told(507, "no room")},
		{"POST", "/nowhere", "", "x", 404, `{"status":404}`},
		{"GET", "/crop/more", "", "", 404, `{"status":404}`},
		{"GET", "/health", "", "", 200, "ok\n"},
		{"GET", "/v2/demo/original/a.jpg", "", "", 200, jpeg},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			w := connect()
			w.send(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", tt.method, tt.path, tt.headers, len(tt.body), tt.body))
			r := w.read(tt.method)
			r.has(t, tt.status, "Connection: -", "X-Evil: -")
			if r.body != tt.want {
				t.Errorf("body %q, want %q", r.body, tt.want)
			}
			w.get("/health").has(t, 200) // the connection goes on
		})
	}
	connect().get("/other").has(t, 400) // of delivery, as ever
	connect().get("/crop").has(t, 200, "Access-Control-Allow-Origin: *", "Cache-Control: no-store", "Content-Type: text/plain")
	connect().get("/store").has(t, 405, "Allow: POST, OPTIONS", "Access-Control-Allow-Origin: *", "Content-Type: application/json")
	connect().ask("OPTIONS", "/things").has(t, 204, "Allow: GET, POST, OPTIONS", "Access-Control-Allow-Methods: GET, POST, OPTIONS", "Access-Control-Allow-Origin: *")
	connect().get("/stream").has(t, 200, "Cache-Control: private", "X-Two: b  X-Evil: c", "Content-Length: 5", "X-Content-Type-Options: nosniff")
}

// TestAPIWithoutManners has an API that leaves all to the site.
func TestAPIWithoutManners(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	api := &s.APIs[0]
	api.Loose, api.CORS, api.Missing = false, []string{"https://shop.example"}, nil
	api.Fail = nil
	w := dialerTCP(t, s)()
	w.get("/crop", "Origin: https://shop.example").has(t, 200, "Access-Control-Allow-Origin: https://shop.example", "Vary: Origin")
	w.get("/crop", "Origin: https://other.example").has(t, 200, "Access-Control-Allow-Origin: -", "Vary: Origin")
	w.get("/CROP").has(t, 400) // a delivery URL
	w.get("/store").isError(t, 405, "the method is not allowed; POST, OPTIONS are")

	s, _ = newAPISite(t, io.Discard)
	s.APIs[0].Fail = func(error, int, string, string) web.Reply { panic("no words") }
	w = dialerTCP(t, s)()
	w.get("/store").isError(t, 405, "the method is not allowed; POST, OPTIONS are")
}

// TestCallEnds has the client of a call leave.
func TestCallEnds(t *testing.T) {
	var log logbook
	s, ended := newAPISite(t, &log)
	w := dialerTCP(t, s)()
	w.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345")
	if err := <-ended; err != nil {
		t.Errorf("body: %v", err)
	}
	w.conn.Close()
	if err := <-ended; err == nil || err.Error() != "the client has left" {
		t.Errorf("the call ended with %v", err)
	}
	if line := log.lines(t, 1)[0]; line["status"] != 499.0 {
		t.Errorf("line %v, want a client that left", line)
	}
}

// TestCallEndsWithServer ends a call because its server must.
func TestCallEndsWithServer(t *testing.T) {
	s, ended := newAPISite(t, io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	ln := listen(t)
	srv := s.Server(ctx)
	go srv.Serve(s.Listen(ln))
	t.Cleanup(func() { srv.Shutdown() })
	w := newWire(t, dial(t, ln))
	w.send("POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
	<-ended
	cancel()
	if r := w.read("POST"); r.status != 503 || r.body != told(503, "the server is stopping") {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestCallLog has a secret in every place of a request that may have one.
func TestCallLog(t *testing.T) {
	var log logbook
	s, _ := newAPISite(t, &log)
	w := dialerTCP(t, s)()
	const secret = "hunter2"
	w.get("/crop?key="+secret, "WWW-Authenticate: "+secret, "X-Request-ID: one").has(t, 200, "X-Request-ID: one")
	w.send("POST /store?key=" + secret + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + secret + "\r\n")
	w.read("POST").has(t, 400)
	w = dialerTCP(t, s)()
	w.send("POST /nowhere?key=" + secret + " HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n" + secret)
	w.read("POST").has(t, 404)
	lines := log.lines(t, 3)
	if l := lines[0]; l["path"] != "/crop" || l["method"] != "GET" || l["status"] != 200.0 || l["request_id"] != "one" {
		t.Errorf("line %v", l)
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log has the secret:\n%s", log.String())
	}
	for _, name := range []string{"crop", "store", "absent"} {
		if !strings.Contains(scrape(t, s), `route="`+name+`"`) {
			t.Errorf("no route %s in the metrics", name)
		}
	}
}

// scrape returns the metrics of the site.
func scrape(t *testing.T, s *web.Site) string {
	t.Helper()
	r := httptest.NewRecorder()
	s.Recorder.(*metrics.Metrics).Handler().ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return r.Body.String()
}
