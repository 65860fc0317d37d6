package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// A slow source gives its picture, or its error, when it is told to.
type slow struct {
	edge  *edge
	come  chan struct{} // closed for it to answer
	err   error
	began atomic.Int64 // fetches
	ended atomic.Int64 // of them, those that were given up
}

func (s *slow) Fetch(ctx context.Context, _ string) (origin.Original, error) {
	s.began.Add(1)
	select {
	case <-s.come:
	case <-ctx.Done():
		s.ended.Add(1)
		return origin.Original{}, ctx.Err()
	}
	if s.err != nil {
		return origin.Original{}, s.err
	}
	s.edge.held.Add(1)
	buffer, err := origin.Memory{}.Get(ctx, int64(len(jpeg)))
	if err != nil {
		return origin.Original{}, err
	}
	copy(buffer.Bytes(), jpeg)
	return origin.Original{Data: buffer.Bytes(), Buffer: wiped{buffer, s.edge}}, nil
}

// newSlow returns an edge whose cloud demo has such a source.
func newSlow(t *testing.T) (*edge, *slow) {
	t.Helper()
	e := newEdge(t)
	s := &slow{edge: e, come: make(chan struct{})}
	e.cloudNamed(t, "demo").Zones[""] = delivery.Zone{Fetcher: s}
	return e, s
}

// A person asks and may leave.
type person struct{ gone context.Context }

func (p person) Address() string { return "" }

func (p person) Stay(ctx context.Context) (context.Context, func()) {
	watched, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(p.gone, func() { cancel(errLeft) })
	return watched, func() {
		stop()
		cancel(nil)
	}
}

var errLeft = errors.New("left")

// sizes asks for so many sizes of one picture, and returns how to leave each, and what
// they come to.
func (e *edge) sizes(n int) (leave []func(), answers []chan error) {
	for i := range n {
		gone, cancel := context.WithCancel(context.Background())
		answer := make(chan error, 1)
		leave, answers = append(leave, cancel), append(answers, answer)
		go func() {
			want := fmt.Sprintf("t.resize(w:%d)", 10+i)
			a, err := e.Image(context.Background(), delivery.Request{URI: []byte("/v2/demo/" + want + "/a.jpg"), Client: person{gone}})
			if err == nil && string(a.Picture.Data) != want+" of "+jpeg {
				err = fmt.Errorf("got %q", a.Picture.Data)
			}
			answer <- err
		}()
	}
	synctest.Wait()
	return leave, answers
}

// TestOneFetch has sizes of a picture asked for at once, and one while the others are
// rendered. The memory stays for the last one.
func TestOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newSlow(t)
		e.gate = make(chan struct{})
		_, answers := e.sizes(12)
		close(s.come)
		synctest.Wait()
		late := make(chan error, 1)
		go func() {
			_, err := e.get("/v2/demo/t.flip()/a.jpg")
			late <- err
		}()
		synctest.Wait()
		if s.began.Load() != 1 || e.renders.Load() != 13 || e.held.Load() != 1 {
			t.Errorf("%d fetches, %d renders, %d originals held; want 1, 13 and 1", s.began.Load(), e.renders.Load(), e.held.Load())
		}
		time.Sleep(3 * time.Second) // too late to share it
		_, old := e.sizes(14)
		if s.began.Load() != 2 || e.held.Load() != 2 {
			t.Errorf("%d fetches, %d originals held; want 2 and 2", s.began.Load(), e.held.Load())
		}
		close(e.gate)
		for _, answer := range append(append(answers, old...), late) {
			if err := <-answer; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if n := e.held.Load(); n != 0 {
			t.Errorf("%d originals are not released", n)
		}
	})
}

// TestFetchLeft has the one who began a fetch leave, then all the others.
func TestFetchLeft(t *testing.T) {
	for _, stays := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			e, s := newSlow(t)
			leave, answers := e.sizes(3)
			for i := range 2 {
				leave[i]()
				if err := <-answers[i]; !errors.Is(err, errLeft) {
					t.Errorf("one who left: %v", err)
				}
			}
			synctest.Wait()
			if n := s.ended.Load(); n != 0 {
				t.Error("the fetch ended while somebody waited")
			}
			want := error(nil)
			if stays {
				close(s.come)
			} else {
				leave[2]()
				want = errLeft
			}
			if err := <-answers[2]; !errors.Is(err, want) {
				t.Errorf("the last one: %v, want %v", err, want)
			}
			synctest.Wait()
			if s.began.Load() != 1 || (s.ended.Load() == 0) != stays || e.held.Load() != 0 {
				t.Errorf("%d fetches, %d given up, %d originals held", s.began.Load(), s.ended.Load(), e.held.Load())
			}
		})
	}
}

// TestFetchFails tells all who wait, and does not remember.
func TestFetchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newSlow(t)
		s.err = fault.Errorf(fault.Upstream, "broken")
		_, answers := e.sizes(5)
		close(s.come)
		for _, answer := range answers {
			if err := <-answer; !errors.Is(err, s.err) {
				t.Errorf("%v, want %v", err, s.err)
			}
		}
		synctest.Wait()
		s.err = nil
		if _, answers = e.sizes(1); <-answers[0] != nil || s.began.Load() != 2 {
			t.Errorf("%d fetches, want another one that succeeds", s.began.Load())
		}
	})
}

// TestTurnOfAnother refuses the turn of whoever came first: the others try in their own
// name, together, and are not refused with it.
func TestTurnOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newSlow(t)
		s.err = fault.Own(fault.Errorf(fault.Overloaded, "too many are waiting"))
		_, answers := e.sizes(5)
		first := s.come
		s.come = make(chan struct{}) // of the next fetch, which waits until all wait for it
		close(first)
		synctest.Wait()
		s.err = nil
		close(s.come)
		var refused int
		for _, answer := range answers {
			if err := <-answer; err != nil {
				refused++
			}
		}
		if refused != 1 || s.began.Load() != 2 {
			t.Errorf("%d were refused after %d fetches, want 1 after 2", refused, s.began.Load())
		}
	})
}

