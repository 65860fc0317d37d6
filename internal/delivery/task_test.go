package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	imagegif "image/gif"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// task returns one of demo, by a client, of a picture of the shelf.
func (e *edge) task(t testing.TB, s *shelf, pipeline, name string) delivery.Task {
	t.Helper()
	calls, err := op.Parse(pipeline)
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := e.Clouds.Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	return delivery.Task{Cloud: cloud, Pipeline: calls, Original: delivery.Input{Fetcher: s, Name: name}, Client: "192.0.2.7"}
}

// TestMake has tasks carried out, and each anew: nothing is cached, nor found.
func TestMake(t *testing.T) {
	e, s := newShelf(t)
	e.Renderer = wide{e}
	s.put("secret.jpg", asset{text: " secret", private: true})
	e.want(t, "/v2/demo/t.flip()/a.jpg", "") // of no use to them
	before, entries := s.fetches.Load(), e.Cache.Stats()
	merged := e.task(t, s, "t.merge(i:MQ)", "a.jpg") // "1"
	merged.Others = map[string]delivery.Input{"1": {Fetcher: s, Name: "secret.jpg"}, "a.jpg": {Fetcher: s, Name: "b.jpg"}}
	tests := []struct {
		task delivery.Task
		want string
	}{
		{e.task(t, s, "original", "a.jpg"), jpeg + " old"},
		{e.task(t, s, "t.flip()", "a.jpg"), "t.flip() of " + jpeg + " old"},
		{e.task(t, s, "t.flip()", "a.jpg"), "t.flip() of " + jpeg + " old"},
		{e.task(t, s, "t.flip()", "secret.jpg"), "t.flip() of " + jpeg + " secret"},
		{merged, "t.merge(i:MQ) of " + jpeg + " old with " + jpeg + " secret"},
	}
	for _, tt := range tests {
		got, err := e.Make(t.Context(), tt.task)
		if err != nil || string(got.Data) != tt.want || got.ETag == "" {
			t.Errorf("Make(%v) = %q, %v; want %q", tt.task.Pipeline, got.Data, err, tt.want)
		}
	}
	if n := s.fetches.Load() - before; n != 6 {
		t.Errorf("%d fetches, want one of each picture of each task: 6", n)
	}
	if e.Cache.Stats() != entries || e.held.Load() != 0 {
		t.Errorf("the cache has %+v, before %+v; %d originals are held", e.Cache.Stats(), entries, e.held.Load())
	}
}

// TestMakeRefused has tasks fail at each of their stages, and nothing kept.
func TestMakeRefused(t *testing.T) {
	e, s := newShelf(t)
	e.withPresets(t)
	broken := e.task(t, s, "t.flip()", "a.jpg")
	broken.Original.Fetcher = brokenFetcher{}
	half := e.task(t, s, "t.merge(i:MQ)", "a.jpg")
	half.Others = map[string]delivery.Input{"1": {Fetcher: s, Name: "none.jpg"}}
	for _, tt := range []struct {
		name string
		task delivery.Task
		want fault.Kind
	}{
		{"a preset", e.task(t, s, "p:small", "a.jpg"), fault.Invalid},
		{"an old preset", e.task(t, s, "p.apply(n:small)", "a.jpg"), fault.Invalid},
		{"no operation", e.task(t, s, "t.none()", "a.jpg"), fault.Invalid},
		{"no picture", e.task(t, s, "t.flip()", "none.jpg"), fault.NotFound},
		{"no second picture", half, fault.NotFound},
		{"a second picture of the cloud's", e.task(t, s, "t.merge(i:Yi5qcGc)", "a.jpg"), fault.NotFound}, // b.jpg
		{"itself as second picture, //", e.task(t, s, "t.merge(i:Ly8)", "a.jpg"), fault.NotFound},
		{"itself as second picture, /", e.task(t, s, "t.merge(i:Lw)", "a.jpg"), fault.Invalid}, // "/"
		{"a broken source", broken, fault.Upstream},
	} {
		if got, err := e.Make(t.Context(), tt.task); fault.Of(err) != tt.want || got.Data != nil {
			t.Errorf("%s: %q, %v; want %v", tt.name, got.Data, err, tt.want)
		}
	}
	failure := fault.Errorf(fault.Unprocessable, "broken")
	e.fail.Store(&failure)
	if _, err := e.Make(t.Context(), e.task(t, s, "t.flip()", "a.jpg")); !errors.Is(err, failure) {
		t.Errorf("a render that fails: %v", err)
	}
	if n := e.held.Load(); n != 0 {
		t.Errorf("%d originals are not released", n)
	}
}

