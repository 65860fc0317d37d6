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
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"pixedge/internal/admit"
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

	// A Renderer carries out jobs, and describes pictures. It calls a job's Enter before
	// anything that takes memory.
	Renderer interface {
		Render(ctx context.Context, job transform.Job) (media.Image, error)
		Inspect(ctx context.Context, picture media.Image, most transform.Limits) (transform.Info, error)
	}
)

// A Service delivers pictures. Every field but Gates, Later and TaskTime must be set.
type Service struct {
	Clouds   *Clouds
	Compiler *transform.Compiler
	Routes   *cache.Memo[*Route]
	Cache    *cache.Cache[*Picture]
	Renderer Renderer
	Gates    Gates // may be left open
	Later    Later // nil: nothing is made in the background, so everybody waits

	TaskTime time.Duration // longest time of a Task, waiting included; 0: no end

	originals originals
	scratch   sync.Pool // of *bytes.Buffer
}

// A Request is what delivery needs to know of one. The bytes are not kept.
type Request struct {
	Host   []byte
	URI    []byte  // path and query as sent
	Accept []byte  // the Accept header
	Hints  Headers // client hints; nil: none
	Client Client  // nil: one that stays
}

// A Client is who a request comes from.
type Client interface {
	// Stay returns ctx, which ends, with a cause, when the client leaves; and a
	// function to call when that is of no interest any more. It is called where the
	// picture has to be made.
	Stay(ctx context.Context) (watched context.Context, stop func())
	// Address tells clients apart. It is called there too.
	Address() string
}

// A Picture is a finished image and what it took to make. It is shared and does
// not change.
type Picture struct {
	media.Image

	Fetched  time.Duration // spent on the original
	Rendered time.Duration // spent on the result; 0 for originals delivered as they are
	Derived  bool          // made of a rendition that was kept of the original

	expires time.Time // when one of what it is made of is deleted; zero: nobody knows
	private bool      // only for requests that are signed
	final   bool      // who accepts AVIF besides gets nothing else
}

// Cost is how many bytes a picture holds.
func (p *Picture) Cost() int64 { return int64(len(p.Data)) }

// An Answer is a picture for one request.
type Answer struct {
	Picture  *Picture
	Route    *Route
	Outcome  cache.Outcome
	Verified time.Duration // spent to work out the route; 0 if it was remembered
	Interim  bool          // a better one is being made: not to be kept longer than InterimLife

	key string // of the picture in the cache
}

// Image answers r. With an error, Answer.Route is set if the request got that
// far.
func (s *Service) Image(ctx context.Context, r Request) (Answer, error) {
	route, verified, err := s.route(r)
	answer := Answer{Route: route, Verified: verified}
	if err != nil {
		return answer, err
	}
	v := route.variant(r)
	answer.key = route.key(v)
	var ok bool
	if answer.Picture, ok = s.Cache.Lookup(answer.key); ok {
		return answer.guarded()
	}
	if s.defers(route, v) {
		return s.interim(ctx, r, answer, v)
	}
	return s.made(ctx, r, answer, v)
}

// Again returns what a request gets now that was once given an answer, if it is
// still kept; otherwise an answer without a picture, or an error, and Image is to be
// asked. What changes is looked at: the time, and what the cache has. The picture of the answer given is
// not.
func (s *Service) Again(given Answer) (Answer, error) {
	answer := Answer{Route: given.Route, key: given.key}
	if err := answer.Route.live(); err != nil {
		return answer, err
	}
	var ok bool
	if answer.Picture, ok = s.Cache.Lookup(answer.key); !ok {
		return answer, nil
	}
	return answer.guarded()
}

// made has the picture of a variant made, or waits while another request does.
func (s *Service) made(ctx context.Context, r Request, answer Answer, v variant) (Answer, error) {
	route := answer.Route
	t := turn{cloud: route.Cloud.Name}
	if r.Client != nil {
		t.client = r.Client.Address()
		var stop func()
		ctx, stop = r.Client.Stay(ctx)
		defer stop()
	}
	var err error
	answer.Picture, answer.Outcome, err = s.Cache.Get(ctx, answer.key, func(ctx context.Context) (*Picture, error) {
		return s.make(ctx, t, route, v)
	}, route.tags()...)
	switch {
	case err == nil:
		return answer.guarded()
	case errors.Is(err, context.Canceled):
		// ctx is the server's, not the client's: its end is nobody's bug.
		return answer, fault.Wrap(err, fault.Overloaded, "the server is stopping")
	}
	return answer, route.mayKnow(err)
}