// TestOneURL has many ask for one URL of whom the first is not let in: the others have it
// made together, in the name of one of them. What is refused for the picture's sake is
// refused to all.
func TestOneURL(t *testing.T) {
	for _, tt := range []struct {
		name           string
		refusal        error
		refused, asked int64
	}{
		{"the first one's turn", fault.Own(fault.Errorf(fault.Overloaded, "too many are waiting")), 1, 2},
		{"no memory for anybody", fault.Errorf(fault.Overloaded, "there is no memory for the picture"), 5, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			e, s := newSlow(t)
			close(s.come)
			door := &picky{refusal: tt.refusal, open: make(chan struct{})}
			e.Gates.Fetch = door
			answers := make(chan error, 5)
			for range cap(answers) {
				go func() {
					_, err := e.Image(context.Background(), delivery.Request{URI: []byte("/v2/demo/t.flip()/a.jpg")})
					answers <- err
				}()
			}
			synctest.Wait()
			close(door.open)
			var refused int64
			for range cap(answers) {
				if err := <-answers; err != nil {
					refused++
				}
			}
			if refused != tt.refused || door.asked.Load() != tt.asked {
				t.Errorf("%s: %d were refused after %d asked to be let in, want %d after %d", tt.name, refused, door.asked.Load(), tt.refused, tt.asked)
			}
		})
	}
}

// A picky gate refuses the first one, when it opens, and lets in the others.
type picky struct {
	refusal error
	open    chan struct{}
	asked   atomic.Int64
}

func (p *picky) Enter(context.Context, admit.Ask) (func(bool), error) {
	<-p.open
	if p.asked.Add(1) == 1 {
		return nil, p.refusal
	}
	return func(bool) {}, nil
}

// TestNothingLeaks shares a picture among many who come and leave as they like.
func TestNothingLeaks(t *testing.T) {
	e := newEdge(t)
	var all sync.WaitGroup
	for i := range 200 {
		gone, leave := context.WithCancel(t.Context())
		all.Go(func() {
			a, err := e.Image(t.Context(), delivery.Request{URI: fmt.Appendf(nil, "/v2/demo/t.resize(w:%d)/a.jpg", 1+i), Client: person{gone}})
			if err == nil && !strings.HasSuffix(string(a.Picture.Data), jpeg+" of demo") {
				t.Errorf("%q", a.Picture.Data)
			}
		})
		if i%3 == 0 {
			all.Go(leave)
		}
		defer leave()
	}
	all.Wait()
	for deadline := time.Now().Add(30 * time.Second); e.held.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d originals are not released", e.held.Load())
		}
	}
}

// A trap is a source of which one picture makes it panic, when the others are there.
type trap struct {
	delivery.Fetcher

	name string
	edge *edge
	most int64 // originals that the others hold by then
}

func (s trap) Fetch(ctx context.Context, name string) (origin.Original, error) {
	if name != s.name {
		return s.Fetcher.Fetch(ctx, name)
	}
	for deadline := time.Now().Add(30 * time.Second); s.edge.held.Load() < s.most; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return origin.Original{}, errors.New("the others did not come")
		}
	}
	panic("boom")
}

// TestFetchPanics has the fetch of one picture of several panic: it costs its request,
// and nothing stays of the others.
func TestFetchPanics(t *testing.T) {
	for _, tt := range []struct{ uri, name string }{
		{"/v2/demo/t.merge(i:YS5naWY)/a.jpg", "a.jpg"},
		{"/v2/demo/t.merge(i:YS5naWY)/a.jpg", "a.gif"},
	} {
		e := newEdge(t)
		demo := e.cloudNamed(t, "demo")
		demo.Zones[""] = delivery.Zone{Fetcher: trap{demo.Zones[""].Fetcher, tt.name, e, 1}}
		_, err := e.get(tt.uri)
		if fault.Of(err) != fault.Internal || !strings.Contains(err.Error(), "boom") {
			t.Errorf("%s: %v, want the panic", tt.name, err)
		}
		if n := e.held.Load(); n != 0 {
			t.Errorf("%s: %d originals are not released", tt.name, n)
		}
		e.want(t, "/v2/demo/original/b%20c.jpg", "")
	}
}

// A fragile renderer panics when it is to describe a picture.
type fragile struct{ delivery.Renderer }

func (fragile) Inspect(context.Context, media.Image, transform.Limits) (transform.Info, error) {
	panic("boom")
}

// A doorman notes whether those who leave say that they are done.
type doorman struct{ left []bool }

func (d *doorman) Enter(context.Context, admit.Ask) (func(bool), error) {
	return func(done bool) { d.left = append(d.left, done) }, nil
}

// TestInspectPanics has the description of a picture panic: that is not told to the gate
// as done.
func TestInspectPanics(t *testing.T) {
	e, door := newEdge(t), new(doorman)
	demo := e.cloudNamed(t, "demo")
	demo.Zones[""], demo.Limits = delivery.Zone{Fetcher: withAnimation(t, e)}, plenty()
	e.Renderer, e.Gates.Render = fragile{e}, door
	if _, err := e.get("/v2/demo/info/still.gif"); fault.Of(err) != fault.Internal || !strings.Contains(err.Error(), "boom") {
		t.Errorf("%v, want the panic", err)
	}
	if len(door.left) != 1 || door.left[0] {
		t.Errorf("left with %v, want once and not done", door.left)
	}
}