// TestMakeEnds has the client leave, or the time run out, at each stage.
func TestMakeEnds(t *testing.T) {
	for _, stage := range []string{"fetch", "line", "time"} {
		synctest.Test(t, func(t *testing.T) {
			e, s := newShelf(t)
			ctx, leave := context.WithCancelCause(t.Context())
			want := errLeft
			switch stage {
			case "fetch":
				s.hold(make(chan struct{}))
			case "line":
				e.Gates.Render = shut{}
				e.cloudNamed(t, "demo").Limits = plenty()
				s.put("a.jpg", asset{whole: still(t)})
			case "time":
				s.hold(make(chan struct{}))
				e.TaskTime, want = time.Minute, context.DeadlineExceeded
			}
			answer := make(chan error, 1)
			go func() {
				_, err := e.Make(ctx, e.task(t, s, "t.flip()", "a.jpg"))
				answer <- err
			}()
			synctest.Wait()
			if stage != "time" {
				leave(errLeft)
			}
			if err := <-answer; !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", stage, err, want)
			}
			leave(nil)
			synctest.Wait()
			if n := e.held.Load(); n != 0 {
				t.Errorf("%s: %d originals are not released", stage, n)
			}
		})
	}
}

// TestMakeTakesTurns has a task enter each gate as its client's.
func TestMakeTakesTurns(t *testing.T) {
	e, s := newShelf(t)
	s.put("still.gif", asset{whole: still(t)})
	var asked gatebook
	e.Gates = delivery.Gates{Line: &asked, Fetch: asked.gate("fetch"), Render: asked.gate("render"), Idle: asked.gate("idle")}
	e.cloudNamed(t, "demo").Limits = plenty()
	if _, err := e.Make(t.Context(), e.task(t, s, "t.flip()", "still.gif")); err != nil {
		t.Fatal(err)
	}
	const want = "line demo 192.0.2.7, fetch demo 192.0.2.7, render demo 192.0.2.7"
	if got := strings.Join(asked.entries, ", "); got != want || asked.inside != 0 {
		t.Errorf("asked were %s; %d are inside", got, asked.inside)
	}
	tight := e.task(t, s, "t.flip()", "still.gif")
	cloud := *tight.Cloud
	cloud.Limits.MaxPixels = 1
	tight.Cloud = &cloud
	if _, err := e.Make(t.Context(), tight); fault.Of(err) != fault.Unprocessable {
		t.Errorf("more pixels than the limit: %v", err)
	}
}

type brokenFetcher struct{}

func (brokenFetcher) Fetch(context.Context, string) (origin.Original, error) {
	return origin.Original{}, fault.Errorf(fault.Upstream, "broken")
}

// still returns a whole picture, which the gates want: they read its header.
func still(t *testing.T) string {
	t.Helper()
	var data bytes.Buffer
	if err := imagegif.Encode(&data, image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black}), nil); err != nil {
		t.Fatal(err)
	}
	return data.String()
}

func plenty() transform.Limits {
	return transform.Limits{MaxPixels: 1e6, MaxSide: 1000, MaxFrames: 10, MaxMemory: 1 << 30}
}

// A shut gate lets nobody in.
type shut struct{}

func (shut) Enter(ctx context.Context, _ admit.Ask) (func(bool), error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// A gatebook notes who enters which gate.
type gatebook struct {
	mu      sync.Mutex
	entries []string
	inside  int
}

func (b *gatebook) note(gate, tenant, client string) (leave func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, gate+" "+tenant+" "+client)
	b.inside++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.inside--
	}
}

func (b *gatebook) Expect(tenant, client string) (func(), error) {
	return b.note("line", tenant, client), nil
}

func (b *gatebook) gate(name string) delivery.Gate { return gateOf{b, name} }

type gateOf struct {
	book *gatebook
	name string
}

func (g gateOf) Enter(_ context.Context, a admit.Ask) (func(bool), error) {
	leave := g.book.note(g.name, a.Tenant, a.Client)
	return func(bool) { leave() }, nil
}
