package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/cache"
	"pixedge/internal/fault"
)

// TestTurnOfAnother refuses whoever began a fill, for its own sake: the thousand who wait
// have it filled once more, together, and are not refused with it. If that fails too, so
// do they, without another try; and at once for what is not the first one's own.
func TestTurnOfAnother(t *testing.T) {
	own := fault.Own(fault.Errorf(fault.Overloaded, "too many are waiting"))
	for _, tt := range []struct {
		name           string
		fills          []error // what they come to
		refused, tries int64
	}{
		{"the first one's", []error{own, nil}, 1, 2},
		{"the next one's too", []error{own, own, nil}, 1000, 2},
		{"everybody's", []error{fault.Errorf(fault.Overloaded, "no memory"), nil}, 1000, 1},
	} {
		c := newCache(t, 1<<20)
		var tries, refused atomic.Int64
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				_, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) {
					n := tries.Add(1)
					if n == 1 {
						<-begin
					}
					return []byte("v"), tt.fills[n-1] // the next ones are at once, while many still wake up
				})
				if err != nil {
					refused.Add(1)
				}
			})
		}
		waitFor(t, c, 1000)
		close(begin)
		wg.Wait()
		if refused.Load() != tt.refused || tries.Load() != tt.tries {
			t.Errorf("%s: %d refused after %d fills, want %d after %d", tt.name, refused.Load(), tries.Load(), tt.refused, tt.tries)
		}
	}
}

// waitFor returns when so many wait for the key.
func waitFor(t *testing.T, c *cache.Cache[[]byte], n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); c.Waiting("k") < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d wait, want %d", c.Waiting("k"), n)
		}
	}
}

// A late context has ended, but whoever waits for its end does not hear of it.
type late struct{ context.Context }

func (late) Done() <-chan struct{} { return nil }

// TestGoneBeforeTheNext refuses whoever began a fill, for its own sake, when the other
// one who waited has just left: it begins none.
func TestGoneBeforeTheNext(t *testing.T) {
	c := newCache(t, 1<<20)
	own := fault.Own(fault.Errorf(fault.Overloaded, "too many are waiting"))
	begin := make(chan struct{})
	var fills atomic.Int64
	fill := func(context.Context) ([]byte, error) {
		fills.Add(1)
		<-begin
		return nil, own
	}
	ctx, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i, ctx := range []context.Context{t.Context(), late{ctx}} {
		wg.Go(func() {
			if _, _, err := c.Get(ctx, "k", fill); !errors.Is(err, own) {
				t.Errorf("Get = %v, want %v", err, own)
			}
		})
		waitFor(t, c, i+1)
	}
	leave()
	close(begin)
	wg.Wait()
	if fills.Load() != 1 {
		t.Errorf("%d fills, want 1", fills.Load())
	}
}
