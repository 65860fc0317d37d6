package web_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"pixedge/internal/delivery"
	"pixedge/internal/web"
)

// A someday keeps the jobs it is offered.
type someday map[string]func(context.Context) error

func (s someday) Offer(_, key string, job func(context.Context) error) { s[key] = job }

// newDeferring returns a site that makes AVIF when the test says so.
func newDeferring(t *testing.T, lifetime string) (*web.Site, func()) {
	t.Helper()
	site, jobs := newSite(t, io.Discard), make(someday)
	service := site.Images.(*delivery.Service)
	service.Later = jobs
	for _, name := range []string{"demo", "vault"} {
		c, err := service.Clouds.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Negotiation.Defer = true
		c.Lifetime = delivery.ParseLifetime(lifetime)
	}
	return site, func() {
		t.Helper()
		for _, job := range jobs {
			if err := job(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestInterimHeaders asks for a picture before and after there is an AVIF.
func TestInterimHeaders(t *testing.T) {
	for _, tt := range []struct{ lifetime, interim string }{
		{"public, max-age=31536000, immutable", "public, max-age=30"},
		{"private, max-age=5", "private, max-age=5"},
		{"public, max-age=60, s-maxage=9", "public, max-age=30, s-maxage=9"},
		{"no-store", "no-store"},
	} {
		site, carryOut := newDeferring(t, tt.lifetime)
		w := dialer(t, site)()
		const uri, accept = "/v2/demo/t.flip()/a.jpg?f_auto=true", "Accept: image/avif,image/webp"
		first := w.get(uri, accept)
		first.has(t, 200, "Content-Type: image/webp", "Vary: Accept", "Cache-Control: "+tt.interim, "X-Cache: MISS")
		tag := first.header.Get("ETag")
		if timing := first.header.Get("Server-Timing"); !strings.HasSuffix(timing, `, interim;desc="AVIF is yet to be made"`) {
			t.Errorf("Server-Timing %q", timing)
		}
		w.get(uri, accept, "If-None-Match: "+tag).has(t, 304, "Cache-Control: "+tt.interim, "ETag: "+tag, "Vary: Accept")
		shared := w.get(uri, "Accept: image/webp")
		shared.has(t, 200, "Content-Type: image/webp", "Cache-Control: "+tt.lifetime, "ETag: "+tag, "X-Cache: HIT")
		if timing := shared.header.Get("Server-Timing"); strings.Contains(timing, "interim") {
			t.Errorf("Server-Timing %q", timing)
		}
		carryOut()
		last := w.get(uri, accept, "If-None-Match: "+tag)
		last.has(t, 200, "Content-Type: image/avif", "Vary: Accept", "Cache-Control: "+tt.lifetime, "X-Cache: HIT")
		w.get(uri, accept, "If-None-Match: "+last.header.Get("ETag")).has(t, 304, "Cache-Control: "+tt.lifetime)
	}
}

// TestInterimSigned keeps neither the interim picture nor the AVIF longer than the
// signature is good for.
func TestInterimSigned(t *testing.T) {
	site, carryOut := newDeferring(t, "public, max-age=31536000")
	w := dialer(t, site)()
	const accept = "Accept: image/avif,image/webp"
	long, short := sign(t, site, "/v2/vault/t.flip()/a.jpg?f_auto=true", 3600), sign(t, site, "/v2/vault/t.flop()/a.jpg?f_auto=true", 9)
	w.get(long, accept).has(t, 200, "Content-Type: image/webp", "Cache-Control: public, max-age=30")
	if life := w.get(short, accept).header.Get("Cache-Control"); len(life) != len("public, max-age=9") {
		t.Errorf("Cache-Control %q with 9 seconds left", life)
	}
	carryOut()
	last := w.get(long, accept)
	last.has(t, 200, "Content-Type: image/avif")
	if life := last.header.Get("Cache-Control"); !strings.HasPrefix(life, "public, max-age=3") || len(life) != len("public, max-age=3600") {
		t.Errorf("Cache-Control %q with an hour left", life)
	}
}
