package admit_test

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
)

// TestOverload has four times as many come as can be served, on a clock that takes no
// time. What a gate lets in is done in time, and little is fetched for nothing.
func TestOverload(t *testing.T) {
	const places, work, fetch, window, every = 2, 20 * time.Millisecond, 30 * time.Millisecond, 20 * time.Second, 2500 * time.Microsecond
	for _, tt := range []struct {
		name     string
		clients  int
		patience func(i int) time.Duration
		takes    time.Duration // where work is estimated to take 20 ms
		fetches  float64       // at most, for one good answer
	}{
		{"one client", 1, func(int) time.Duration { return time.Minute }, work, 1.2},
		{"many", 50, func(int) time.Duration { return time.Minute }, work, 1.5}, // who has less waiting takes the place of who has more
		{"estimates too low", 1, func(int) time.Duration { return time.Minute }, 2 * work, 1.5},
		{"half of them leave after a second", 50, func(i int) time.Duration { return time.Duration(1+i%2*59) * time.Second }, work, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := admit.New(admit.Config{Memory: 100 * mib, Queue: 256, Wait: 5 * time.Second}, places)
				var fetched, good, late atomic.Int64
				var all sync.WaitGroup
				visit := func(i int) {
					ctx, leave := context.WithTimeout(t.Context(), tt.patience(i))
					defer leave()
					client := strconv.Itoa(i % tt.clients)
					arrived, err := g.Expect("a", client)
					if err != nil {
						return
					}
					fetched.Add(1)
					time.Sleep(fetch)
					arrived()
					done, err := g.Enter(ctx, admit.Ask{Cost: work, Tenant: "a", Client: client})
					if err != nil {
						return
					}
					time.Sleep(tt.takes)
					done(true)
					if ctx.Err() != nil {
						late.Add(1)
						return
					}
					good.Add(1)
				}
				for i := range int(window / every) {
					all.Go(func() { visit(i) })
					time.Sleep(every)
				}
				capacity := places * float64(window) / float64(tt.takes)
				if got := float64(good.Load()) / capacity; got < 0.9 {
					t.Errorf("goodput %.2f of the capacity", got)
				}
				all.Wait()
				if got := float64(fetched.Load()) / float64(good.Load()); got > tt.fetches {
					t.Errorf("%.2f fetches for a good answer", got)
				}
				t.Logf("%d good of %d fetched", good.Load(), fetched.Load())
				if late.Load() > 0 {
					t.Errorf("%d were done for nobody", late.Load())
				}
			})
		})
	}
}
