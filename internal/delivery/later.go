package delivery

import (
	"context"
	"time"

	"pixedge/internal/media"
)

// AVIF takes a photograph about as long to encode as everything else together. A
// cloud may have it made in the background: whoever asks meanwhile is sent an
// interim picture, what the same request gets that does not accept AVIF.

// A Later carries out jobs in the background.
type Later interface {
	// Offer may drop the job: it is offered again with the next request. It is not
	// carried out while another of the same key waits or is at work. Clouds take turns.
	Offer(cloud, key string, job func(context.Context) error)
}

// InterimLife is how long, in seconds, an interim picture may be kept: long enough
// that a page does not ask again while it loads, short enough that the AVIF is
// soon used.
const InterimLife = 30

// Left returns how many seconds the answer may be kept from now on, if that is
// bounded by more than the cloud's own lifetime.
func (a Answer) Left(now time.Time) (seconds int64, bounded bool) {
	bound := func(most int64) {
		if !bounded || most < seconds {
			seconds, bounded = most, true
		}
	}
	if expires := a.Route.Grant.Expires; expires != 0 {
		bound(expires - now.Unix())
	}
	if a.Picture != nil && !a.Picture.expires.IsZero() {
		bound(max(0, a.Picture.expires.Unix()-now.Unix()))
	}
	if a.Interim {
		bound(InterimLife)
	}
	return seconds, bounded
}

// defers reports whether a variant that is not there is made in the background.
func (s *Service) defers(route *Route, v variant) bool {
	return route.Cloud.Negotiation.Defer && s.Later != nil && v.accepts&media.AcceptsAVIF != 0
}

// interim answers without AVIF and has the wanted variant made, unless that would
// come to the same. The answer is cached as what it is, so that it is shared with
// those who do not accept AVIF.
func (s *Service) interim(ctx context.Context, r Request, answer Answer, wanted variant) (Answer, error) {
	route, key := answer.Route, answer.key
	now := wanted
	now.accepts &^= media.AcceptsAVIF
	answer.key = route.key(now)
	var ok bool
	if answer.Picture, ok = s.Cache.Lookup(answer.key); !ok {
		var err error
		if answer, err = s.made(ctx, r, answer, now); err != nil {
			return answer, err
		}
	}
	answer, err := answer.guarded()
	if err != nil || answer.Picture.final {
		return answer, err
	}
	if !answer.Picture.Format.OnWeb() { // a HEIC as it is, say: better late than that
		answer.key = key
		return s.made(ctx, r, answer, wanted)
	}
	answer.Interim = true
	// Only now, so that it does not compete with the picture that is waited for.
	s.Later.Offer(route.Cloud.Name, key, func(ctx context.Context) error {
		return s.Cache.Fill(ctx, key, func(ctx context.Context) (*Picture, error) {
			return s.make(ctx, turn{cloud: route.Cloud.Name, later: true}, route, wanted)
		}, route.tags()...)
	})
	return answer, nil
}

// final reports whether p, which was made for a variant, is also what a request
// gets that accepts AVIF besides. It matters only where AVIF is deferred.
func (s *Service) final(route *Route, v variant, original media.Image, p *Picture) (bool, error) {
	negotiation := route.Cloud.Negotiation
	if !route.negotiates || !negotiation.Defer || p.Format == media.AVIF {
		return true, nil
	}
	made, err := s.planFor(route, v, original)
	if err != nil {
		return false, err
	}
	v.accepts |= negotiation.Formats & media.AcceptsAVIF
	best, err := s.planFor(route, v, original)
	return made.Key() == best.Key(), err
}
