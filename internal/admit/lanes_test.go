package admit_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
)

// TestLanesFillApart has work of one client wait in both lanes, behind a second of small
// work: what fills one of them closes that one, to its newest.
func TestLanesFillApart(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	small := func(d time.Duration) admit.Ask { return admit.Ask{Bytes: mib, Cost: d, Client: "x"} }
	big := func(d time.Duration) admit.Ask { return admit.Ask{Bytes: 60 * mib, Cost: d, Client: "x"} }
	other := func(a admit.Ask) admit.Ask {
		a.Client = "y"
		return a
	}
	for _, tt := range []struct {
		name          string
		places, queue int
		come          []admit.Ask
		refused       int // of them; -1: nobody
		expects       bool
	}{
		{"small work behind big", 1, 9, []admit.Ask{big(4900 * ms), big(4900 * ms), small(s)}, -1, true},
		{"big work behind small", 1, 9, []admit.Ask{small(3 * s), small(3 * s), small(3 * s), big(2 * s)}, -1, false},
		{"more than a lane's part of a place", 1, 9, []admit.Ask{big(4900 * ms), big(4900 * ms), small(5 * s), small(5 * s)}, 3, true},
		{"more than one lane has when the other is empty", 1, 9, []admit.Ask{small(3 * s), small(3 * s), small(3 * s), small(2 * s)}, 3, false},
		{"big work is done one at a time", 4, 9, []admit.Ask{big(8 * s), big(4 * s), big(4 * s), big(4 * s)}, 3, true},
		{"and that of who has most is refused", 1, 9, []admit.Ask{big(4900 * ms), big(4900 * ms), other(big(4900 * ms))}, 1, true},
		{"who has most waiting there", 1, 9, []admit.Ask{big(4900 * ms), big(4900 * ms), other(small(6 * s)), small(s), other(small(2 * s))}, 4, true},
		{"a queue full of big work", 1, 4, []admit.Ask{small(s), big(s), big(s), big(s), small(ms)}, 3, false},
		{"a queue full of small work", 1, 4, []admit.Ask{small(s), big(s), small(s), small(s), big(s)}, 3, false},
		{"a queue full of another's small work", 1, 4, []admit.Ask{other(small(s)), other(small(s)), other(small(s)), big(3 * s), big(s)}, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tell(t, tt.places, tt.queue, func(s *story) {
				s.come("work", small(time.Second))
				for i, a := range tt.come {
					s.come(strconv.Itoa(i), a)
				}
				for i := range tt.come {
					if err := s.err(strconv.Itoa(i)); (err != nil) != (i == tt.refused) || err != nil && fault.Of(err) != fault.Overloaded {
						s.t.Errorf("number %d: %v", i, err)
					}
				}
				arrived, err := s.Expect("", "x")
				if (err == nil) != tt.expects {
					s.t.Errorf("announced: %v", err)
				}
				if err == nil {
					arrived()
				}
				time.Sleep(time.Hour)
			})
		})
	}
}

// TestUsualCost has had nothing but long big work: small work of the client that is
// announced is not taken for more of it.
func TestUsualCost(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for range 100 {
			s.come("big", admit.Ask{Bytes: 60 * mib, Cost: 8 * time.Second})
			time.Sleep(8 * time.Second)
		}
		for range 8 {
			arrived, err := s.Expect("", "")
			if err != nil {
				s.t.Fatal(err)
			}
			defer arrived()
		}
	})
}

// TestBesideAFlood has one client bring four times as much big work as can be done. Its
// small work, which takes half of the machine, is fetched and done soon, all of it.
func TestBesideAFlood(t *testing.T) {
	const places, window, fetch = 2, 2 * time.Minute, 30 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		g := admit.New(admit.Config{Memory: 100 * mib, Queue: 256, Wait: 5 * time.Second}, places)
		var all sync.WaitGroup
		var big atomic.Int64
		longest := time.Duration(0)
		var mu sync.Mutex
		visit := func(a admit.Ask) error {
			arrived, err := g.Expect(a.Tenant, a.Client)
			if err != nil {
				return err
			}
			time.Sleep(fetch)
			arrived()
			leave, err := g.Enter(t.Context(), a)
			if err != nil {
				return err
			}
			time.Sleep(a.Cost)
			leave(true)
			return nil
		}
		for i := range int(window / (20 * time.Millisecond)) {
			if i%25 == 0 {
				all.Go(func() {
					if visit(admit.Ask{Bytes: 60 * mib, Cost: 2 * time.Second}) == nil {
						big.Add(1)
					}
				})
			}
			all.Go(func() {
				began := time.Now()
				if err := visit(admit.Ask{Bytes: mib, Cost: 20 * time.Millisecond}); err != nil {
					t.Errorf("small work: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				longest = max(longest, time.Since(began))
			})
			time.Sleep(20 * time.Millisecond)
		}
		all.Wait()
		t.Logf("small work took at most %v; %d pieces of big work were done", longest, big.Load())
		if longest > time.Second {
			t.Errorf("small work took up to %v", longest)
		}
		if big.Load() < 20 {
			t.Errorf("%d pieces of big work were done", big.Load())
		}
	})
}
