package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/media"
	"pixedge/internal/op"
)

// TestPurge replaces a picture and looks at everything that was made of it, and at what
// was not.
func TestPurge(t *testing.T) {
	const wants = "/service" // stands for the context of what follows
	tests := []struct {
		host, uri, purged string
		stays             bool
	}{
		{"", "/v2/demo/original/a.jpg", "a.jpg", false},
		{"", "/v2/demo/t.flip()/a.jpg", "a.jpg", false},
		{"", "/v2/demo/t.flip()/a.jpg?f_auto=true", "a.jpg", false},
		{"", "/v2/demo/t.flip()/a.jpg?dpr=auto", "a.jpg", false},
		{"", "/v2/demo/t.flip()/%61.jpg", "a.jpg", false},
		{"", "/v2/demo/t.flip()/c%20d.jpg", "c d.jpg", false},
		{"", "/demo/t.flip()/a.jpg", "a.jpg", false},
		{"", "/v2/demo/info/a.jpg", "a.jpg", false},
		{"", wants + "/v2/demo/t.flip()/a.jpg", "a.jpg", false},
		{"", "/v2/demo/wrkr/a.jpg", "a.jpg", false},
		{"", "/v2/demo/p:small/a.jpg", "a.jpg", false},
		{"", "/v2/demo/p:stamped/b.jpg", "a.jpg", false},
		{"", "/v2/demo/t.merge(i:YS5qcGc)/b.jpg", "a.jpg", false},                // a.jpg
		{"", "/v2/demo/t.merge(i:L2EuanBn)/b.jpg", "a.jpg", false},               // /a.jpg
		{"", "/v2/demo/t.merge(i:YyBkLmpwZw)/b.jpg", "c d.jpg", false},           // c d.jpg
		{"", "/v2/demo/t.merge(i:YS5qcGc,tr:dC5mbGlwKCk)/b.jpg", "b.jpg", false}, // with t.flip()
		{"img.example.com", "/v2/t.flip()/a.jpg", "a.jpg", false},
		{"", "/v2/demo/t.flip()/a.jpg", "", false}, // everything
		{"", "/v2/demo/t.flip()/b.jpg", "a.jpg", true},
		{"", "/v2/demo/zone01/t.flip()/a.jpg", "a.jpg", true},
		{"", "/v2/demo/zone01/t.flip()/a.jpg", "", true},
		{"", "/v2/other/t.flip()/a.jpg", "a.jpg", true},
	}
	for _, tt := range tests {
		e, s := newShelf(t)
		e.Renderer = wide{e}
		e.withPresets(t)
		ask := func() (delivery.Answer, error) { return e.ask(tt.host, tt.uri, takesBoth) }
		if uri, ok := strings.CutPrefix(tt.uri, wants); ok {
			ask = func() (delivery.Answer, error) { return e.context(t, uri) }
		}
		first, err := ask()
		if err != nil {
			t.Errorf("%s: %v", tt.uri, err)
			continue
		}
		if again, err := ask(); err != nil || again.Outcome != cache.Hit {
			t.Errorf("%s is not kept: %v, %v", tt.uri, again.Outcome, err)
		}
		for name := range s.has {
			s.put(name, asset{text: " new and longer"})
		}
		e.Purge("demo", tt.purged)
		second, err := ask()
		if err != nil || (second.Outcome == cache.Hit) != tt.stays || (second.Picture.ETag == first.Picture.ETag) != tt.stays {
			t.Errorf("%s, after %q was purged: %v, %v, the same: %v", tt.uri, tt.purged, second.Outcome, err, second.Picture.ETag == first.Picture.ETag)
		}
		if e.held.Load() != 0 {
			t.Errorf("%s: %d originals are not released", tt.uri, e.held.Load())
		}
	}
}

