package web_test

import (
	"io"
	"strings"
	"testing"
)

// TestAbsoluteTarget asks as one asks a proxy. The host is that of the target:
// img.example.com belongs to a cloud, and the header Host says cdn.example.com.
func TestAbsoluteTarget(t *testing.T) {
	s := newSite(t, io.Discard)
	w := dialer(t, s)()
	signed := sign(t, s, "/v2/vault/t.flip()/a.jpg", 100)
	for _, uri := range []string{
		"http://cdn.example.com/v2/demo/original/a.jpg",
		"https://cdn.example.com/v2/demo/original/a.jpg",
		"HTTPS://CDN.example.com:8443/v2/demo/original/a.jpg?v=1",
		"http://[::1]:80/v2/demo/original/a.jpg",
		"http://elsewhere" + signed,
		"http://img.example.com/v2/original/a.jpg",
		"hTTp://IMG.example.com:8080/v2/original/a.jpg",
		"http://cdn.example.com/health",
		"http://cdn.example.com/ready?x",
	} {
		if r := w.get(uri); r.status != 200 {
			t.Errorf("%s: status %d: %s", uri, r.status, r.body)
		}
	}
	if r := w.get("/v2/original/a.jpg"); r.status == 200 {
		t.Error("the host of one request is that of the next")
	}
	w.get("/v2/demo/t.flip()/a.jpg")
	w.get("http://x/v2/demo/t.flip()/a.jpg").has(t, 200, "X-Cache: HIT")
	w.ask("OPTIONS", "http://img.example.com").has(t, 204)
}

func TestAbsoluteTargetRefused(t *testing.T) {
	var log logbook
	w := dialer(t, newSite(t, &log))()
	const picture = "/v2/demo/original/a.jpg"
	for _, uri := range []string{
		"http://" + picture,
		"http://?v=1",
		"https://user:hunter2@cdn.example.com" + picture,
	} {
		w.get(uri).isError(t, 400, "the URL has no host, or has a user")
	}
	for uri, status := range map[string]int{
		"http://cdn.example.com":                  404,
		"http://cdn.example.com?v=1":              404,
		"http://cdn.example.com#" + picture:       400,
		"ftp://cdn.example.com" + picture:         400,
		"http://http://cdn.example.com" + picture: 400,
	} {
		w.get(uri).has(t, status)
	}
	log.lines(t, 8)
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has a password:\n%s", log.String())
	}
}

func TestAbsoluteTargetLogged(t *testing.T) {
	var log logbook
	w := dialer(t, newSite(t, &log))()
	w.get("http://cdn.example.com/v2/demo/original/a.jpg?v=1")
	if path := log.lines(t, 1)[0]["path"]; path != "/v2/demo/original/a.jpg" {
		t.Errorf("path %v in the log, want that without scheme and host", path)
	}
}
