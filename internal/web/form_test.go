package web_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"pixedge/internal/form"
	"pixedge/internal/web"
)

// newFormSite returns how to connect to a site with an endpoint that reads forms
// with files of 1 MiB.
func newFormSite(t *testing.T) func() *wire {
	t.Helper()
	s, _ := newAPISite(t, io.Discard)
	s.Config.MaxUpload = 100 << 20
	limits := form.Limits{MaxFile: 1 << 20, Large: []string{"img"}, Spool: t.TempDir()}
	s.APIs[0].Endpoints = []web.Endpoint{{Name: "store", Methods: []string{"POST"}, Path: "/store", Body: true, Serve: func(_ context.Context, c *web.Call) (web.Reply, error) {
		f, err := form.Read(c.Query, c.ContentType, c.Body, c.Length, limits)
		if err != nil {
			return web.Reply{}, err
		}
		defer f.Close()
		key, err := f.Text("key")
		if f.File() == nil {
			return web.Reply{ContentType: "application/json", Body: []byte(key)}, err
		}
		return text("%s %d", key, f.File().Size)
	}}}
	return dialerTCP(t, s)
}

// TestForms sends forms, good ones and others, over a connection.
func TestForms(t *testing.T) {
	connect := newFormSite(t)
	file := func(n int, behind string) string {
		return "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + strings.Repeat("x", n) +
			"\r\n--b\r\nContent-Disposition: form-data; name=key\r\n\r\nk\r\n--b--\r\n" + behind
	}
	const multi = "multipart/form-data; boundary=b"
	for _, tt := range []struct {
		name, kind, body string
		status           int
		want             string
		ends             bool // the connection
	}{
		{"urlencoded", "application/x-www-form-urlencoded", "key=k", 200, "k", false},
		{"JSON", "application/json", `{"key":"k"}`, 200, "k", false},
		{"broken JSON", "application/json", `{"key":`, 400, told(400, "the JSON of the body is broken at byte 7"), false},
		{"small file", multi, file(10, ""), 200, "k 10", false},
		{"file", multi, file(1<<20, ""), 200, "k 1048576", false},
		{"epilogue", multi, file(1<<20, strings.Repeat("epilogue", 1000)), 200, "k 1048576", false},
		{"long epilogue", multi, file(10, strings.Repeat(second, 2000)), 200, "k 10", true},
		{"large file", multi, file(1<<20+1, ""), 413, told(413, "the file is larger than 1048576 bytes"), false},
		{"far too large file", multi, file(7<<20, ""), 413, told(413, "the file is larger than 1048576 bytes"), true},
		{"absurd file", multi, file(30<<20, ""), 413, "", true},
		{"no boundary", "multipart/form-data", file(10, ""), 400, told(400, "the content type of the body must have a boundary of 1 to 70 characters"), false},
		{"other type", "text/plain", "x", 415, "", false},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", chunked), func(t *testing.T) {
				w := connect()
				body, head := tt.body, fmt.Sprintf("Content-Length: %d", len(tt.body))
				if chunked {
					body, head = chunk(body, 50_000), "Transfer-Encoding: chunked"
				}
				w.send("POST /store HTTP/1.1\r\nHost: x\r\nContent-Type: " + tt.kind + "\r\n" + head + "\r\n\r\n" + body)
				r := w.read("POST")
				r.has(t, tt.status)
				if tt.want != "" && r.body != tt.want {
					t.Errorf("body %q, want %q", r.body, tt.want)
				}
				if tt.ends {
					r.has(t, tt.status, "Connection: close")
					w.isClosed()
					return
				}
				w.get("/health").has(t, 200)
			})
		}
	}
	w := connect()
	w.send("POST /store HTTP/1.1\r\nHost: x\r\nContent-Type: " + multi + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\nzz")
	if r := w.read("POST"); r.status != 400 || r.body != told(400, "the chunks of the request body cannot be read") {
		t.Errorf("%d %s of a chunk that lies", r.status, r.body)
	}
}