// withPresets gives demo a preset that flips, and one that lays a.jpg over.
func (e *edge) withPresets(t *testing.T) {
	t.Helper()
	presets, err := op.NewPresets([]op.Preset{
		{Name: "small", Transformation: "t.flip()"},
		{Name: "stamped", Transformation: "t.merge(i:YS5qcGc)"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.cloudNamed(t, "demo").Presets = presets
}

// TestPurgeInFlight purges while the old picture is on its way. Who waited may have it;
// whoever comes afterwards gets the new one, by a fetch and a render of its own.
func TestPurgeInFlight(t *testing.T) {
	for _, purged := range []string{"a.jpg", ""} {
		synctest.Test(t, func(t *testing.T) {
			e, s := newShelf(t)
			gate := make(chan struct{})
			s.hold(gate)
			early := make(chan string, 2)
			for _, uri := range []string{"/v2/demo/t.flip()/a.jpg", "/v2/demo/t.flop()/a.jpg"} { // one fetch
				go func() { early <- e.text(uri) }()
			}
			<-s.held
			synctest.Wait()
			s.hold(nil)
			s.put("a.jpg", asset{text: " new"})
			e.Purge("demo", purged)
			for _, uri := range []string{"/v2/demo/t.flip()/a.jpg", "/v2/demo/t.resize(w:9)/a.jpg"} {
				if got := e.text(uri); !strings.HasSuffix(got, " new") {
					t.Errorf("%s after the purge: %q", uri, got)
				}
			}
			close(gate)
			for range 2 {
				if got := <-early; !strings.HasSuffix(got, " old") {
					t.Errorf("who waited got %q", got)
				}
			}
			for _, uri := range []string{"/v2/demo/t.flip()/a.jpg", "/v2/demo/t.flop()/a.jpg"} {
				if got := e.text(uri); !strings.HasSuffix(got, " new") {
					t.Errorf("%s in the end: %q", uri, got)
				}
			}
			synctest.Wait()
			if n := e.held.Load(); n != 0 {
				t.Errorf("%d originals are not released", n)
			}
		})
	}
}

// text is what a URI gives, or its error.
func (e *edge) text(uri string) string {
	a, err := e.get(uri)
	if err != nil {
		return err.Error()
	}
	return string(a.Picture.Data)
}

// TestPurgeLeavesFetches lets pictures on their way be shared when others are purged.
func TestPurgeLeavesFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newShelf(t)
		gate := make(chan struct{})
		s.hold(gate)
		for i, purge := range []func(){func() {}, func() { e.Purge("demo", "b.jpg") }, func() { e.Purge("other", "a.jpg") }} {
			purge()
			go e.text(fmt.Sprintf("/v2/demo/t.resize(w:%d)/a.jpg", 10+i))
			synctest.Wait()
		}
		if n := s.fetches.Load(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
		close(gate)
		synctest.Wait()
	})
}

// TestPurgeInUse purges a picture that is rendered: its original is there, and shared
// with nobody who comes afterwards.
func TestPurgeInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newShelf(t)
		e.gate = make(chan struct{})
		go e.text("/v2/demo/t.flip()/a.jpg")
		synctest.Wait()
		s.put("a.jpg", asset{text: " new"})
		e.Purge("demo", "a.jpg")
		late := make(chan string, 1)
		go func() { late <- e.text("/v2/demo/t.flop()/a.jpg") }()
		synctest.Wait()
		close(e.gate)
		if got := <-late; !strings.HasSuffix(got, " new") {
			t.Errorf("after the purge: %q", got)
		}
		synctest.Wait()
	})
}

// TestPurgeLater purges while an AVIF is made in the background, and looks at the
// interim picture too.
func TestPurgeLater(t *testing.T) {
	e, s := newShelf(t)
	jobs := make(someday)
	e.Later = jobs
	e.cloudNamed(t, "demo").Negotiation.Defer = true
	const uri = "/v2/demo/t.flip()/a.jpg?f_auto=true"
	e.gets(t, uri, takesBoth, media.WebP, cache.Miss, true)
	e.slow = make(chan struct{})
	var job sync.WaitGroup
	for _, do := range jobs {
		job.Go(func() {
			if err := do(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for e.renders.Load() < 2 { // it has its original
		select {
		case <-t.Context().Done():
			t.Fatal("it never begins")
		default:
		}
	}
	s.put("a.jpg", asset{text: " new"})
	e.Purge("demo", "a.jpg")
	if a := e.gets(t, uri, takesBoth, media.WebP, cache.Miss, true); !strings.HasSuffix(string(a.Picture.Data), " new") {
		t.Errorf("the interim picture after the purge is %q", a.Picture.Data)
	}
	close(e.slow)
	job.Wait()
	if a := e.gets(t, uri, takesBoth, media.WebP, cache.Hit, true); !strings.HasSuffix(string(a.Picture.Data), " new") {
		t.Errorf("after the job the picture is %q", a.Picture.Data)
	}
	jobs.carryOut(t)
	if a := e.gets(t, uri, takesBoth, media.AVIF, cache.Hit, false); !strings.HasSuffix(string(a.Picture.Data), " new") {
		t.Errorf("the AVIF is %q", a.Picture.Data)
	}
}

// A meddler does something between the two steps of Context, where its address is asked
// for.
type meddler struct {
	person
	meddle func()
}

func (m meddler) Address() string {
	m.meddle()
	return ""
}

// TestPurgeContext purges when the old picture was found and is not described yet.
func TestPurgeContext(t *testing.T) {
	e, s := newShelf(t)
	const uri = "/v2/demo/t.flip()/a.jpg"
	e.want(t, uri, "")
	early := meddler{person{t.Context()}, func() {
		s.put("a.jpg", asset{text: " new and longer"})
		e.Purge("demo", "a.jpg")
	}}
	if _, err := e.Context(t.Context(), delivery.Request{URI: []byte(uri), Client: early}); err != nil {
		t.Fatal(err)
	}
	a, err := e.context(t, uri)
	if want := fmt.Sprintf(`"size":%d,`, len(e.text(uri))); err != nil || !strings.Contains(string(a.Picture.Data), want) {
		t.Errorf("the description after the purge: %v, %s; want %s", err, a.Picture.Data, want)
	}
}

// TestPurgeRace replaces and purges while many ask: right after each purge nobody gets
// what was there before.
func TestPurgeRace(t *testing.T) {
	e, s := newShelf(t)
	e.Renderer = wide{e}
	uris := []string{"/v2/demo/t.flip()/a.jpg", "/v2/demo/original/a.jpg", "/v2/demo/t.resize(w:7)/a.jpg", "/v2/demo/t.merge(i:YS5qcGc)/b.jpg"}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				if _, err := e.Image(context.Background(), delivery.Request{URI: []byte(uris[n%len(uris)])}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range 150 {
		want := fmt.Sprintf(" version %d.", n)
		s.put("a.jpg", asset{text: want})
		e.Purge("demo", "a.jpg")
		uri := uris[n%len(uris)]
		if got := e.text(uri); !strings.HasSuffix(got, want) {
			t.Errorf("%s gives %q, want %q", uri, got, want)
		}
	}
	stop()
	all.Wait()
}
