package admit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
)

// halfOf returns a way through the story's gate for half the time of one processor.
func (s *story) halfOf() *admit.Idle { return s.Idle(admit.IdleConfig{CPU: 50}, 1) }

// slip sends work that nobody waits for in.
func (s *story) slip(i *admit.Idle, a admit.Ask) {
	s.t.Helper()
	if err := i.Quiet(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	leave, err := i.Enter(s.t.Context(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	s.enter("idle")
	time.Sleep(a.Cost)
	leave(true)
	leave(true)
}

// TestIdleIsLast lets those in first for whom somebody waits.
func TestIdleIsLast(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		s.come("a", admit.Ask{Cost: time.Second})
		s.come("b", admit.Ask{Cost: 2 * time.Second})
		synctest.Wait()
		go func() {
			time.Sleep(500 * time.Millisecond)
			s.come("c", admit.Ask{Cost: 3 * time.Second})
		}()
		s.slip(s.halfOf(), admit.Ask{Cost: time.Second})
		s.wantOrder("a,b,c,idle")
	})
}

// TestIdleLeavesAPlace keeps one free for whoever comes next.
func TestIdleLeavesAPlace(t *testing.T) {
	tell(t, 2, 10, func(s *story) {
		s.come("a", admit.Ask{Cost: time.Second})
		synctest.Wait()
		began := time.Now()
		done := make(chan struct{})
		go func() {
			s.slip(s.halfOf(), admit.Ask{Cost: time.Minute})
			close(done)
		}()
		time.Sleep(2 * time.Second)
		s.come("b", admit.Ask{Cost: time.Second}) // while the other is at work
		synctest.Wait()
		s.wantOrder("a,idle,b")
		<-done
		if took := time.Since(began); took < 61*time.Second || took > 62*time.Second {
			s.t.Errorf("took %v, want a minute, once the first has gone", took)
		}
	})
}

// TestIdleTakesItsShare rests as long as it works.
func TestIdleTakesItsShare(t *testing.T) {
	tell(t, 4, 10, func(s *story) {
		i, began := s.halfOf(), time.Now()
		for range 10 {
			s.slip(i, admit.Ask{Cost: time.Second})
		}
		// The last rest is not taken; each is noticed to be over a little late.
		if took := time.Since(began); took < 19*time.Second || took > 19500*time.Millisecond {
			s.t.Errorf("10 s of work took %v, want 19 s", took)
		}
	})
}

// TestIdleRoom holds it to the budget, and to one big work at a time.
func TestIdleRoom(t *testing.T) {
	tell(t, 8, 10, func(s *story) {
		i := s.halfOf()
		if _, err := i.Enter(s.t.Context(), admit.Ask{Bytes: 101 * mib}); fault.Of(err) != fault.Unprocessable {
			s.t.Errorf("over the budget: %v, want Unprocessable", err)
		}
		s.come("big", admit.Ask{Bytes: 30 * mib, Cost: time.Hour})
		synctest.Wait()
		began := time.Now()
		for _, a := range []admit.Ask{{Bytes: 71 * mib}, {Bytes: 30 * mib}} {
			if _, err := i.Enter(s.t.Context(), a); fault.Of(err) != fault.Overloaded {
				s.t.Errorf("%d bytes: %v, want Overloaded", a.Bytes, err)
			}
		}
		if took := time.Since(began); took != 20*time.Second {
			s.t.Errorf("gave up after %v, want twice 10 s", took)
		}
		s.slip(i, admit.Ask{Bytes: 20 * mib, Cost: time.Second})
		if got := s.Stats(); got.Held != 30*mib || got.Working != 1 {
			s.t.Errorf("Stats = %+v", got)
		}
		time.Sleep(time.Hour)
	})
}

// TestIdleEnds stops waiting when it is told to.
func TestIdleEnds(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		s.come("a", admit.Ask{Cost: time.Hour})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		i, began := s.halfOf(), time.Now()
		if err := i.Quiet(ctx); err == nil {
			s.t.Error("Quiet returned no error")
		}
		if _, err := i.Enter(ctx, admit.Ask{}); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("Enter = %v, want Overloaded", err)
		}
		if took := time.Since(began); took > time.Second+20*time.Millisecond {
			s.t.Errorf("waited for %v, want one second", took)
		}
		time.Sleep(time.Hour)
	})
}

// TestIdleOfOnePlace waits until nobody has come for as long as it will take.
func TestIdleOfOnePlace(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		for range 3 {
			s.come("a", admit.Ask{Cost: time.Second})
			time.Sleep(2 * time.Second) // a second without work between them
		}
		began := time.Now()
		leave, err := s.halfOf().Enter(s.t.Context(), admit.Ask{Cost: 3 * time.Second})
		if err != nil {
			s.t.Fatal(err)
		}
		leave(true)
		if took := time.Since(began); took < 2*time.Second || took > 2*time.Second+20*time.Millisecond {
			s.t.Errorf("let in after %v, want 3 s after the last one left", took)
		}
	})
}
