// Package delivery decides which bytes a request gets.
//
// [Service.Image] is the road every picture takes, top to bottom: find the
// route, ask the cache, and where it has nothing fetch and render. The route
// (route.go) is what the words of a URL come to: parse, check the signature,
// compile. The stages do not know each other; what Service asks of those that
// have more than one implementation is written here.
//
// The package speaks no HTTP, and it measures and logs nothing: web and metrics
// do, from outside.
package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"pixedge/internal/cache"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

type (
	// A Fetcher returns the original called name.
	Fetcher interface {
		Fetch(ctx context.Context, name string) (origin.Original, error)
	}

	// A Renderer carries out a plan.
	Renderer interface {
		Render(ctx context.Context, plan transform.Plan, original media.Image, most transform.Limits) (media.Image, error)
	}
)

// A Service delivers pictures. Every field must be set.
type Service struct {
	Clouds   *Clouds
	Compiler *transform.Compiler
	Routes   *cache.Memo[*Route]
	Cache    *cache.Cache[*Picture]
	Renderer Renderer

	scratch sync.Pool // of *bytes.Buffer
}

// A Request is what delivery needs to know of one. The bytes are not kept.
type Request struct {
	Host   []byte
	URI    []byte // path and query as sent
	Accept []byte // the Accept header
}

// A Picture is a finished image and what it took to make. It is shared and does
// not change.
type Picture struct {
	media.Image

	Fetched  time.Duration // spent on the original
	Rendered time.Duration // spent on the result; 0 for originals delivered as they are
}

// Cost is how many bytes a picture holds.
func (p *Picture) Cost() int64 { return int64(len(p.Data)) }

// An Answer is a picture for one request.
type Answer struct {
	Picture  *Picture
	Route    *Route
	Outcome  cache.Outcome
	Verified time.Duration // spent to find the route
}

// Image answers r. With an error, Answer.Route is set if the request got that
// far.
func (s *Service) Image(ctx context.Context, r Request) (Answer, error) {
	began := time.Now()
	route, err := s.route(r)
	answer := Answer{Route: route, Verified: time.Since(began)}
	if err != nil {
		return answer, err
	}
	class := route.class(r.Accept)
	key := route.keys[class]
	var ok bool
	if answer.Picture, ok = s.Cache.Lookup(key); ok {
		return answer, nil
	}
	answer.Picture, answer.Outcome, err = s.Cache.Get(ctx, key, func(ctx context.Context) (*Picture, error) {
		return s.make(ctx, route, class)
	})
	if errors.Is(err, context.Canceled) {
		// ctx is the server's, not the client's: its end is nobody's bug.
		err = fault.Wrap(err, fault.Overloaded, "the server is stopping")
	}
	return answer, err
}

// make fetches and renders.
func (s *Service) make(ctx context.Context, route *Route, class media.Accepted) (*Picture, error) {
	began := time.Now()
	original, err := route.zone.Fetcher.Fetch(ctx, route.source)
	if err != nil {
		return nil, err
	}
	fetched := time.Now()
	image := media.Image{Data: original.Data, Format: original.Format}
	plan := route.planFor(class, image.Format)
	p := &Picture{Fetched: fetched.Sub(began)}
	if p.Image, err = s.Renderer.Render(ctx, plan, image, route.Cloud.Limits); err != nil {
		return nil, err
	}
	if !plan.Original() {
		p.Rendered = time.Since(fetched)
	}
	p.ETag = etag(p.Data)
	return p, nil
}

// etag returns a strong entity tag (RFC 9110, 8.8.3) made of the bytes alone, so
// that every edge gives a picture the same one. 128 bits of SHA-256 do not
// collide.
func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}
