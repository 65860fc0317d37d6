package delivery_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
)

// TestOneKey asks for one picture in many spellings: it is made once.
func TestOneKey(t *testing.T) {
	spellings := []struct{ host, uri string }{
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100)/a.jpg"},
		{"cdn.example.com", "/v2/demo/t.resize(h:100,w:200)/a.jpg"},
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100,f:cover)/a.jpg"},
		{"cdn.example.com", "/v2/demo/t.resize%28w:200,h:100%29/%61.jpg"},
		{"cdn.example.com", "/v1/demo/t.resize(w:200,h:100)/a.jpg"},
		{"cdn.example.com", "/demo/t.resize(w:200,h:100)/a.jpg"},
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100)/a.jpg?v=2"},
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100)/a.jpg?download"},
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100)/a.jpg?utm_source=x"},
		{"cdn.example.com", "/v2/demo/t.resize(w:200,h:100)/a.jpg?dpr=1"},
		{"", "/v2/demo/t.resize(w:200,h:100)/a.jpg"},
		{"img.example.com", "/v2/t.resize(w:200,h:100)/a.jpg"},
		{"img.example.com:8080", "/v2/t.resize(w:200,h:100)/a.jpg"},
		{"IMG.Example.COM", "/v2/t.resize(w:200,h:100)/a.jpg"},
		{"IMG.Example.COM:443", "/v1/t.resize(h:100,w:200)/a.jpg"},
		{"pics.example.com:8443", "/v2/t.resize(w:200,h:100)/a.jpg"},
	}
	e := newEdge(t)
	for i, s := range spellings {
		answer, err := e.ask(s.host, s.uri, "image/webp")
		if err != nil {
			t.Errorf("%s%s: %v", s.host, s.uri, err)
			continue
		}
		if i > 0 && answer.Outcome != cache.Hit {
			t.Errorf("%s%s is a %v", s.host, s.uri, answer.Outcome)
		}
	}
	e.counts(t, 1, 1)
}

// TestOtherKeys asks for pictures that differ in one thing only.
func TestOtherKeys(t *testing.T) {
	requests := []struct{ uri, want string }{
		{"/v2/demo/t.resize(w:200)/a.jpg", "t.resize(w:200) of " + jpeg + " of demo"},
		{"/v2/demo/t.resize(w:201)/a.jpg", "t.resize(w:201) of " + jpeg + " of demo"},
		{"/v2/other/t.resize(w:200)/a.jpg", "t.resize(w:200) of " + jpeg + " of other"},
		{"/v2/demo/zone01/t.resize(w:200)/a.jpg", "t.resize(w:200) of " + jpeg + " of zone01"},
		{"/v2/demo/t.resize(w:200)/private/a.jpg", "t.resize(w:200) of " + jpeg + " of demo"},
		{"/v2/demo/t.resize(w:200)~t.flip()/a.jpg", "t.resize(w:200)~t.flip() of"},
		{"/v2/demo/t.flip()~t.resize(w:200)/a.jpg", "t.flip()~t.resize(w:200) of"},
		{"/v2/demo/t.resize(w:200)~t.toFormat(f:png)/a.jpg", "t.resize(w:200)>png,quality 75 of"},
		{"/v2/demo/t.resize(w:200)~t.compress(q:50)/a.jpg", "t.resize(w:200)>,quality 50 of"},
		{"/v2/demo/t.resize(w:200)/a.jpg?dpr=2", "t.resize(w:200,dpr:2) of"},
		{"/v2/demo/original/a.jpg", jpeg + " of demo"},
		{"/v2/other/original/a.jpg", jpeg + " of other"},
		{"/v2/demo/zone01/original/a.jpg", jpeg + " of zone01"},
	}
	e := newEdge(t)
	for _, r := range requests {
		e.want(t, r.uri, r.want)
	}
	for _, r := range requests { // now out of the cache
		if a := e.want(t, r.uri, r.want); a.Outcome != cache.Hit {
			t.Errorf("%s is a %v", r.uri, a.Outcome)
		}
	}
	e.counts(t, int64(len(requests)), int64(len(requests)))
}

