package worker_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
	"pixedge/internal/worker"
)

// patience is for what an idle machine does in a fraction of a second.
const patience = 30 * time.Second

// within waits until it is so.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); !so(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func rogues(t *testing.T, deed string, cfg worker.Config) (*worker.Pool, transform.Job) {
	t.Helper()
	p := newPoolOf(t, cfg, 1, worker.Watcher{}, "rogue", deed)
	return p, job(t, []media.Format{media.PNG}, "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
}

// TestHoards has workers with nothing to do hold much memory: they are ended.
func TestHoards(t *testing.T) {
	p, _ := rogues(t, "hoards", worker.Config{Grown: 64 << 20})
	within(t, "a worker ended for its memory", func() bool { return p.Stats().Ended[worker.Starved] > 0 })
}

// TestFills has a worker hold more memory than its job may take where only its
// results should be.
func TestFills(t *testing.T) {
	p, j := rogues(t, "fills", worker.Config{})
	j.Need.Bytes = 1 << 20
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too much memory") {
		t.Errorf("err = %v, want too much memory", err)
	}
}

// TestStarves has a worker answer that it could get no more memory: it is ended, and its
// end counted as such.
func TestStarves(t *testing.T) {
	p, j := rogues(t, "starves", worker.Config{})
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too much memory") {
		t.Errorf("err = %v, want too much memory", err)
	}
	within(t, "a worker ended for its memory", func() bool { return p.Stats().Ended[worker.Starved] == 1 })
}

// TestFillsWithinBounds has a worker hold more than any render may, and less than twice
// what its own was estimated to.
func TestFillsWithinBounds(t *testing.T) {
	p, j := rogues(t, "fills", worker.Config{})
	j.Need.Bytes, j.Limits.MaxRender = 1<<30, 64<<20
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too much memory") {
		t.Errorf("err = %v, want too much memory", err)
	}
}

// TestBoasts has a worker claim a result that is longer than all that its job may take:
// no memory is taken for it.
func TestBoasts(t *testing.T) {
	p, j := rogues(t, "boasts", worker.Config{})
	j.Need.Bytes = 1 << 20
	j.Place = func(n int) ([]byte, error) {
		t.Errorf("%d bytes of memory were taken", n)
		return make([]byte, n), nil
	}
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too much memory") {
		t.Errorf("err = %v, want too much memory", err)
	}
	within(t, "the worker ended", func() bool { return p.Stats().Ended[worker.Starved] == 1 })
}

// TestDeaf replaces workers that do not end when they are told.
func TestDeaf(t *testing.T) {
	p, j := rogues(t, "deaf", worker.Config{Jobs: 1})
	for range 3 {
		if _, err := p.Render(t.Context(), j); err != nil {
			t.Error(err)
		}
	}
	within(t, "three workers replaced", func() bool { return p.Stats().Ended[worker.Retired] == 3 })
}

// TestHasty has a worker answer a request before it comes: nobody believes it.
func TestHasty(t *testing.T) {
	p, j := rogues(t, "hasty", worker.Config{})
	if _, err := p.Render(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable {
		t.Errorf("err = %v, want unprocessable", err)
	}
	if _, err := p.Render(t.Context(), j); err != nil {
		t.Errorf("the next worker: %v", err)
	}
	if got := p.Stats().Ended[worker.Refused]; got != 1 {
		t.Errorf("%d workers were ended for what they said, want 1", got)
	}
}

// TestAbsent has workers end before they read their job: it is given to two of them, and
// not to a third. TestEnds holds that what was read is given to nobody else.
func TestAbsent(t *testing.T) {
	p, j := rogues(t, "absent", worker.Config{})
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Overloaded {
		t.Errorf("err = %v, want overloaded", err)
	}
	within(t, "their ends counted", func() bool { return p.Stats().Ended[worker.Crashed] >= 2 })
	if got := p.Stats().Ended[worker.Crashed]; got != 2 {
		t.Errorf("%d workers have ended, want 2", got)
	}
}

// TestStillborn has workers end before they say hello: that is noticed by their end and not
// by the time that a start may take, and the error says what they complained of.
func TestStillborn(t *testing.T) {
	command := worker.Command{Path: "/proc/self/exe", Args: []string{"edge", "rogue", "stillborn"}}
	_, err := worker.New(worker.Config{Memory: 1 << 30, Time: time.Second, Jobs: 1}, 1, command, nil, worker.Watcher{})
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "no room for a worker") {
		t.Errorf("err = %v, want what the worker said, at its end", err)
	}
}