// make fetches and renders.
func (s *Service) make(ctx context.Context, t turn, route *Route, v variant) (*Picture, error) {
	began := time.Now()
	fetched, err := s.fetch(ctx, t, route)
	if err != nil {
		return nil, err
	}
	defer fetched.release()
	p := &Picture{Fetched: time.Since(began), private: private(fetched.pictures), expires: expiry(fetched.pictures)}
	err = s.finish(ctx, t, route, v, fetched, p)
	switch {
	case err == nil:
		return p, nil
	case p.private:
		return nil, hidden{err}
	}
	return nil, err
}

// finish makes p of what was fetched.
func (s *Service) finish(ctx context.Context, t turn, route *Route, v variant, fetched *shared, p *Picture) (err error) {
	original, landed := fetched.pictures[0].Image(), time.Now()
	if route.request.Info {
		p.Image, err = s.describe(ctx, t, route, original)
	} else {
		p.Image, err = s.render(ctx, t, route, v, fetched, &p.Derived)
	}
	if err != nil {
		return err
	}
	if &p.Data[0] == &original.Data[0] { // neither is empty: see origin.Original, and the other was encoded
		p.Data = bytes.Clone(p.Data) // the cache keeps it longer than the original's memory
	} else {
		p.Rendered = time.Since(landed)
	}
	p.ETag = etag(p.Data)
	p.final, err = s.final(route, v, original, p)
	return err
}

// render makes the picture. One that was only to be encoded anew, in a format of
// our choice, and came out larger, is delivered as it was, if any browser shows it.
// derived is told whether a rendition was enough.
func (s *Service) render(ctx context.Context, t turn, route *Route, v variant, fetched *shared, derived *bool) (media.Image, error) {
	original := fetched.pictures[0].Image()
	job, err := s.job(t, route, v, fetched)
	for v.accepts != 0 && (fault.Of(err) == fault.Unprocessable || fault.Of(err) == fault.Invalid) {
		// The format was our choice: others take less memory, and hold longer sides.
		v.accepts = v.accepts.Worse()
		job, err = s.job(t, route, v, fetched)
	}
	if err != nil {
		return media.Image{}, err
	}
	job.Derived = derived
	made, err := s.Renderer.Render(ctx, job)
	if err == nil && route.plan.Recoding() && original.Format.OnWeb() && len(made.Data) > len(original.Data) {
		return original, nil
	}
	return made, err
}

// job is what the renderer is given for a variant. An error comes before any work.
func (s *Service) job(t turn, route *Route, v variant, fetched *shared) (transform.Job, error) {
	plan, err := s.planFor(route, v, fetched.pictures[0].Image())
	if err != nil {
		return transform.Job{}, err
	}
	job := fetched.job(route, plan)
	job.Later = t.later
	return job, s.weigh(t, &job)
}

// inspect describes a picture when there is room for it.
func (s *Service) inspect(ctx context.Context, t turn, picture media.Image, most transform.Limits) (transform.Info, error) {
	leave, err := s.admitInspect(ctx, t, picture, most)
	if err != nil {
		return transform.Info{}, err
	}
	return admit.Do(leave, func() (transform.Info, error) { return s.Renderer.Inspect(ctx, picture, most) })
}

// describe answers a request for information, as JSON.
func (s *Service) describe(ctx context.Context, t turn, route *Route, original media.Image) (media.Image, error) {
	info, err := s.inspect(ctx, t, original, route.Cloud.Limits)
	if err != nil {
		return media.Image{}, err
	}
	data, err := json.Marshal(info)
	return media.Image{Data: append(data, '\n'), Format: media.JSON}, err
}

// etag returns a strong entity tag (RFC 9110, 8.8.3) made of the bytes alone, so
// that every edge gives a picture the same one. 128 bits of SHA-256 do not
// collide.
func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}
