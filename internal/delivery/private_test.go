package delivery_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"pixedge/internal/cache"
	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// TestPrivate asks for whatever is made of a private picture, with a signature and
// without, whoever comes first.
func TestPrivate(t *testing.T) {
	for _, uri := range []string{
		"/v2/demo/original/a.jpg",
		"/v2/demo/t.flip()/a.jpg",
		"/v2/demo/t.flip()/a.jpg?f_auto=true",
		"/v2/demo/t.flip()/%61.jpg?dpr=auto",
		"/v2/demo/info/a.jpg",
		"/v2/demo/wrkr/a.jpg",
		"/v2/demo/p:small/a.jpg",
		"/v2/demo/p:stamped/b.jpg",
		"/v2/demo/t.merge(i:YS5qcGc)/b.jpg",
	} {
		for _, first := range []string{"signed", "unsigned"} {
			e, s := newShelf(t)
			e.withPresets(t)
			s.put("a.jpg", asset{text: " secret", private: true})
			signed := e.sign(t, uri, 60)
			if first == "unsigned" {
				e.refuse(t, uri, fault.Unauthorized)
			}
			for range 2 {
				e.want(t, signed, "")
				e.refuse(t, uri, fault.Unauthorized)
			}
			if strings.Contains(uri, "/info/") {
				continue
			}
			if _, err := e.context(t, signed); err != nil {
				t.Errorf("the context of %s: %v", signed, err)
			}
			if a, err := e.context(t, uri); fault.Of(err) != fault.Unauthorized || a.Picture != nil {
				t.Errorf("the context of %s: %v", uri, err)
			}
			e.counts(t, e.fetches.Load(), 2) // the picture, and its description
		}
	}
}

// TestPrivateTogether has requests with and without a signature wait for one picture,
// and for one that cannot be made: those without learn neither.
func TestPrivateTogether(t *testing.T) {
	broken := fault.Errorf(fault.Unprocessable, "a secret of the picture")
	for _, failure := range []error{nil, broken} {
		for _, signedFirst := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				e, s := newShelf(t)
				if failure != nil {
					e.fail.Store(&failure)
				}
				s.put("a.jpg", asset{text: " secret", private: true})
				gate := make(chan struct{})
				s.hold(gate)
				bare := "/v2/demo/t.flip()/a.jpg"
				uris := []string{bare, e.sign(t, bare, 60)}
				answers := map[string]chan error{uris[0]: make(chan error, 1), uris[1]: make(chan error, 1)}
				if signedFirst {
					uris[0], uris[1] = uris[1], uris[0]
				}
				for _, uri := range uris {
					go func() {
						a, err := e.get(uri)
						if err != nil && a.Picture != nil {
							t.Errorf("%s: refused, and with a picture", uri)
						}
						answers[uri] <- err
					}()
					synctest.Wait()
				}
				close(gate)
				for uri, answer := range answers {
					want := fault.Unauthorized
					if uri != bare {
						want = fault.Of(failure)
					}
					if err := <-answer; (err == nil) != (failure == nil && uri != bare) || err != nil && fault.Of(err) != want {
						t.Errorf("%s: %v", uri, err)
					}
				}
				if n := s.fetches.Load(); n != 1 {
					t.Errorf("%d fetches, want 1", n)
				}
				synctest.Wait()
			})
		}
	}
}

// TestPrivateInterim has neither the interim picture nor the AVIF sent, nor made.
func TestPrivateInterim(t *testing.T) {
	e, s := newShelf(t)
	jobs := make(someday)
	e.Later = jobs
	e.cloudNamed(t, "demo").Negotiation.Defer = true
	s.put("a.jpg", asset{text: " secret", private: true})
	const uri = "/v2/demo/t.flip()/a.jpg?f_auto=true"
	refuse := func() {
		t.Helper()
		for _, accept := range []string{takesBoth, takesWebP, ""} {
			if a, err := e.ask("", uri, accept); fault.Of(err) != fault.Unauthorized || a.Picture != nil {
				t.Errorf("for %q: %v", accept, err)
			}
		}
	}
	refuse()
	if len(jobs) != 0 {
		t.Error("an AVIF is made for a request that may not have it")
	}
	signed := e.sign(t, uri, 60)
	e.gets(t, signed, takesBoth, media.WebP, cache.Hit, true)
	refuse()
	jobs.carryOut(t)
	e.gets(t, signed, takesBoth, media.AVIF, cache.Hit, false)
	refuse()
}

// TestTurnsPrivate asks by a route that is remembered, before and after its picture
// became private, and public again.
func TestTurnsPrivate(t *testing.T) {
	e, s := newShelf(t)
	const uri = "/v2/demo/t.flip()/a.jpg"
	turn := func(private bool) {
		s.put("a.jpg", asset{text: " same", private: private})
		e.Purge("demo", "a.jpg")
	}
	turn(false)
	e.want(t, uri, "")
	if a := e.want(t, uri, ""); a.Verified != 0 {
		t.Error("the route is not remembered")
	}
	turn(true)
	e.refuse(t, uri, fault.Unauthorized)
	if _, err := e.context(t, uri); fault.Of(err) != fault.Unauthorized {
		t.Errorf("its context: %v", err)
	}
	e.want(t, e.sign(t, uri, 60), "")
	turn(false)
	e.want(t, uri, "")
	if _, err := e.context(t, uri); err != nil {
		t.Errorf("its context, public again: %v", err)
	}
}
