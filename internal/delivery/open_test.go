package delivery_test

import (
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/signing"
)

// TestOpen holds a folder open in clouds that require signatures, or presets. What is
// private in it stays so.
func TestOpen(t *testing.T) {
	signed, err := signing.New(signing.Policy{
		Keys: []signing.Key{{ID: "key-demo", Token: "token of demo"}}, Required: signing.Required{All: true},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, close := range map[string]func(c *delivery.Cloud){
		"signed":       func(c *delivery.Cloud) { c.Verifier = signed },
		"presets only": func(c *delivery.Cloud) { c.PresetsOnly = true },
	} {
		e, s := newShelf(t)
		s.put("api/x.jpg", asset{text: " stored"})
		s.put("api/secret.jpg", asset{text: " secret", private: true})
		cloud := e.cloudNamed(t, "demo")
		close(cloud)
		cloud.Open = "api/"
		e.want(t, "/v2/demo/original/api/x.jpg", "")
		e.refuse(t, "/v2/demo/original/api/secret.jpg", fault.Unauthorized)
		kind := map[string]fault.Kind{"signed": fault.Unauthorized, "presets only": fault.Forbidden}[name]
		for _, uri := range []string{"/v2/demo/original/a.jpg", "/v2/demo/original/apix/x.jpg", "/v2/demo/zone01/original/api/x.jpg"} {
			e.refuse(t, uri, kind)
		}
	}
}

// TestExpires lets an answer be kept no longer than its picture, and sends none after
// that.
func TestExpires(t *testing.T) {
	e, s := newShelf(t)
	s.put("a.jpg", asset{text: " old", expires: time.Now().Add(time.Hour)})
	a, err := e.Image(t.Context(), delivery.Request{URI: []byte("/v2/demo/original/a.jpg")})
	if err != nil {
		t.Fatal(err)
	}
	if left, bounded := a.Left(time.Now()); !bounded || left > 3600 || left < 3590 {
		t.Errorf("it may be kept for %d s, %v", left, bounded)
	}
	s.put("b.jpg", asset{text: " old", expires: time.Now().Add(-time.Second)})
	e.refuse(t, "/v2/demo/t.flip()/b.jpg", fault.NotFound)
	e.refuse(t, "/v2/demo/t.flip()/b.jpg", fault.NotFound) // though it is cached
}
