package web_test

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPictureHeaders(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	const uri = "/v2/demo/t.flip()/a.jpg"
	constant := []string{
		"Content-Type: image/jpeg",
		"Cache-Control: public, max-age=31536000, immutable",
		"X-Content-Type-Options: nosniff",
		"Access-Control-Allow-Origin: *",
		"Cross-Origin-Resource-Policy: cross-origin",
		"Timing-Allow-Origin: *",
		"Vary: -",
		"Set-Cookie: -",
		"Content-Disposition: -",
		"Server: pixedge",
	}
	first := w.get(uri)
	first.has(t, 200, append(constant, "X-Cache: MISS", "Cache-Status: pixedge; fwd=uri-miss")...)
	if first.body != "t.flip() of "+jpeg || first.length != int64(len(first.body)) {
		t.Errorf("body %q with length %d", first.body, first.length)
	}
	if tag := first.header.Get("ETag"); !regexp.MustCompile(`^"[0-9a-f]{32}"$`).MatchString(tag) {
		t.Errorf("ETag %s is not a strong tag", tag)
	}
	second := w.get(uri)
	second.has(t, 200, append(constant, "X-Cache: HIT", "Cache-Status: pixedge; hit", "ETag: "+first.header.Get("ETag"))...)
	if second.body != first.body {
		t.Errorf("the hit has the body %q", second.body)
	}
	if a, b := first.header.Get("X-Request-ID"), second.header.Get("X-Request-ID"); a == "" || a == b {
		t.Errorf("request ids %q and %q, want two", a, b)
	}
}

func TestServerTiming(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, want := range []string{
		`^verify;dur=[0-9.]+, fetch;dur=[0-9.]+, render;dur=[0-9.]+, total;dur=[0-9.]+$`,
		`^verify;dur=[0-9.]+, total;dur=[0-9.]+$`,
	} {
		if got := w.get("/v2/demo/t.flip()/a.jpg").header.Get("Server-Timing"); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("Server-Timing %q does not match %s", got, want)
		}
	}
}

func TestNotModified(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	const uri = "/v2/demo/t.flip()/a.jpg?f_auto=true"
	full := w.get(uri, "Accept: image/webp")
	tag := full.header.Get("ETag")
	for _, tt := range []struct {
		header string
		status int
	}{
		{tag, 304},
		{"W/" + tag, 304},
		{`"other", ` + tag + `, W/"more"`, 304},
		{"*", 304},
		{`"other"`, 200},
		{strings.Trim(tag, `"`), 200},
		{"", 200},
		{",,,", 200},
		{strings.ToUpper(tag), 200},
	} {
		r := w.get(uri, "Accept: image/webp", "If-None-Match: "+tt.header)
		r.has(t, tt.status, "ETag: "+tag, "Cache-Control: "+full.header.Get("Cache-Control"), "Vary: Accept",
			"Access-Control-Allow-Origin: *", "X-Cache: HIT")
		if r.status == 304 {
			r.has(t, 304, "Content-Type: -", "Content-Length: -", "Content-Encoding: -")
		}
		if r.status == 304 && r.body != "" || r.status == 200 && r.body != full.body {
			t.Errorf("If-None-Match %s: body %q", tt.header, r.body)
		}
	}
}

// TestHead compares HEAD with GET, for pictures, errors and the rest.
func TestHead(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	w.get("/v2/demo/t.flip()/a.jpg") // into the cache
	w.get("/v2/demo/original/a.svg")
	for _, uri := range []string{
		"/v2/demo/t.flip()/a.jpg", "/v2/demo/t.flip()/a.jpg?download", "/v2/demo/original/a.svg", "/v2/demo/original/missing.jpg",
		"/v2/vault/original/a.jpg", "/nonsense", "/health", "/ready",
	} {
		get, head := w.get(uri, "X-Request-ID: same"), w.ask("HEAD", uri, "X-Request-ID: same")
		for _, varies := range []string{"Date", "Server-Timing"} {
			get.header.Del(varies)
			head.header.Del(varies)
		}
		if head.status != get.status || !maps.EqualFunc(head.header, get.header, slices.Equal) {
			t.Errorf("%s: HEAD gives %d %v, GET %d %v", uri, head.status, head.header, get.status, get.header)
		}
		if head.body != "" || head.length != int64(len(get.body)) {
			t.Errorf("%s: HEAD has the body %q and the length %d, GET sends %d bytes", uri, head.body, head.length, len(get.body))
		}
	}
}

