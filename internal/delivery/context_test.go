package delivery_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

func (e *edge) context(t *testing.T, uri string) (delivery.Answer, error) {
	t.Helper()
	answer, err := e.Context(t.Context(), delivery.Request{Host: []byte("cdn.example.com"), URI: []byte(uri)})
	e.Routes.Settle()
	return answer, err
}

func TestContext(t *testing.T) {
	e := newEdge(t)
	const uri = "/v2/demo/t.flip()~t.resize(w:20)/a.jpg"
	picture := e.want(t, uri, "")
	for _, outcome := range []cache.Outcome{cache.Miss, cache.Hit} {
		a, err := e.context(t, uri)
		if err != nil {
			t.Fatal(err)
		}
		if a.Outcome != outcome || a.Picture.ETag == "" || a.Picture.ETag == picture.Picture.ETag {
			t.Errorf("outcome %v, tag %s", a.Outcome, a.Picture.ETag)
		}
		var got struct {
			Context struct {
				Steps    []struct{ Name, Operation, Identifier string }
				Metadata struct{ Size int }
			}
		}
		if err := json.Unmarshal(a.Picture.Data, &got); err != nil {
			t.Fatal(err)
		}
		if s := got.Context.Steps; len(s) != 2 || s[0].Name != "t.flip" || s[1].Operation != "resize" || s[1].Identifier != "t" {
			t.Errorf("steps %+v", s)
		}
		if got.Context.Metadata.Size != len(picture.Picture.Data) {
			t.Errorf("%d bytes, the picture has %d", got.Context.Metadata.Size, len(picture.Picture.Data))
		}
	}
	e.counts(t, 1, 2) // the picture, and its description
	if a := e.want(t, uri, "t.flip()"); a.Outcome != cache.Hit {
		t.Errorf("the picture itself is a %v", a.Outcome)
	}
	if a, err := e.context(t, "/v2/demo/original/a.jpg"); err != nil || !strings.Contains(string(a.Picture.Data), `"steps":[]`) {
		t.Errorf("of an original: %v", err)
	}
}

// TestContextIsGuarded asks for descriptions of pictures that one may not have,
// after somebody who may has filled the cache.
func TestContextIsGuarded(t *testing.T) {
	e := newEdge(t)
	signed := e.sign(t, "/v2/vault/t.flip()/a.jpg", 10)
	if a, err := e.context(t, signed); err != nil || a.Route.Grant.KeyID != "key-vault" {
		t.Fatalf("signed: %v", err)
	}
	bare, signature, _ := strings.Cut(signed, "?")
	for uri, kind := range map[string]fault.Kind{
		bare: fault.Unauthorized,
		strings.Replace(signed, "flip", "flop", 1): fault.Unauthorized,
		"/v2/vault/original/a.jpg?" + signature:    fault.Unauthorized,
		"/v2/vault/info/a.jpg?" + signature:        fault.Unauthorized,
		signed + "&dpr=1":                          fault.Unauthorized,
		"/v2/partly/original/private/a.jpg":        fault.Unauthorized,
		"/v2/demo/info/a.jpg":                      fault.Invalid,
		"/v2/demo/original/none.jpg":               fault.NotFound,
		"/v2/demo/original/../vault/a.jpg":         fault.Invalid,
	} {
		if a, err := e.context(t, uri); fault.Of(err) != kind || a.Picture != nil {
			t.Errorf("%s: %v, want %v and no picture", uri, err, kind)
		}
	}
	e.now.Add(11)
	if _, err := e.context(t, signed); fault.Of(err) != fault.Unauthorized {
		t.Errorf("after its time: %v", err)
	}
}
