package delivery_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// A shelf is a source whose pictures are replaced and deleted. Like a library it reads
// them as they were when it was asked.
type shelf struct {
	edge    *edge
	fetches atomic.Int64

	mu   sync.Mutex
	has  map[string]asset
	gate chan struct{} // a fetch waits for it to close, once it has its picture; nil: none does
	held chan struct{} // gets a value from a fetch that waits
}

type asset struct {
	text    string // after the bytes that a JPEG begins with
	private bool
	expires time.Time
	whole   string       // all bytes, if not empty
	format  media.Format // if the source knows it
}

// A knowing source says what its pictures are.
type knowing struct {
	origin.Source
	format media.Format
}

func (k knowing) Open(ctx context.Context, name string) (origin.Body, error) {
	body, err := k.Source.Open(ctx, name)
	body.Format = k.format
	return body, err
}

func (s *shelf) Fetch(ctx context.Context, name string) (origin.Original, error) {
	s.fetches.Add(1)
	s.mu.Lock()
	a, ok := s.has[name]
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		s.held <- struct{}{}
		select {
		case <-gate:
		case <-ctx.Done():
			return origin.Original{}, ctx.Err()
		}
	}
	if !ok {
		return origin.Original{}, fault.Errorf(fault.NotFound, "no such picture")
	}
	data := cmp.Or(a.whole, jpeg+a.text)
	given := knowing{origin.Given(strings.NewReader(data), int64(len(data))), a.format}
	source := origin.New(origin.Limits{MaxBytes: 1 << 20, Timeout: time.Minute}, given)
	o, err := counting{source, s.edge}.Fetch(ctx, name)
	o.Private, o.Expires = a.private, a.expires
	return o, err
}

// put shows another picture under a name from now on.
func (s *shelf) put(name string, a asset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.has[name] = a
}

// hold has fetches wait from now on, until it is called again with nil.
func (s *shelf) hold(gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
}

// newShelf returns an edge whose cloud demo has a mutable default zone, with the picture
// "old" under the names a.jpg, b.jpg and "c d.jpg", besides the zone zone01, which is not
// mutable.
func newShelf(t testing.TB) (*edge, *shelf) {
	t.Helper()
	e := newEdge(t)
	s := &shelf{edge: e, has: make(map[string]asset), held: make(chan struct{}, 100)}
	for _, name := range []string{"a.jpg", "b.jpg", "c d.jpg"} {
		s.put(name, asset{text: " old"})
	}
	cloud, err := e.Clouds.Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	cloud.Zones[""] = delivery.Zone{Fetcher: s, Mutable: true, Worker: "t.resize(w:300)"}
	return e, s
}

// A wide renderer lays the other pictures of a job beside the first.
type wide struct{ delivery.Renderer }

func (w wide) Render(ctx context.Context, job transform.Job) (made media.Image, err error) {
	if made, err = w.Renderer.Render(ctx, job); err != nil {
		return made, err
	}
	for _, file := range job.Files {
		made.Data = append(append(slices.Clip(made.Data), " with "...), file.Data...)
	}
	return made, nil
}