// TestRange serves all of a picture whatever part is asked for.
func TestRange(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, part := range []string{"bytes=0-1", "bytes=-1", "bytes=5-", "bytes=999999-", "bytes=0-1,3-4", "lines=1", "bytes=1-0"} {
		for _, condition := range []string{"X: y", `If-Range: "other"`} {
			r := w.get("/v2/demo/original/a.jpg", "Range: "+part, condition)
			r.has(t, 200, "Content-Range: -", "Accept-Ranges: -")
			if r.body != jpeg {
				t.Errorf("Range %s: body %q", part, r.body)
			}
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	tests := []struct{ uri, origin, allow, vary string }{
		{"/v2/demo/original/a.jpg", "https://any.example", "*", "-"},
		{"/v2/demo/original/a.jpg?f_auto=true", "https://any.example", "*", "Accept"},
		{"/v2/shop/original/a.jpg", "https://shop.example", "https://shop.example", "Origin"},
		{"/v2/shop/original/a.jpg", "https://www.shop.example", "https://www.shop.example", "Origin"},
		{"/v2/shop/original/a.jpg", "https://evil.example", "-", "Origin"},
		{"/v2/shop/original/a.jpg", "https://shop.example.evil.example", "-", "Origin"},
		{"/v2/shop/original/a.jpg", "null", "-", "Origin"},
		{"/v2/shop/original/a.jpg", "", "-", "Origin"},
		{"/v2/shop/original/a.jpg?f_auto=true", "https://shop.example", "https://shop.example", "Origin, Accept"},
		{"/v2/shop/original/missing.jpg", "https://shop.example", "https://shop.example", "Origin"},
		{"/v2/shop/original/missing.jpg", "https://evil.example", "-", "Origin"},
		{"/v2/shop/original/missing.jpg?f_auto=true", "https://evil.example", "-", "Origin, Accept"},
		{"/v2/closed/original/a.jpg", "https://any.example", "-", "-"},
		{"/v2/closed/original/a.jpg?f_auto=true", "https://any.example", "-", "Accept"},
		{"/v2/closed/original/missing.jpg", "https://any.example", "-", "-"},
		{"/v2/nobody/original/a.jpg", "https://any.example", "*", "-"},
	}
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range tests {
		r := w.get(tt.uri, "Origin: "+tt.origin)
		t.Log(tt.uri, tt.origin)
		r.has(t, r.status, "Access-Control-Allow-Origin: "+tt.allow, "Vary: "+tt.vary, "Access-Control-Allow-Credentials: -")
	}
}

func TestOptions(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range []struct{ uri, allow string }{
		{"/v2/demo/original/a.jpg", "*"},
		{"/v2/shop/original/a.jpg", "https://shop.example"},
		{"/v2/closed/original/a.jpg", "-"},
		{"/v2/vault/original/a.jpg", "*"}, // browsers do not sign what they ask first
		{"/health", "*"},
		{"*", "*"},
	} {
		r := w.ask("OPTIONS", tt.uri, "Origin: https://shop.example", "Access-Control-Request-Method: GET")
		r.has(t, 204, "Allow: GET, HEAD, OPTIONS", "Access-Control-Allow-Methods: GET, HEAD, OPTIONS",
			"Access-Control-Allow-Headers: *", "Access-Control-Max-Age: 86400", "Access-Control-Allow-Origin: "+tt.allow)
		if r.body != "" {
			t.Errorf("%s: body %q", tt.uri, r.body)
		}
	}
}

// TestSigned holds the Cache-Control of signed pictures to the rest of the
// signature's life, and keeps everybody else out of the cache.
func TestSigned(t *testing.T) {
	s := newSite(t, io.Discard)
	w := dialer(t, s)()
	const uri, most = "/v2/vault/t.flip()/a.jpg", 100
	signed := sign(t, s, uri, most)
	for _, cached := range []string{"MISS", "HIT"} {
		r := w.get(signed)
		r.has(t, 200, "X-Cache: "+cached)
		text, ok := strings.CutPrefix(r.header.Get("Cache-Control"), "public, max-age=")
		seconds, err := strconv.Atoi(text)
		if !ok || err != nil || seconds > most || seconds < most-10 {
			t.Errorf("Cache-Control %q, want at most %d seconds and not immutable", r.header.Get("Cache-Control"), most)
		}
	}
	tag := w.get(signed).header.Get("ETag")
	for _, method := range []string{"GET", "HEAD"} {
		for _, refused := range []string{uri, uri + "?pbs=0&pbe=0&pbt=0", signed + "0", signed + "&dpr=2", sign(t, s, uri, -1)} {
			r := w.ask(method, refused, "If-None-Match: "+tag, "Range: bytes=0-1")
			r.has(t, 401, "Cache-Control: no-store", "ETag: -", "X-Cache: -")
			if strings.Contains(r.body, "flip") {
				t.Errorf("%s %s gives %q", method, refused, r.body)
			}
		}
	}
	w.get(signed, "If-None-Match: "+tag).has(t, 304, "ETag: "+tag)
}

func TestDisposition(t *testing.T) {
	tests := []struct{ uri, want string }{
		{"/v2/demo/original/a.jpg", "-"},
		{"/v2/demo/original/a.jpg?download", "attachment; filename*=UTF-8''a.jpg"},
		{"/v2/demo/original/a.jpg?download=false", "-"},
		{"/v2/demo/original/a.jpg?preview=true", "inline; filename*=UTF-8''a.jpg"},
		{"/v2/demo/original/a.jpg?preview&download", "attachment; filename*=UTF-8''a.jpg"},
		{"/v2/demo/t.toFormat(f:webp)/a.jpg?download", "attachment; filename*=UTF-8''a.webp"},
		{"/v2/demo/original/b%20c.jpg?download", "attachment; filename*=UTF-8''b%20c.jpg"},
		{"/v2/demo/original/wei%C3%9F;%22x%22.jpg?download", "attachment; filename*=UTF-8''wei%C3%9F%3B%22x%22.jpg"},
		{"/v2/demo/original/=:@.jpg?download", "attachment; filename*=UTF-8''%3D%3A%40.jpg"},
		{"/v2/demo/original/.hidden?download", "attachment; filename*=UTF-8''.hidden.jpg"},
	}
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range tests {
		w.get(tt.uri).has(t, 200, "Content-Disposition: "+tt.want)
	}
}

func TestSVG(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	w.get("/v2/demo/original/a.svg").has(t, 200, "Content-Type: image/svg+xml", "X-Content-Type-Options: nosniff",
		"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	w.get("/v2/demo/original/a.jpg").has(t, 200, "Content-Security-Policy: -")
}

// TestHostsAndSpellings asks over the wire what delivery's tests ask in
// process: fasthttp must not change what was sent.
func TestHostsAndSpellings(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range []struct {
		host, uri string
		status    int
	}{
		{"img.example.com", "/v2/original/a.jpg", 200},
		{"IMG.EXAMPLE.COM:8080", "/v2/original/a.jpg", 200},
		{"cdn.example.com", "/v2/demo/original/%61.jpg", 200},
		{"cdn.example.com", "/v2/demo/original/b%20c.jpg", 200},
		{"cdn.example.com", "/v2/demo/original/b+c.jpg", 404},
		{"cdn.example.com", "/v2/demo/original/%2561.jpg", 400},
		{"cdn.example.com", "/v2/demo/original//a.jpg", 400},
		{"cdn.example.com", "/v2/demo/original/x/../a.jpg", 400},
		{"cdn.example.com", "/v2/demo/original/%2e%2e/a.jpg", 400},
		{"cdn.example.com", "/v2/demo/original/a.jpg#x", 400},
		{"cdn.example.com", "/v2/demo/original/a.jpg%00", 400},
		{"cdn.example.com", "/v2/demo/original/a.jpg%0d%0aX:1", 400},
		{"cdn.example.com", "http://cdn.example.com/v2/demo/original/a.jpg", 200},
		{"img.example.com", "http://cdn.example.com/v2/original/a.jpg", 400}, // the target decides
	} {
		w.send(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nX-Original-URL: /v2/demo/original/a.svg\r\n\r\n", tt.uri, tt.host))
		if r := w.read("GET"); r.status != tt.status {
			t.Errorf("%s%s: status %d %s, want %d", tt.host, tt.uri, r.status, r.body, tt.status)
		}
	}
}
