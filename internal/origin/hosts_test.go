package origin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// A gate is a server that answers nobody before it is opened, and counts.
type gate struct {
	opened           chan struct{}
	now, most, total atomic.Int32
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.total.Add(1)
	now := g.now.Add(1)
	defer g.now.Add(-1)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
	select {
	case <-g.opened:
		fmt.Fprint(w, picture)
	case <-r.Context().Done():
	}
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// fetchAll fetches so many pictures at once and returns what came of them.
func fetchAll(ctx context.Context, f *origin.Fetcher, n int) func() []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, errs[i] = f.Fetch(ctx, fmt.Sprintf("%d.png", i)) })
	}
	return func() []error {
		wg.Wait()
		return errs
	}
}

// TestFetchesPerHost holds that a host gets so many requests at once and no
// more, that the others wait for their turn, and that another host does not.
func TestFetchesPerHost(t *testing.T) {
	const most = 3
	g := newGate()
	s := serve(t, g.ServeHTTP)
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, picture) })
	h := origin.NewHosts(id, origin.HostLimits{Fetches: most})
	// Two zones, or two clouds, and one host.
	first, second := webOf(t, h, s.URL, local()), webOf(t, h, s.URL+"/folder", local())
	wait := fetchAll(t.Context(), origin.New(roomy(), first), 10)
	waitToo := fetchAll(t.Context(), origin.New(roomy(), second), 10)
	within(t, "are not waiting yet", func() int { return 20 - most - int(h.Stats(origin.KindHTTP).Waiting) }, 0)
	// Whose turn it is may yet be on the way to the host.
	within(t, "are not asking yet", func() int { return most - int(g.now.Load()) }, 0)
	if _, err := origin.New(roomy(), webOf(t, h, other.URL, local())).Fetch(t.Context(), "a.png"); err != nil {
		t.Errorf("another host: %v", err)
	}
	close(g.opened)
	for _, err := range append(wait(), waitToo()...) {
		if err != nil {
			t.Error(err)
		}
	}
	if g.most.Load() != most || g.total.Load() != 20 {
		t.Errorf("%d requests at once and %d in all, want %d and 20", g.most.Load(), g.total.Load(), most)
	}
	if n := h.Stats(origin.KindHTTP).Waiting; n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// TestQueueOfHost holds that the queue of a host is bounded, and that those who
// wait in it do so until their time is up, or their client has gone.
func TestQueueOfHost(t *testing.T) {
	t.Parallel()
	g := newGate()
	s := serve(t, g.ServeHTTP)
	h := origin.NewHosts(id, origin.HostLimits{Fetches: 1})
	source := webOf(t, h, s.URL, local())
	ctx, cancel := context.WithCancel(t.Context())
	wait := fetchAll(ctx, origin.New(roomy(), source), 6)
	within(t, "are not waiting yet", func() int { return 5 - int(h.Stats(origin.KindHTTP).Waiting) }, 0)
	hurried := origin.New(origin.Limits{MaxBytes: 1000, Timeout: 200 * time.Millisecond}, source)
	for _, err := range fetchAll(t.Context(), hurried, 3)() {
		if fault.Of(err) != fault.Timeout {
			t.Errorf("Fetch = %v of kind %v, want that it waited in vain", err, fault.Of(err))
		}
	}
	waitToo := fetchAll(ctx, origin.New(roomy(), source), 3)
	within(t, "are not waiting yet", func() int { return 8 - int(h.Stats(origin.KindHTTP).Waiting) }, 0)
	for _, err := range fetchAll(t.Context(), origin.New(roomy(), source), 11)() {
		if fault.Of(err) != fault.Overloaded {
			t.Errorf("Fetch = %v of kind %v, want that it is refused", err, fault.Of(err))
		}
	}
	cancel()
	for _, err := range append(wait(), waitToo()...) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Fetch = %v, want that it was canceled", err)
		}
	}
	within(t, "requests are under way", func() int { return int(g.now.Load()) }, 0)
}

// TestBreaker has a host that only fails, and then does not.
func TestBreaker(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	failing.Store(true)
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		if failing.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, picture)
	})
	h := hosts()
	f := origin.New(roomy(), webOf(t, h, s.URL, local()))
	fetch := func() error {
		_, err := f.Fetch(t.Context(), "a.png")
		return err
	}
	isOpen := func(err error) bool { return strings.HasPrefix(fault.Message(err), "origin keeps failing") }

	// It opens, and then the host has its peace.
	var err error
	for deadline := time.Now().Add(patience); !isOpen(err); time.Sleep(20 * time.Millisecond) {
		if err = fetch(); fault.Of(err) != fault.Upstream || time.Now().After(deadline) {
			t.Fatalf("Fetch = %v of kind %v", err, fault.Of(err))
		}
	}
	asked := requests.Load()
	if err := fetch(); !isOpen(err) || fault.Of(err) != fault.Upstream || requests.Load() != asked {
		t.Errorf("Fetch = %v and asks the host", err)
	}
	if asked < 20 {
		t.Errorf("opens after %d failures", asked)
	}
	// It lets one request try, which fails, and none for a while again.
	within(t, "requests try", func() int { return eager(fetch, isOpen) }, 0)
	if n := requests.Load(); n != asked+1 {
		t.Errorf("%d requests tried, want 1", n-asked)
	}
	if err := fetch(); !isOpen(err) {
		t.Errorf("Fetch = %v, want that the host is not asked", err)
	}
	// And it closes when one succeeds.
	failing.Store(false)
	within(t, "requests try", func() int { return eager(fetch, isOpen) }, 0)
	for range 5 {
		if err := fetch(); err != nil {
			t.Errorf("Fetch = %v, want the picture", err)
		}
	}
	if got := h.Stats(origin.KindHTTP).Changes; got != [...]int64{origin.Closed: 1, origin.HalfOpen: 2, origin.Open: 2} {
		t.Errorf("changes = %v", got)
	}
}

// eager returns 1 while fetch is turned away.
func eager(fetch func() error, isOpen func(error) bool) int {
	if isOpen(fetch()) {
		return 1
	}
	return 0
}

// TestBreakerStaysShut holds that what is no fault of the host, or no sign that
// it is dead, does not close it to others.
func TestBreakerStaysShut(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/found.png":
			fmt.Fprint(w, picture)
		case "/page.png":
			fmt.Fprint(w, "<html>")
		case "/short.png":
			resetWithin(w, r)
		case "/slow.png":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	})
	h := hosts()
	f := origin.New(roomy(), webOf(t, h, s.URL, local()))
	enough := func() bool { return h.Stats(origin.KindHTTP).Attempts > 20 }
	for deadline := time.Now().Add(2500 * time.Millisecond); time.Now().Before(deadline) || !enough(); {
		for _, name := range []string{"none.png", "page.png", "short.png"} {
			if _, err := f.Fetch(t.Context(), name); err == nil {
				t.Fatalf("%s is fetched", name)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		cancel() // a client that has gone already
		_, _ = f.Fetch(ctx, "slow.png")
	}
	if _, err := f.Fetch(t.Context(), "found.png"); err != nil {
		t.Errorf("Fetch = %v, want the picture", err)
	}
	if got := h.Stats(origin.KindHTTP); got.Changes != [3]int64{} {
		t.Errorf("after %d attempts, changes = %v", got.Attempts, got.Changes)
	}
}
