package delivery_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
)

func TestImage(t *testing.T) {
	e := newEdge(t)
	first := e.want(t, "/v2/demo/t.resize(w:200)/a.jpg", "t.resize(w:200) of "+jpeg+" of demo")
	if first.Outcome != cache.Miss || first.Route.Cloud.Name != "demo" || first.Route.Name != "a.jpg" {
		t.Errorf("answer = %+v", first)
	}
	if tag := first.Picture.ETag; len(tag) != 34 || tag[0] != '"' || tag[33] != '"' {
		t.Errorf("ETag = %s, want 32 digits in quotes", tag)
	}
	second := e.want(t, "/v2/demo/t.resize(w:200)/a.jpg", "t.resize(w:200) of")
	if second.Outcome != cache.Hit || second.Picture != first.Picture {
		t.Errorf("the second answer is a %v", second.Outcome)
	}
	e.counts(t, 1, 1)
}

// TestRenderedTime tells a picture that was rendered from one that was passed
// on.
func TestRenderedTime(t *testing.T) {
	e := newEdge(t)
	if a := e.want(t, "/v2/demo/original/a.jpg", jpeg+" of demo"); a.Picture.Rendered != 0 {
		t.Errorf("an original was rendered for %v", a.Picture.Rendered)
	}
	if a := e.want(t, "/v2/demo/t.flip()/a.jpg", "t.flip() of"); a.Picture.Rendered <= 0 || a.Picture.Fetched <= 0 {
		t.Errorf("fetched for %v, rendered for %v; want both over 0", a.Picture.Fetched, a.Picture.Rendered)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		uri  string
		want fault.Kind
	}{
		{"/v2/demo", fault.Invalid},
		{"/v2/demo/original/../a.jpg", fault.Invalid},
		{"/v2/demo/original/" + strings.Repeat("a/", 5000) + "a.jpg", fault.TooLong},
		{"/v2/nobody/original/a.jpg", fault.NotFound},
		{"/v2/demo/zone99/original/a.jpg", fault.NotFound},
		{"/v2/demo/original/missing.jpg", fault.NotFound},
		{"/v2/demo/original/text.jpg", fault.Unsupported},
		{"/v2/demo/t.unknown()/a.jpg", fault.Invalid},
		{"/v2/demo/t.resize(w:-1)/a.jpg", fault.Invalid},
		{"/v2/demo/p:preset/a.jpg", fault.Invalid},
		{"/v2/demo/t.toFormat(f:heif)/a.jpg", fault.Unsupported},
		{"/v2/demo/original/a.jpg?dpr=99", fault.Invalid},
		{"/v2/vault/original/a.jpg", fault.Unauthorized},
		{"/v2/demo/original/a.jpg?pbs=x", fault.Unauthorized},
	}
	e := newEdge(t)
	for _, tt := range tests {
		e.refuse(t, tt.uri, tt.want)
		e.refuse(t, tt.uri, tt.want)
	}
}

// TestOrder holds the road to its order: what is cheap to refuse is refused
// before what costs.
func TestOrder(t *testing.T) {
	e := newEdge(t)
	e.refuse(t, "/v2/vault/t.unknown()/a.jpg", fault.Unauthorized)           // not Invalid: the signature comes before the compiler
	e.refuse(t, "/v2/vault/original/missing.jpg", fault.Unauthorized)        // not NotFound: and before the origin
	e.refuse(t, e.sign(t, "/v2/vault/t.unknown()/a.jpg", 60), fault.Invalid) // the compiler comes next
	e.refuse(t, "/v2/demo/t.unknown()/missing.jpg", fault.Invalid)           // not NotFound
	e.refuse(t, "/v2/demo/t.resize(w:99999999)/missing.jpg", fault.Invalid)  // arguments too
	e.refuse(t, "/v2/demo/zone99/t.unknown()/missing.jpg", fault.NotFound)   // there is no such zone to ask
	e.counts(t, 0, 0)
	e.refuse(t, "/v2/demo/t.flip()/missing.jpg", fault.NotFound)
	e.counts(t, 1, 0)
}

