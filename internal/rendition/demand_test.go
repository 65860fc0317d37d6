package rendition_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/rendition"
	"pixedge/internal/transform"
)

// TestRoom has every part of a job wait for room of its own, for what it really takes:
// much less when more is there, whatever the mark of the original.
func TestRoom(t *testing.T) {
	s, _ := newStore(t, rendition.Config{Memory: 64 << 20})
	original := imgtest.JPEG(t, imgtest.Card(1200, 900, false), 6)
	ask := func(text string, data []byte) (needs []transform.Need) {
		t.Helper()
		j := job(t, text, data)
		shape, err := transform.ShapeOf(j.Original, j.Limits)
		if err != nil {
			t.Fatal(err)
		}
		j.Need = j.Plan.Estimate(shape, nil)
		inside := false
		j.Admit = func(_ context.Context, n transform.Need) (func(bool), error) {
			if inside {
				t.Error("a job takes a second place")
			}
			needs, inside = append(needs, n), true
			return func(bool) { inside = false }, nil
		}
		render(t, s, j)
		if inside {
			t.Error("a place was not given back")
		}
		return needs
	}
	alone := ask("t.resize(w:100)", original)
	made := ask("t.resize(w:110)", original)
	reduced := ask("t.resize(w:120)", original)
	finished := ask("t.resize(w:120)~t.toFormat(f:png)", original)
	if len(alone) != 1 || len(made) != 3 || len(reduced) != 2 || len(finished) != 1 {
		t.Fatalf("%d, %d, %d and %d times for room, want 1, 3, 2 and 1", len(alone), len(made), len(reduced), len(finished))
	}
	if made[0].Bytes <= alone[0].Bytes || made[0].Time <= reduced[0].Time || reduced[0].Bytes <= finished[0].Bytes || finished[0].Bytes == 0 {
		t.Errorf("%+v, then %+v, then %+v, then %+v", alone, made, reduced, finished)
	}
	// One that only begins and ends like another takes the long way, and says so.
	alike := bytes.Clone(original)
	alike[len(alike)/2] ^= 1
	if needs := ask("t.resize(w:120)", alike); len(needs) != 3 || needs[0] != made[0] {
		t.Errorf("one with the same ends: %+v, want %+v first", needs, made)
	}
}

// TestRefused has no room for a rendition, but for a plain render, and for neither.
func TestRefused(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	j := job(t, "t.resize(w:100)", photo(t))
	j.Need.Bytes, j.InDemand = 1, true
	refuse := fault.Unprocessable
	j.Admit = func(_ context.Context, n transform.Need) (func(bool), error) {
		if n.Bytes > 1 || refuse == fault.Overloaded {
			return nil, fault.Errorf(refuse, "no room")
		}
		return func(bool) {}, nil
	}
	render(t, s, j)
	c.wants(t, map[string]int{plain: 1})
	refuse = fault.Overloaded
	if _, err := s.Render(t.Context(), j); fault.Of(err) != refuse {
		t.Errorf("%v, want overloaded", err)
	}
	c.wants(t, map[string]int{})
}

// TestInDemand decodes the original once, when it is known that several want it, or
// others come while the first one waits for room.
func TestInDemand(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	first := job(t, "t.resize(w:100)", photo(t))
	first.InDemand = true
	render(t, s, first)
	c.wants(t, map[string]int{reduced: 1, further: 1, encoded: 1})

	another := imgtest.JPEG(t, imgtest.Card(802, 600, false), 1)
	first, once := job(t, "t.resize(w:100)", another), sync.Once{}
	first.Admit = func(context.Context, transform.Need) (func(bool), error) {
		once.Do(func() { render(t, s, job(t, "t.resize(w:110)", another)) })
		return func(bool) {}, nil
	}
	render(t, s, first)
	c.wants(t, map[string]int{reduced: 1, further: 2, encoded: 2})
}

// TestLater makes nothing for others of what nobody waits for, but takes what is there.
func TestLater(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	later := job(t, "t.resize(w:100)~t.toFormat(f:png)", photo(t))
	later.Later = true
	render(t, s, later)
	render(t, s, later)
	now := job(t, "t.resize(w:100)", photo(t))
	render(t, s, now)
	render(t, s, later)
	c.wants(t, map[string]int{plain: 4})
	render(t, s, now)
	render(t, s, later)
	c.wants(t, map[string]int{reduced: 1, further: 1, encoded: 2})
	if !*later.Derived {
		t.Error("it was not made of what was there")
	}
}

// TestTurns has the one who makes a rendition fail while others wait for it: where it
// was not its turn one of them makes it, and what nobody could make is not tried again.
func TestTurns(t *testing.T) {
	full := fault.Errorf(fault.Overloaded, "no room")
	for _, tt := range []struct {
		name           string
		err            error
		refused, tries int64
	}{
		{"the first one's turn", fault.Own(full), 1, 2},
		{"no memory for anybody", full, 5, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, c := newStore(t, rendition.Config{Memory: 64 << 20})
			var tries, refused atomic.Int64
			fail := make(chan struct{})
			c.before = func(_ context.Context, kind string) error {
				if kind != reduced || tries.Add(1) > 1 {
					return nil
				}
				<-fail
				return tt.err
			}
			var all sync.WaitGroup
			for i := range 5 {
				j := job(t, fmt.Sprintf("t.resize(w:%d)", 40+i), photo(t))
				j.InDemand = true
				all.Go(func() {
					if _, err := s.Render(t.Context(), j); err != nil {
						refused.Add(1)
					}
				})
			}
			synctest.Wait()
			close(fail)
			all.Wait()
			if refused.Load() != tt.refused || tries.Load() != tt.tries {
				t.Errorf("%s: %d refused after %d tries, want %d after %d", tt.name, refused.Load(), tries.Load(), tt.refused, tt.tries)
			}
		})
	}
}

// TestPanics has renders panic: none of them is told to the gate as done.
func TestPanics(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	c.before = func(context.Context, string) error { panic("boom") }
	for _, inDemand := range []bool{false, true} {
		var left []bool
		j := job(t, "t.resize(w:40)", photo(t))
		j.InDemand = inDemand
		j.Admit = func(context.Context, transform.Need) (func(bool), error) {
			return func(done bool) { left = append(left, done) }, nil
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			_, _ = s.Render(t.Context(), j)
		}()
		if len(left) != 1 || left[0] {
			t.Errorf("in demand %t: left with %v, want once and not done", inDemand, left)
		}
	}
}