// TestHosts finds clouds by what clients send as Host.
func TestHosts(t *testing.T) {
	demo := &delivery.Cloud{Name: "demo"}
	clouds := delivery.NewClouds()
	if clouds.OfHost([]byte("img.example.com")) != nil {
		t.Error("an empty directory has a host")
	}
	clouds.Add(demo, "img.example.com", "pics.example.com:8443", "[::1]:8080")
	for _, tt := range []struct {
		host string
		want *delivery.Cloud
	}{
		{"img.example.com", demo},
		{"Img.Example.Com", demo},
		{"img.example.com:80", demo},
		{"pics.example.com:8443", demo},
		{"PICS.example.com:8443", demo},
		{"pics.example.com", nil},
		{"pics.example.com:443", nil},
		{"[::1]:8080", demo},
		{"[::1]", nil},
		{"example.com", nil},
		{"x.img.example.com", nil},
		{"img.example.com.evil.example", nil},
		{"img.example.com@evil.example", nil},
		{"", nil},
		{":", nil},
		{string(make([]byte, 10_000)), nil},
	} {
		if got := clouds.OfHost([]byte(tt.host)); got != tt.want {
			t.Errorf("OfHost(%.40q) = %v, want %v", tt.host, got, tt.want)
		}
	}
}

// TestCustomDomainIsClosed keeps the domain of one cloud from serving another.
func TestCustomDomainIsClosed(t *testing.T) {
	e := newEdge(t)
	for _, uri := range []string{"/v2/other/original/a.jpg", "/other/original/a.jpg", "/original/a.jpg", "/v2/demo/original/a.jpg"} {
		if answer, err := e.ask("img.example.com", uri, ""); err == nil {
			t.Errorf("%s gives %q", uri, answer.Picture.Data)
		}
	}
}

// TestHostDecides asks two hosts for a URI that means a zone on one and a cloud
// on the other.
func TestHostDecides(t *testing.T) {
	const uri = "/v2/zone01/original/a.jpg"
	e := newEdge(t)
	e.Clouds.Add(e.cloud(t, "zone01", signing.Required{}))
	for range 2 {
		for host, cloud := range map[string]string{"img.example.com": "demo", "cdn.example.com": "zone01"} {
			answer, err := e.ask(host, uri, "")
			if err != nil || answer.Route.Cloud.Name != cloud {
				t.Fatalf("%s%s is of the cloud %+v, %v; want %s", host, uri, answer.Route, err, cloud)
			}
		}
	}
	e.counts(t, 2, 2)
}

func TestWorker(t *testing.T) {
	e := newEdge(t)
	e.want(t, "/v2/demo/wrkr/t.flip()/a.jpg", "t.flip() of "+jpeg+" of demo")
	e.want(t, "/v2/demo/t.flip()/a.jpg", "t.flip() of "+jpeg+" of demo")
	e.counts(t, 1, 1) // it is the same picture
	e.want(t, "/v2/demo/zone01/wrkr/private/a.jpg", "t.resize(w:300) of "+jpeg+" of zone01")
	e.refuse(t, "/v2/demo/wrkr/a.jpg", fault.Invalid)
	e.refuse(t, "/v2/demo/wrkr/wrkr/a.jpg", fault.Invalid)
	e.refuse(t, "/v2/vault/wrkr/t.flip()/a.jpg", fault.Unauthorized)
	e.want(t, e.sign(t, "/v2/vault/wrkr/t.flip()/a.jpg", 60), "t.flip() of "+jpeg+" of vault")
	e.refuse(t, "/v2/vault/t.flip()/a.jpg", fault.Unauthorized)
}

