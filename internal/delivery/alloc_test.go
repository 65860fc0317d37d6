//go:build !race

// The race detector makes a sync.Pool forget on purpose, and that allocates.

package delivery_test

import (
	"testing"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
)

// TestHitDoesNotAllocate holds the road of a hit to no garbage at all, also on a
// server with custom domains.
func TestHitDoesNotAllocate(t *testing.T) {
	e, s := newShelf(t) // whose default zone is mutable
	s.put("secret.jpg", asset{text: " secret", private: true})
	for _, r := range []delivery.Request{
		{Host: []byte("cdn.example.com:8080"), URI: []byte("/v2/demo/t.flip()/a.jpg")},
		{Host: []byte("IMG.example.com:8080"), URI: []byte("/v2/t.flip()/a.jpg")},
		{URI: []byte("/v2/demo/t.flip()/a.jpg?f_auto=true"), Accept: []byte("image/avif,image/webp")},
		{URI: []byte(e.sign(t, "/v2/vault/t.flip()/a.jpg", 60))},
		{URI: []byte(e.sign(t, "/v2/demo/t.flip()/secret.jpg", 60))},
	} {
		e.ask(string(r.Host), string(r.URI), string(r.Accept))
		n := testing.AllocsPerRun(1000, func() {
			if answer, err := e.Image(t.Context(), r); err != nil || answer.Outcome != cache.Hit {
				t.Fatalf("%s: %v, %v", r.URI, answer.Outcome, err)
			}
		})
		if n != 0 {
			t.Errorf("%s allocates %v times", r.URI, n)
		}
	}
}