// TestRestarts has workers end as soon as they are there: they are started again ever
// less often.
func TestRestarts(t *testing.T) {
	missing := make(chan time.Duration, 100)
	newPoolOf(t, worker.Config{}, 1, worker.Watcher{Replaced: func(d time.Duration) { missing <- d }}, "rogue", "fleeting")
	for _, least := range []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond} {
		if got := <-missing; got < least {
			t.Errorf("another came after %v, want %v and more", got, least)
		}
	}
}

// TestHeir ends a worker of which something stays that it has started, with its standard
// error and its socket open: the end is noticed all the same.
func TestHeir(t *testing.T) {
	p, j := rogues(t, "heir", worker.Config{})
	heir, err := strconv.Atoi(p.Version())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Kill(heir, syscall.SIGKILL); err != nil {
			t.Errorf("the heir has gone: %v", err)
		}
	}()
	if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable {
		t.Errorf("err = %v, want unprocessable", err)
	}
	if got := p.Stats().Ended[worker.Deadline]; got != 0 {
		t.Error("the job was given up for its time")
	}
}

// TestPunctual has a worker know before the pool that a picture takes too long, as one may
// on a busy machine: it comes to the same.
func TestPunctual(t *testing.T) {
	p, j := rogues(t, "punctual", worker.Config{})
	for n := range int64(2) {
		if _, err := p.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too long") {
			t.Errorf("err = %v, want unprocessable", err)
		}
		within(t, "its worker ended by the deadline", func() bool { return p.Stats().Ended[worker.Deadline] == n+1 })
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience) // less than a render may take
	defer cancel()
	if _, err := p.Render(ctx, j); fault.Of(err) != fault.Timeout {
		t.Errorf("err = %v, want a timeout of the request", err)
	}
}

// TestOneRenderEach gives no process a second picture.
func TestOneRenderEach(t *testing.T) {
	p := newPoolOf(t, worker.Config{Jobs: 1, Spares: 1}, 2, worker.Watcher{}, "worker")
	j := job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
	const clients, each = 4, 5
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range each {
				if _, err := p.Render(t.Context(), j); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	within(t, "all of them ended", func() bool { return p.Stats().Ended[worker.Retired] == clients*each })
	if s := p.Stats(); s.Encodes != clients*each || s.Ended[worker.Crashed] != 0 {
		t.Errorf("Stats = %+v", s)
	}
}

// TestSpare ends workers and asks how long they were missing: not at all, where
// another one stands by.
func TestSpare(t *testing.T) {
	for _, spares := range []int{0, 1} {
		var missing, replaced atomic.Int64
		watcher := worker.Watcher{Replaced: func(d time.Duration) {
			missing.Add(int64(d))
			replaced.Add(1)
		}}
		p := newPoolOf(t, worker.Config{Spares: spares}, 1, watcher, "worker")
		j := job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
		for n := int64(1); n <= 3; n++ {
			within(t, "everybody there", func() bool { return len(p.PIDs()) == 1+spares })
			if err := syscall.Kill(p.PIDs()[spares], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			within(t, "another in its place", func() bool { return replaced.Load() == n })
			if _, err := p.Render(t.Context(), j); err != nil {
				t.Error(err)
			}
		}
		if got := time.Duration(missing.Load()); (got == 0) != (spares > 0) {
			t.Errorf("with %d spare: missing for %v", spares, got)
		}
		t.Logf("with %d spare: missing for %v on average", spares, time.Duration(missing.Load()/3))
	}
}