// TestNegotiation asks for f_auto with the Accept headers of browsers.
func TestNegotiation(t *testing.T) {
	const both, webp, none = "image/avif,image/webp,*/*;q=0.8", "image/webp,*/*", "image/*,*/*;q=0.8"
	tests := []struct {
		uri, accept string
		want        media.Format
		vary        bool
	}{
		{"/v2/demo/t.flip()/a.jpg?f_auto=true", both, media.AVIF, true},
		{"/v2/demo/t.flip()/a.jpg?f_auto=true", webp, media.WebP, true},
		{"/v2/demo/t.flip()/a.jpg?f_auto=true", none, media.JPEG, true},
		{"/v2/demo/t.flip()/a.jpg?f_auto=true", "image/avif;q=0, image/webp", media.WebP, true},
		{"/v2/demo/t.flip()/a.jpg", both, media.JPEG, false},
		{"/v2/demo/t.flip()/a.jpg?f_auto=false", both, media.JPEG, false},
		{"/v2/demo/original/a.jpg?f_auto=true", both, media.AVIF, true},
		{"/v2/demo/t.flip()/a.gif?f_auto=true", both, media.AVIF, true},
		{"/v2/demo/original/a.svg?f_auto=true", both, media.SVG, true},
		{"/v2/demo/t.flip()~t.toFormat(f:png)/a.jpg?f_auto=true", both, media.PNG, false},
		{"/v2/demo/t.flip()~t.compress(q:50)/a.jpg?f_auto=true", both, media.AVIF, true},
	}
	e := newEdge(t)
	for range 2 { // made, then out of the cache
		for _, tt := range tests {
			answer, err := e.ask("", tt.uri, tt.accept)
			if err != nil {
				t.Fatalf("%s: %v", tt.uri, err)
			}
			if answer.Picture.Format != tt.want || (answer.Route.Vary != "") != tt.vary {
				t.Errorf("%s for %s gives %v, vary %q; want %v, %t", tt.uri, tt.accept, answer.Picture.Format, answer.Route.Vary, tt.want, tt.vary)
			}
		}
	}
}

// TestNegotiatedKeys asks with a thousand Accept headers: there are four
// pictures.
func TestNegotiatedKeys(t *testing.T) {
	e := newEdge(t)
	noise := []string{"", "text/html", "image/png", "image/*;q=0.1", "*/*", "image/jxl"}
	for i := range 1000 {
		accept := noise[i%len(noise)]
		if i%2 == 0 {
			accept += ",image/webp"
		}
		if i%3 == 0 {
			accept = "image/avif;q=0.9," + accept
		}
		if _, err := e.ask("", "/v2/demo/t.flip()/a.jpg?f_auto=true", accept); err != nil {
			t.Fatal(err)
		}
	}
	e.counts(t, 4, 4)
}

func TestExplain(t *testing.T) {
	e := newEdge(t)
	got, err := e.Explain("IMG.example.com:80", "/v2/t.resize(h:100,w:200)/b%20c.jpg?f_auto=true&download&x=1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Cloud != "demo" || got.Zone != "" || got.File != "b c.jpg" || got.Remote || got.Signed || got.Expires != 0 || got.Vary == "" {
		t.Errorf("explanation = %+v", got)
	}
	if want := []string{"t.resize(w:200,h:100)"}; !slices.Equal(got.Plan, want) {
		t.Errorf("plan = %q, want %q", got.Plan, want)
	}
	if len(got.CacheKeys) != media.NumAccepted || got.CacheKeys[0] == got.CacheKeys[1] {
		t.Errorf("keys = %q, want one for each class of Accept headers", got.CacheKeys)
	}
	signed, err := e.Explain("", e.sign(t, "/v2/vault/original/a.jpg", 60))
	if err != nil || !signed.Signed || signed.Expires != start+60 || len(signed.CacheKeys) != 1 {
		t.Errorf("explanation of a signed URL = %+v, %v", signed, err)
	}
	if _, err := e.Explain("", "/v2/vault/original/a.jpg"); fault.Of(err) != fault.Unauthorized {
		t.Errorf("explanation of a URL that is refused: %v, want Unauthorized", err)
	}
	e.counts(t, 0, 0)
}

