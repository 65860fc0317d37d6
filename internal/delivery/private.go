package delivery

import (
	"errors"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
)

// Whether a picture is private, its library says: nobody knows before it is fetched. So
// requests for it are told apart at the end of the road, where a signed one may have
// waited for the same picture as one that is not.

// private reports whether one of the pictures is.
func private(originals []origin.Original) bool {
	for _, o := range originals {
		if o.Private {
			return true
		}
	}
	return false
}

// expiry returns when the first of the pictures is deleted, or zero.
func expiry(originals []origin.Original) (first time.Time) {
	for _, o := range originals {
		if !o.Expires.IsZero() && (first.IsZero() || o.Expires.Before(first)) {
			first = o.Expires
		}
	}
	return first
}

// mayHave returns an error unless the route's request may have a picture that is
// private, if it is.
func (r *Route) mayHave(private bool) error {
	if private && !r.trusted && r.Grant == (signing.Grant{}) {
		return fault.Errorf(fault.Unauthorized, "this picture needs a signed URL")
	}
	return nil
}

// guarded returns the answer, without its picture if the request may not have it.
func (a Answer) guarded() (Answer, error) {
	err := a.Route.mayHave(a.Picture.private)
	if at := a.Picture.expires; err == nil && !at.IsZero() && !time.Now().Before(at) {
		err = fault.Errorf(fault.NotFound, "no such picture") // though the sweep has yet to come
	}
	if err != nil {
		a.Picture = nil
	}
	return a, err
}

// A hidden error says something of a private picture.
type hidden struct{ error }

func (h hidden) Unwrap() error { return h.error }

// mayKnow returns the error of a picture that could not be made, or one that says
// nothing to a request that may not have the picture either.
func (r *Route) mayKnow(err error) error {
	if _, ok := errors.AsType[hidden](err); ok {
		if refused := r.mayHave(true); refused != nil {
			return refused
		}
	}
	return err
}
