package web_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"pixedge/internal/delivery"
	"pixedge/internal/origin"
)

// A secrecy says of every picture that it is private.
type secrecy struct{ delivery.Fetcher }

func (s secrecy) Fetch(ctx context.Context, name string) (origin.Original, error) {
	o, err := s.Fetcher.Fetch(ctx, name)
	o.Private = true
	return o, err
}

// TestPrivatePicture knows the ETag of a private picture of an open cloud, asks without
// a signature, and learns nothing; its Cache-Control follows the signature.
func TestPrivatePicture(t *testing.T) {
	s := newSite(t, io.Discard)
	cloud, err := s.Images.(*delivery.Service).Clouds.Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	cloud.Zones[""] = delivery.Zone{Fetcher: secrecy{cloud.Zones[""].Fetcher}, Mutable: true}
	w := dialer(t, s)()
	for _, uri := range []string{"/v2/demo/original/a.jpg", "/v2/demo/t.flip()/a.jpg?f_auto=true", "/v2/demo/info/a.jpg"} {
		w.get(uri).has(t, 401, "Cache-Control: no-store") // nothing is cached yet
		signed := sign(t, s, uri, 100)
		full := w.get(signed)
		full.has(t, 200, "X-Cache: HIT")
		if life := full.header.Get("Cache-Control"); !strings.HasPrefix(life, "public, max-age=") || len(life) > len("public, max-age=100") {
			t.Errorf("%s: Cache-Control %q", uri, life)
		}
		tag := full.header.Get("ETag")
		w.get(signed, "If-None-Match: "+tag).has(t, 304, "ETag: "+tag)
		for _, method := range []string{"GET", "HEAD"} {
			for _, match := range []string{tag, "W/" + tag, "*"} {
				r := w.ask(method, uri, "If-None-Match: "+match, "Range: bytes=0-1")
				r.has(t, 401, "Cache-Control: no-store", "ETag: -", "X-Cache: -", "Content-Disposition: -")
				if strings.Contains(r.body, "jpeg") {
					t.Errorf("%s %s gives %q", method, uri, r.body)
				}
			}
		}
	}
}