// TestName gives pictures the names that they are saved under.
func TestName(t *testing.T) {
	e := newEdge(t)
	remote := &remembering{}
	e.cloudNamed(t, "demo").Zones["remote"] = delivery.Zone{Fetcher: remote}
	for _, tt := range []struct{ uri, name, source string }{
		{"/v2/demo/original/a.jpg", "a.jpg", ""},
		{"/v2/demo/original/private/a.jpg", "a.jpg", ""},
		{"/v2/demo/original/b%20c.jpg", "b c.jpg", ""},
		{"/v2/demo/remote/original/https://host.example/f/a.jpg", "a.jpg", "https://host.example/f/a.jpg"},
		{"/v2/demo/remote/original/https:/host.example/f/a%20b.jpg", "a b.jpg", "https://host.example/f/a%20b.jpg"},
		{"/v2/demo/remote/original/https%3A%2F%2Fhost.example%2Fa.jpg%3Fu%3Dx%2Fy.png", "a.jpg", "https://host.example/a.jpg?u=x/y.png"},
	} {
		answer, err := e.get(tt.uri)
		if err != nil || answer.Route.Name != tt.name {
			t.Errorf("%s has the name %q, %v; want %q", tt.uri, answer.Route.Name, err, tt.name)
		}
		if tt.source != "" && remote.asked != tt.source {
			t.Errorf("%s fetches %q, want %q", tt.uri, remote.asked, tt.source)
		}
	}
}

// remembering has every picture and remembers which it was asked for.
type remembering struct{ asked string }

func (r *remembering) Fetch(_ context.Context, name string) (origin.Original, error) {
	r.asked = name
	return origin.Original{Data: []byte(jpeg), Format: media.JPEG}, nil
}

func TestCloudOf(t *testing.T) {
	e := newEdge(t)
	for _, tt := range []struct{ host, uri, want string }{
		{"", "/v2/demo/original/a.jpg", "demo"},
		{"", "/v2/vault/t.unknown()/a.jpg", "vault"},
		{"img.example.com", "/v2/original/a.jpg", "demo"},
		{"", "/v2/nobody/original/a.jpg", ""},
		{"", "*", ""},
	} {
		var got string
		if c := e.CloudOf(delivery.Request{Host: []byte(tt.host), URI: []byte(tt.uri)}); c != nil {
			got = c.Name
		}
		if got != tt.want {
			t.Errorf("CloudOf(%q, %q) = %q, want %q", tt.host, tt.uri, got, tt.want)
		}
	}
}

// TestNeverLarger delivers an original that encoding anew would only make larger,
// but none that some browsers do not show.
func TestNeverLarger(t *testing.T) {
	e := newEdge(t)
	e.grows = true
	for uri, want := range map[string]media.Format{
		"/v2/demo/original/a.jpg?f_auto=true":              media.JPEG,
		"/v2/demo/t.compress(q:90)/a.jpg":                  media.JPEG,
		"/v2/demo/original/a.heic?f_auto=true":             media.AVIF,
		"/v2/demo/t.toFormat(f:webp)/a.jpg":                media.WebP, // as asked
		"/v2/demo/t.flip()/a.jpg?f_auto=true":              media.AVIF, // another picture
		"/v2/demo/t.flip()~t.compress(q:90)/a.jpg?preview": media.JPEG,
	} {
		answer, err := e.Image(t.Context(), delivery.Request{URI: []byte(uri), Accept: []byte("image/avif,image/webp")})
		if err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		grown := strings.HasSuffix(string(answer.Picture.Data), "and more")
		asIs := answer.Picture.Format == media.JPEG && !strings.Contains(uri, "t.flip")
		if answer.Picture.Format != want || asIs && grown {
			t.Errorf("%s gives %v, grown %t; want %v", uri, answer.Picture.Format, grown, want)
		}
	}
}
