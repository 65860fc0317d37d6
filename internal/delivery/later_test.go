package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	imagegif "image/gif"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/background"
	"pixedge/internal/blob"
	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

const (
	flipped   = "/v2/demo/t.flip()/a.jpg?f_auto=true"
	takesBoth = "image/avif,image/webp,*/*;q=0.8"
	takesWebP = "image/webp,*/*"
	takesAVIF = "image/avif,*/*"
)

// A someday keeps the jobs it is offered until a test has them carried out.
type someday map[string]func(context.Context) error

func (s someday) Offer(_, key string, job func(context.Context) error) { s[key] = job }

// carryOut does and forgets all jobs.
func (s someday) carryOut(t *testing.T) (errs []error) {
	t.Helper()
	for key, job := range s {
		delete(s, key)
		if err := job(t.Context()); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// newDeferring returns an edge whose cloud demo, and whose vault, make AVIF in the
// background.
func newDeferring(t *testing.T) (*edge, someday) {
	t.Helper()
	e, jobs := newEdge(t), make(someday)
	e.Later = jobs
	for _, name := range []string{"demo", "vault"} {
		e.cloudNamed(t, name).Negotiation.Defer = true
	}
	return e, jobs
}

// gets asks for a URI and fails the test unless the answer is as wanted.
func (e *edge) gets(t *testing.T, uri, accept string, format media.Format, outcome cache.Outcome, interim bool) delivery.Answer {
	t.Helper()
	a, err := e.ask("", uri, accept)
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	if a.Picture.Format != format || a.Outcome != outcome || a.Interim != interim {
		t.Errorf("%s for %s gives %v, a %v, interim %t; want %v, a %v, %t", uri, accept, a.Picture.Format, a.Outcome, a.Interim, format, outcome, interim)
	}
	return a
}

// TestInterim follows a picture from its first request to its AVIF.
func TestInterim(t *testing.T) {
	e, jobs := newDeferring(t)
	first := e.gets(t, flipped, takesBoth, media.WebP, cache.Miss, true)
	if first.Route.Vary != "Accept" {
		t.Errorf("Vary is %q", first.Route.Vary)
	}
	e.counts(t, 1, 1)
	// It is the picture of those who take nothing better, for whom it is final.
	if other := e.gets(t, flipped, takesWebP, media.WebP, cache.Hit, false); other.Picture != first.Picture {
		t.Error("the interim picture is not shared")
	}
	e.gets(t, flipped, takesBoth, media.WebP, cache.Hit, true)
	if len(jobs) != 1 {
		t.Fatalf("%d jobs, want one", len(jobs))
	}
	if errs := jobs.carryOut(t); errs != nil {
		t.Fatal(errs)
	}
	e.counts(t, 2, 2)
	last := e.gets(t, flipped, takesBoth, media.AVIF, cache.Hit, false)
	if last.Picture.ETag == first.Picture.ETag {
		t.Error("the AVIF has the ETag of the interim picture")
	}
	e.gets(t, flipped, takesWebP, media.WebP, cache.Hit, false)
	if len(jobs) != 0 || e.held.Load() != 0 {
		t.Errorf("%d jobs more, %d originals held", len(jobs), e.held.Load())
	}
	if s := e.Cache.Stats(); s.Misses != 1 || s.Hits != 4 {
		t.Errorf("stats %+v: what nobody waited for is no miss", s)
	}
}

// TestInterimFormats asks for what has and has not a better form to come.
func TestInterimFormats(t *testing.T) {
	tests := []struct {
		uri, accept string
		want        media.Format
		interim     bool
	}{
		{flipped, takesBoth, media.WebP, true},
		{flipped, takesAVIF, media.JPEG, true},
		{flipped, takesWebP, media.WebP, false},
		{flipped, "", media.JPEG, false},
		{"/v2/demo/t.flip()/a.jpg", takesBoth, media.JPEG, false},
		{"/v2/demo/t.flip()~t.toFormat(f:png)/a.jpg?f_auto=true", takesBoth, media.PNG, false},
		{"/v2/demo/original/a.jpg?f_auto=true", takesBoth, media.WebP, true},
		{"/v2/demo/original/a.jpg?f_auto=true", takesAVIF, media.JPEG, true},
		{"/v2/demo/original/a.svg?f_auto=true", takesBoth, media.SVG, false}, // the same for all
		{"/v2/demo/t.flip()/moves.gif?f_auto=true", takesBoth, media.WebP, false},
		{"/v2/demo/t.flip()/moves.gif?f_auto=true", takesAVIF, media.GIF, false},
		{"/v2/demo/original/a.heic?f_auto=true", takesBoth, media.WebP, true},
		{"/v2/demo/original/a.heic?f_auto=true", takesAVIF, media.AVIF, false}, // no browser shows what there is
		{"/v2/other/t.flip()/a.jpg?f_auto=true", takesBoth, media.AVIF, false},
	}
	for _, tt := range tests {
		e, jobs := newDeferring(t)
		e.cloudNamed(t, "demo").Zones[""] = delivery.Zone{Fetcher: withAnimation(t, e)}
		a := e.gets(t, tt.uri, tt.accept, tt.want, cache.Miss, tt.interim)
		if (len(jobs) == 1) != tt.interim {
			t.Errorf("%s for %s: %d jobs", tt.uri, tt.accept, len(jobs))
		}
		// What is final is so when it comes out of the cache, too.
		if b := e.gets(t, tt.uri, tt.accept, tt.want, cache.Hit, tt.interim); b.Picture != a.Picture {
			t.Errorf("%s for %s gives two pictures", tt.uri, tt.accept)
		}
	}
}

// withAnimation returns the pictures of demo, and whole ones: still.gif, moves.gif.
func withAnimation(t *testing.T, e *edge) delivery.Fetcher {
	t.Helper()
	frame := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White})
	store := blob.NewMem()
	for name, frames := range map[string][]*image.Paletted{"still.gif": {frame}, "moves.gif": {frame, frame}} {
		var data bytes.Buffer
		if err := imagegif.EncodeAll(&data, &imagegif.GIF{Image: frames, Delay: make([]int, len(frames))}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(t.Context(), name, &data, blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return either{origin.New(origin.Limits{MaxBytes: 1 << 20, Timeout: 10 * time.Second}, origin.Store(store)), e.cloudNamed(t, "demo").Zones[""].Fetcher}
}

// either is a fetcher and, for what it lacks, another.
type either [2]delivery.Fetcher

func (e either) Fetch(ctx context.Context, name string) (origin.Original, error) {
	if o, err := e[0].Fetch(ctx, name); err == nil {
		return o, nil
	}
	return e[1].Fetch(ctx, name)
}

// TestInterimFails makes neither an interim picture nor a job of an error.
func TestInterimFails(t *testing.T) {
	e, jobs := newDeferring(t)
	a, err := e.ask("", "/v2/demo/t.flip()/missing.jpg?f_auto=true", takesBoth)
	if fault.Of(err) != fault.NotFound || a.Interim || a.Picture != nil || len(jobs) != 0 {
		t.Errorf("%+v, %v, %d jobs", a, err, len(jobs))
	}
}

// TestLaterFails leaves the interim picture to who asks while there is no other.
func TestLaterFails(t *testing.T) {
	e, jobs := newDeferring(t)
	e.gets(t, flipped, takesBoth, media.WebP, cache.Miss, true)
	broken := fault.Errorf(fault.Unprocessable, "no such encoder")
	e.fail.Store(&broken)
	if errs := jobs.carryOut(t); len(errs) != 1 || !errors.Is(errs[0], broken) {
		t.Errorf("the job returned %v", errs)
	}
	e.gets(t, flipped, takesBoth, media.WebP, cache.Hit, true)
	e.fail.Store(nil)
	jobs.carryOut(t)
	e.gets(t, flipped, takesBoth, media.AVIF, cache.Hit, false)
}

// TestLaterOnce has nothing made that is there by now.
func TestLaterOnce(t *testing.T) {
	e, jobs := newDeferring(t)
	e.gets(t, flipped, takesBoth, media.WebP, cache.Miss, true)
	twice := maps.Clone(jobs)
	jobs.carryOut(t)
	twice.carryOut(t)
	e.counts(t, 2, 2)
}

// TestWithoutLater waits where nothing can be made in the background.
func TestWithoutLater(t *testing.T) {
	e, _ := newDeferring(t)
	e.Later = nil
	e.gets(t, flipped, takesBoth, media.AVIF, cache.Miss, false)
}

// TestInterimHints keeps the variants that client hints make apart.
func TestInterimHints(t *testing.T) {
	e, jobs := newDeferring(t)
	e.cloudNamed(t, "demo").Negotiation.Hints = true
	ask := func(dpr string) delivery.Answer {
		a, err := e.Image(t.Context(), delivery.Request{
			URI: []byte("/v2/demo/t.resize(w:10)/a.jpg?f_auto=true&dpr=auto"), Accept: []byte(takesBoth), Hints: hinted{"DPR": dpr},
		})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ask("2")
	jobs.carryOut(t)
	if a := ask("2"); a.Interim || a.Picture.Format != media.AVIF || !strings.Contains(string(a.Picture.Data), "dpr:2") {
		t.Errorf("interim %t: %q", a.Interim, a.Picture.Data)
	}
	if a := ask("3"); !a.Interim || a.Picture.Format != media.WebP {
		t.Errorf("interim %t: %q", a.Interim, a.Picture.Data)
	}
}

type hinted map[string]string

func (h hinted) Peek(name string) []byte { return []byte(h[name]) }

// TestInterimContext describes the picture that is there, and anew when there is
// another.
func TestInterimContext(t *testing.T) {
	e, jobs := newDeferring(t)
	describe := func(outcome cache.Outcome, interim bool) {
		t.Helper()
		a, err := e.Context(t.Context(), delivery.Request{URI: []byte(flipped), Accept: []byte(takesBoth)})
		if err != nil || a.Outcome != outcome || a.Interim != interim {
			t.Errorf("a %v, interim %t, %v; want a %v, %t", a.Outcome, a.Interim, err, outcome, interim)
		}
	}
	describe(cache.Miss, true)
	describe(cache.Hit, true)
	jobs.carryOut(t)
	describe(cache.Miss, false)
	describe(cache.Hit, false)
}

func TestLeft(t *testing.T) {
	e, _ := newDeferring(t)
	now := time.Unix(start, 0)
	for _, tt := range []struct {
		uri     string
		interim bool
		left    int64
		bounded bool
	}{
		{flipped, true, delivery.InterimLife, true},
		{"/v2/demo/t.flip()/a.jpg", false, 0, false},
		{e.sign(t, "/v2/vault/t.flip()/a.jpg?f_auto=true", 3600), true, delivery.InterimLife, true},
		{e.sign(t, "/v2/vault/t.flip()/a.jpg?f_auto=true", 10), true, 10, true},
		{e.sign(t, "/v2/vault/t.flip()/a.jpg", 3600), false, 3600, true},
	} {
		a, err := e.ask("", tt.uri, takesBoth)
		if err != nil {
			t.Fatal(err)
		}
		left, bounded := a.Left(now)
		if a.Interim != tt.interim || bounded != tt.bounded || bounded && left != tt.left {
			t.Errorf("%s: interim %t, %d seconds, %t; want %t, %d, %t", tt.uri, a.Interim, left, bounded, tt.interim, tt.left, tt.bounded)
		}
	}
}

// A counted gate counts who goes through it.
type counted struct{ entered int }

func (c *counted) Enter(context.Context, admit.Ask) (func(bool), error) {
	c.entered++
	return func(bool) {}, nil
}

// TestLaterGate lets what nobody waits for in by its own way.
func TestLaterGate(t *testing.T) {
	e, jobs := newDeferring(t)
	e.cloudNamed(t, "demo").Zones[""] = delivery.Zone{Fetcher: withAnimation(t, e)}
	var render, idle counted
	e.Gates = delivery.Gates{Render: &render, Idle: &idle}
	e.cloudNamed(t, "demo").Limits = transform.Limits{MaxPixels: 100, MaxSide: 100, MaxFrames: 100, MaxMemory: 1 << 30}
	const uri = "/v2/demo/t.flip()/still.gif?f_auto=true"
	e.gets(t, uri, takesBoth, media.WebP, cache.Miss, true)
	if render.entered != 1 || idle.entered != 0 {
		t.Errorf("%d and %d went in, want 1 and 0", render.entered, idle.entered)
	}
	if errs := jobs.carryOut(t); errs != nil || render.entered != 1 || idle.entered != 1 {
		t.Errorf("%v: %d and %d went in, want 1 and 1", errs, render.entered, idle.entered)
	}
}

// TestNobodyWaits has many ask while an AVIF is being made that takes its time.
func TestNobodyWaits(t *testing.T) {
	e, _ := newDeferring(t)
	e.slow = make(chan struct{})
	quiet := func(ctx context.Context) error { return ctx.Err() }
	queue := background.New(t.Context(), background.Config{Workers: 1, Queue: 10}, quiet, func(err error) { t.Error(err) })
	e.Later = queue
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if a, err := e.ask("", flipped, takesBoth); err != nil || !a.Interim || a.Picture.Format != media.WebP {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	all.Wait()
	close(e.slow)
	for deadline := time.Now().Add(30 * time.Second); queue.Stats().Done == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never made: %+v", queue.Stats())
		}
	}
	e.gets(t, flipped, takesBoth, media.AVIF, cache.Hit, false)
	e.counts(t, 2, 2)
	if err := queue.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
