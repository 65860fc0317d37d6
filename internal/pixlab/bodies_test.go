package pixlab_test

import (
	"context"
	"testing"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
)

// shut is a gate without room. It counts who came.
type shut struct{ came int }

func (s *shut) Enter(context.Context, admit.Ask) (func(bool), error) {
	s.came++
	return nil, fault.Errorf(fault.Overloaded, "too many are waiting")
}

// TestBodies has nobody without a good key in the query send a body where there is no
// room, and everybody else.
func TestBodies(t *testing.T) {
	gate := new(shut)
	e := startBehind(t, gate)
	file := part{"file", "a.png", string(e.card)}
	e.postForm(t, "/flip?key=good", file).is(t, 200, "")
	e.get(t, "/flip?img="+webCard).is(t, 200, "")
	if gate.came != 0 {
		t.Errorf("%d were held back that had a key, or no body", gate.came)
	}
	e.postForm(t, "/flip?key=", part{"key", "", "good"}, file).is(t, 503, "too many are waiting")
	e.postForm(t, "/flip?key=wrong", file).is(t, 503, "too many are waiting")
}
