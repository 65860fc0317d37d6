package web_test

import (
	"io"
	"net/url"
	"strings"
	"testing"
)

const contextOf = "/service/platform/transformation/context?url="

func TestContext(t *testing.T) {
	site := newSite(t, io.Discard)
	w := dialer(t, site)()
	signed := sign(t, site, "/v2/vault/t.flip()/a.jpg", 60)
	for _, target := range []string{
		"/v2/demo/t.flip()/a.jpg",
		"/v2/demo/t.flip()/b c.jpg", // as PixelBin's SDK sends it
		"/v2/demo/t.flip()/b%20c.jpg?dpr=2",
		"http://img.example.com/v2/t.flip()/a.jpg",
		"HTTPS://cdn.example.com/v2/demo/t.flip()/a.jpg",
		signed,
	} {
		r := w.get(contextOf + url.QueryEscape(target))
		r.has(t, 200, "Content-Type: application/json", "X-Content-Type-Options: nosniff")
		if !strings.Contains(r.body, `{"context":{"steps":[{"name":"t.flip","operation":"flip","identifier":"t","data":{}}],"metadata":{`) {
			t.Errorf("%s: %s", target, r.body)
		}
	}
	r := w.get(contextOf + url.QueryEscape(signed))
	if life := r.header.Get("Cache-Control"); !strings.Contains(life, "max-age=5") && !strings.Contains(life, "max-age=60") {
		t.Errorf("Cache-Control %q outlives the signature", life)
	}
	w.get(contextOf+url.QueryEscape("/v2/demo/t.flip()/a.jpg"), "If-None-Match: *").has(t, 304)
}

func TestContextErrors(t *testing.T) {
	site := newSite(t, io.Discard)
	w := dialer(t, site)()
	signed := sign(t, site, "/v2/vault/t.flip()/a.jpg", 60)
	bare, signature, _ := strings.Cut(signed, "?")
	w.get(contextOf+url.QueryEscape(signed)).has(t, 200)
	const path = "/service/platform/transformation/context"
	for uri, status := range map[string]int{
		path:                  400,
		contextOf:             400,
		contextOf + "%zz":     400,
		contextOf + "v2/demo": 400,
		contextOf + "/v2/demo/t.flip()/a.jpg&url=/v2/demo/t.flop()/a.jpg":            400,
		contextOf + url.QueryEscape("/v2/demo/t.flip()/a.jpg\r\nX: y"):               400,
		contextOf + url.QueryEscape("/v2/demo/t.flip()/a.jpg#x"):                     400,
		contextOf + url.QueryEscape("http://user@img.example.com/v2/t.flip()/a.jpg"): 400,
		contextOf + url.QueryEscape(path+"?url=/v2/demo/t.flip()/a.jpg"):             400,
		contextOf + url.QueryEscape("/v2/demo/info/a.jpg"):                           400,
		contextOf + "/v2/demo/original/none.jpg":                                     404,
		contextOf + url.QueryEscape(bare):                                            401,
		contextOf + bare + "?" + signature:                                           401, // it is the query's, not the URL's
		contextOf + url.QueryEscape(bare) + "&" + signature:                          401,
		contextOf + url.QueryEscape(strings.Replace(signed, "flip", "flop", 1)):      401,
		contextOf + url.QueryEscape("/v2/vault/info/a.jpg?"+signature):               401,
	} {
		if r := w.get(uri); r.status != status {
			t.Errorf("%s: %d: %s, want %d", uri, r.status, r.body, status)
		}
	}
	w.get(contextOf+"/v2/demo/t.flip()/a.jpg", "CDN-Loop: edge-1").isError(t, 508, "a source of this picture leads back to this edge")
}