// TestOriginalsAreReleased holds that the memory of an original is given back
// whatever comes of it, and that no picture needs it any more: releasing wipes it.
func TestOriginalsAreReleased(t *testing.T) {
	e := newEdge(t)
	for uri, want := range map[string]string{
		"/v2/demo/original/a.jpg":             jpeg + " of demo",
		"/v2/demo/t.compress(q:90)/a.jpg":     jpeg + " of demo",
		"/v2/demo/t.flip()/a.jpg":             "t.flip() of " + jpeg + " of demo",
		"/v2/demo/t.merge(i:__a.gif__)/a.jpg": "",
		"/v2/demo/info/a.jpg":                 "{",
		"/v2/demo/original/none.jpg":          "",
		"/v2/demo/original/text.jpg":          "",
		"/v2/demo/zone01/original/a.jpg":      jpeg + " of zone01",
	} {
		answer, err := e.Image(t.Context(), delivery.Request{URI: []byte(uri)})
		if want != "" && (err != nil || !strings.HasPrefix(string(answer.Picture.Data), want)) {
			t.Errorf("%s: %v, want %q", uri, err, want)
		}
	}
	failure := errors.New("a render fails")
	e.fail.Store(&failure)
	if _, err := e.Image(t.Context(), delivery.Request{URI: []byte("/v2/demo/t.flop()/a.jpg")}); !errors.Is(err, failure) {
		t.Errorf("Image = %v, want %v", err, failure)
	}
	if n := e.held.Load(); n != 0 || e.fetches.Load() < 5 {
		t.Errorf("after %d fetches, %d originals are not released", e.fetches.Load(), n)
	}
}

// TestStampede has a thousand clients ask for one missing picture.
func TestStampede(t *testing.T) {
	const clients = 1000
	e := newEdge(t)
	e.gate = make(chan struct{})
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	ready.Add(clients)
	for range clients {
		wg.Go(func() {
			ready.Done()
			answer, err := e.ask("", "/v2/demo/t.flip()/a.jpg", "")
			if err != nil || !strings.HasPrefix(string(answer.Picture.Data), "t.flip() of") {
				t.Errorf("Image = %+v, %v", answer.Picture, err)
			}
		})
	}
	ready.Wait()
	time.Sleep(20 * time.Millisecond) // let most of them begin to wait
	close(e.gate)
	wg.Wait()
	e.counts(t, 1, 1)
}

func TestErrorsAreNotRemembered(t *testing.T) {
	const uri = "/v2/demo/t.flip()/a.jpg"
	e := newEdge(t)
	broken := fault.Errorf(fault.Overloaded, "too many pictures")
	e.fail.Store(&broken)
	e.refuse(t, uri, fault.Overloaded)
	e.refuse(t, uri, fault.Overloaded)
	e.fail.Store(nil)
	e.want(t, uri, "t.flip() of")
	e.counts(t, 3, 3)
}

// TestRouteOfFailure lets web answer with the headers of the right cloud.
func TestRouteOfFailure(t *testing.T) {
	tests := []struct{ host, uri, want string }{
		{"", "/v2/demo/t.unknown()/a.jpg", "demo"},
		{"", "/v2/demo/original/missing.jpg", "demo"},
		{"", "/v2/vault/original/a.jpg", "vault"},
		{"img.example.com", "/v2/../a.jpg", "demo"},
		{"", "/v2/nobody/original/a.jpg", ""},
		{"", "/", ""},
	}
	e := newEdge(t)
	for _, tt := range tests {
		answer, err := e.ask(tt.host, tt.uri, "")
		if err == nil {
			t.Errorf("%s: no error", tt.uri)
		}
		var got string
		if answer.Route != nil && answer.Route.Cloud != nil {
			got = answer.Route.Cloud.Name
		}
		if got != tt.want {
			t.Errorf("%s: cloud %q, want %q", tt.uri, got, tt.want)
		}
	}
}

func TestETagIsOfTheBytes(t *testing.T) {
	one, two := newEdge(t), newEdge(t)
	const uri = "/v2/demo/t.flip()/a.jpg"
	first, second := one.want(t, uri, ""), two.want(t, uri, "")
	if first.Picture.ETag != second.Picture.ETag {
		t.Errorf("two edges give %s and %s", first.Picture.ETag, second.Picture.ETag)
	}
	if third := one.want(t, "/v2/demo/t.flop()/a.jpg", ""); third.Picture.ETag == first.Picture.ETag {
		t.Errorf("two pictures have the tag %s", third.Picture.ETag)
	}
}

func TestPictureCost(t *testing.T) {
	if got := (&delivery.Picture{Image: media.Image{Data: make([]byte, 1000)}}).Cost(); got != 1000 {
		t.Errorf("Cost = %d, want 1000", got)
	}
}
