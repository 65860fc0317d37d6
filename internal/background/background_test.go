package background_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/background"
	"pixedge/internal/fault"
)

func quiet(ctx context.Context) error { return ctx.Err() }

// silent is told of no failure.
func silent(t *testing.T) func(error) {
	t.Helper()
	return func(err error) { t.Errorf("failed: %v", err) }
}

// TestQueue carries jobs out in their order, a few at a time.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := background.New(t.Context(), background.Config{Workers: 2, Queue: 100}, quiet, silent(t))
		var now, most, done atomic.Int64
		for i := range 50 {
			q.Offer("a", strconv.Itoa(i), func(context.Context) error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				done.Add(1)
				return nil
			})
		}
		began := time.Now()
		synctest.Wait()
		if s := q.Stats(); s.Waiting != 48 || s.Working != 2 {
			t.Errorf("Stats = %+v", s)
		}
		time.Sleep(time.Minute)
		if most.Load() != 2 || done.Load() != 50 {
			t.Errorf("%d at once, %d in all after %v; want 2 and 50", most.Load(), done.Load(), time.Since(began))
		}
		if s := q.Stats(); s != (background.Stats{Done: 50}) {
			t.Errorf("Stats = %+v", s)
		}
	})
}

// TestQueueIsBounded drops what does not fit, and takes it the next time.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := background.New(t.Context(), background.Config{Workers: 1, Queue: 2}, quiet, silent(t))
		var order []string
		offer := func(key string) {
			q.Offer("a", key, func(context.Context) error {
				time.Sleep(time.Second)
				order = append(order, key)
				return nil
			})
		}
		offer("a")
		synctest.Wait() // at work
		for range 3 {
			for _, key := range []string{"a", "b", "c"} {
				offer(key) // the same again is no more
			}
		}
		offer("d")
		if s := q.Stats(); s.Dropped != 1 || s.Waiting != 2 {
			t.Errorf("Stats = %+v", s)
		}
		time.Sleep(time.Minute)
		offer("d")
		offer("a")
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"a", "b", "c", "d", "a"}; !slices.Equal(order, want) {
			t.Errorf("done %v, want %v", order, want)
		}
	})
}

// TestTenantsTakeTurns has one offer far more than fits.
func TestTenantsTakeTurns(t *testing.T) {
	for _, tt := range []struct {
		name    string
		offers  string // by tenant; the first is at work when the others come
		queue   int
		want    string
		dropped int64
	}{
		{"in turn", "aaaabbc", 9, "aabcaba", 0},
		{"one who comes late", "aaaaaab", 9, "aabaaaa", 0},
		{"who has most gives way", "aaaaaaaaabb", 4, "aabab", 6},
		{"not who has little", "abbbbbbc", 3, "abcb", 4},
		{"the last of one who has little", "abcd", 2, "abc", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := background.New(t.Context(), background.Config{Workers: 1, Queue: tt.queue}, quiet, silent(t))
				var done strings.Builder
				for i, tenant := range strings.Split(tt.offers, "") {
					q.Offer(tenant, strconv.Itoa(i), func(context.Context) error {
						time.Sleep(time.Second)
						done.WriteString(tenant)
						return nil
					})
					synctest.Wait()
				}
				time.Sleep(time.Minute)
				if s := q.Stats(); done.String() != tt.want || s.Dropped != tt.dropped || s.Waiting != 0 {
					t.Errorf("done %s, %+v; want %s, %d dropped", &done, s, tt.want, tt.dropped)
				}
			})
		})
	}
}

// TestFailures are not repeated for a while, unless the job was not carried out.
func TestFailures(t *testing.T) {
	broken := fault.Errorf(fault.Unprocessable, "broken")
	for _, tt := range []struct {
		name    string
		do      func() error
		want    background.Stats
		reports int
	}{
		{"error", func() error { return broken }, background.Stats{Failed: 1}, 1},
		{"panic", func() error { panic("a bug") }, background.Stats{Failed: 1}, 1},
		{"overload", func() error { return fault.Errorf(fault.Overloaded, "full") }, background.Stats{Dropped: 3}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var reports []error
				q := background.New(t.Context(), background.Config{Workers: 1, Queue: 9}, quiet, func(err error) { reports = append(reports, err) })
				for range 3 {
					q.Offer("a", "a", func(context.Context) error { return tt.do() })
					time.Sleep(time.Second)
				}
				if s := q.Stats(); s != tt.want || len(reports) != tt.reports {
					t.Errorf("Stats = %+v, reports %v", s, reports)
				}
				if tt.name == "panic" && (fault.Of(reports[0]) != fault.Internal || !strings.Contains(reports[0].Error(), "a bug")) {
					t.Errorf("reported %v", reports[0])
				}
				time.Sleep(5 * time.Minute)
				q.Offer("a", "a", func(context.Context) error { return nil })
				synctest.Wait()
				if q.Stats().Done != 1 {
					t.Errorf("after a while, Stats = %+v", q.Stats())
				}
			})
		})
	}
}

// TestQuiet keeps jobs waiting, with their place in the queue, until it is.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calm := make(chan struct{})
		q := background.New(t.Context(), background.Config{Workers: 1, Queue: 9}, func(ctx context.Context) error {
			select {
			case <-calm:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}, silent(t))
		q.Offer("a", "a", func(context.Context) error { return nil })
		synctest.Wait()
		if s := q.Stats(); s.Waiting != 1 || s.Done != 0 {
			t.Errorf("Stats = %+v", s)
		}
		close(calm)
		synctest.Wait()
		if s := q.Stats(); s != (background.Stats{Done: 1}) {
			t.Errorf("Stats = %+v", s)
		}
	})
}

// TestClose ends what is at work, forgets what waits and takes nothing more.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		q := background.New(ctx, background.Config{Workers: 1, Queue: 9}, quiet, silent(t))
		var begun atomic.Int64
		job := func(ctx context.Context) error {
			begun.Add(1)
			<-ctx.Done()
			time.Sleep(time.Second) // a codec does not stop at once
			return ctx.Err()
		}
		q.Offer("a", "a", job)
		q.Offer("a", "b", job)
		synctest.Wait()
		stop() // with the server
		q.Offer("a", "c", job)
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := q.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close = %v while a job is at work", err)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("Close = %v", err)
		}
		q.Offer("a", "d", job)
		if begun.Load() != 1 || q.Stats().Failed != 0 || q.Stats().Working != 0 {
			t.Errorf("%d jobs begun, Stats = %+v", begun.Load(), q.Stats())
		}
	})
}
