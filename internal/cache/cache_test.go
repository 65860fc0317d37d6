package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/fault"
)

func newCache(tb testing.TB, size config.Size) *cache.Cache[[]byte] {
	tb.Helper()
	c, err := cache.New(cache.Config{Size: size, FillTimeout: time.Minute}, func(b []byte) int64 { return int64(len(b)) })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func give(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

// TestStampede has a thousand clients ask for one missing value at once.
func TestStampede(t *testing.T) {
	c := newCache(t, 1<<20)
	var fills atomic.Int64
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			got, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) {
				fills.Add(1)
				time.Sleep(10 * time.Millisecond)
				return []byte("v"), nil
			})
			if err != nil || string(got) != "v" {
				t.Errorf("Get = %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if fills.Load() != 1 {
		t.Errorf("filled %d times, want once", fills.Load())
	}
	s := c.Stats()
	if s.Misses != 1 || s.Hits+s.Coalesced != 999 {
		t.Errorf("stats = %+v, want one miss in 1000", s)
	}
}

// errLeft is why a client ends its waiting.
var errLeft = errors.New("left")

// A crowd waits for one key.
type crowd struct {
	*cache.Cache[[]byte]

	started chan struct{} // closed when the fill is at work
	finish  chan struct{} // to be closed
	ended   chan error    // what the fill's context ended with; nil if it was to finish
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	return &crowd{newCache(t, 1<<20), make(chan struct{}), make(chan struct{}), make(chan error, 1)}
}

// ask waits for the key in the background.
func (c *crowd) ask(ctx context.Context) (leave func(), answer chan error) {
	ctx, cancel := context.WithCancelCause(ctx)
	answer = make(chan error, 1)
	go func() {
		got, _, err := c.Get(ctx, "k", func(ctx context.Context) ([]byte, error) {
			close(c.started)
			select {
			case <-c.finish:
				c.ended <- nil
				return []byte("v"), nil
			case <-ctx.Done():
				c.ended <- ctx.Err()
				return nil, ctx.Err()
			}
		})
		if err == nil && string(got) != "v" {
			err = fmt.Errorf("got %q", got)
		}
		answer <- err
	}()
	return func() { cancel(errLeft) }, answer
}

// TestLeaderLeaves has the client that started a fill go away while another
// waits.
func TestLeaderLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		leave, first := c.ask(t.Context())
		<-c.started
		_, second := c.ask(t.Context())
		synctest.Wait()
		leave()
		if err := <-first; !errors.Is(err, errLeft) {
			t.Fatalf("the client that left got %v", err)
		}
		close(c.finish)
		if err := <-second; err != nil {
			t.Errorf("the client that stayed got %v", err)
		}
		if err := <-c.ended; err != nil {
			t.Errorf("the fill was ended: %v", err)
		}
	})
}

// TestAllLeave ends a fill that nobody waits for, and not before.
func TestAllLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t)
		var leaves []func()
		for range 10 {
			leave, _ := c.ask(t.Context())
			leaves = append(leaves, leave)
		}
		synctest.Wait()
		for _, leave := range leaves {
			select {
			case err := <-c.ended:
				t.Fatalf("the fill ended while clients waited: %v", err)
			default:
			}
			leave()
			synctest.Wait()
		}
		if err := <-c.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the fill ended with %v, want it canceled", err)
		}
		if got, how, err := c.Get(t.Context(), "k", give("another")); err != nil || how != cache.Miss || string(got) != "another" {
			t.Errorf("Get = %q, %v, %v; want a new fill", got, how, err)
		}
	})
}

// TestNewcomer asks for a key whose fill was given up and does not listen.
func TestNewcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, 1<<20)
		ctx, leave := context.WithCancel(t.Context())
		release := make(chan struct{})
		go func() {
			_, _, _ = c.Get(ctx, "k", func(context.Context) ([]byte, error) {
				<-release
				return []byte("late"), nil
			})
		}()
		synctest.Wait()
		leave()
		synctest.Wait()
		if got, how, err := c.Get(t.Context(), "k", give("v")); err != nil || how != cache.Miss || string(got) != "v" {
			t.Errorf("Get = %q, %v, %v; want a fill of its own", got, how, err)
		}
		close(release)
		synctest.Wait()
	})
}

// TestGoexit has a fill end its goroutine: nobody waits for ever.
func TestGoexit(t *testing.T) {
	c := newCache(t, 1<<20)
	if _, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) {
		runtime.Goexit()
		return nil, nil
	}); err == nil {
		t.Error("Get gave a value that was never made")
	}
}

// TestDeadline holds a fill to its own deadline and a waiter to the same, even
// if the fill does not listen.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, 1<<20)
		began := time.Now()
		_, _, err := c.Get(t.Context(), "k", func(ctx context.Context) ([]byte, error) {
			deadline, ok := ctx.Deadline()
			if !ok || deadline.Sub(began) != time.Minute {
				t.Errorf("deadline of the fill is %v, want a minute", deadline.Sub(began))
			}
			time.Sleep(2 * time.Minute)
			return []byte("late"), nil
		})
		if fault.Of(err) != fault.Timeout || time.Since(began) != time.Minute {
			t.Errorf("Get = %v after %v, want Timeout after a minute", err, time.Since(began))
		}
		time.Sleep(2 * time.Minute) // let the fill end inside the bubble
	})
}

func TestErrorsAreNotKept(t *testing.T) {
	c := newCache(t, 1<<20)
	want := errors.New("no")
	if _, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) { return nil, want }); !errors.Is(err, want) {
		t.Fatalf("Get = %v, want %v", err, want)
	}
	got, how, err := c.Get(t.Context(), "k", give("v"))
	if err != nil || string(got) != "v" || how != cache.Miss {
		t.Errorf("Get = %q, %v, %v; want a new fill", got, how, err)
	}
}

func TestPanicCostsOneRequest(t *testing.T) {
	c := newCache(t, 1<<20)
	_, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) { panic("boom") })
	if fault.Of(err) != fault.Internal || fault.Message(err) != "internal error" || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Get = %v", err)
	}
	if got, _, err := c.Get(t.Context(), "k", give("v")); err != nil || string(got) != "v" {
		t.Errorf("Get afterwards = %q, %v", got, err)
	}
}

// TestBudget fills the cache with ten times what it may hold, new keys and
// old ones with growing values.
func TestBudget(t *testing.T) {
	const size = 1 << 20
	c := newCache(t, size)
	for i := range 1000 {
		if _, _, err := c.Get(t.Context(), strconv.Itoa(i), give(strings.Repeat("x", 10<<10))); err != nil {
			t.Fatal(err)
		}
		if got := c.Stats().Bytes; got > size {
			t.Fatalf("%d bytes are kept, the budget is %d", got, size)
		}
	}
	if s := c.Stats(); s.Bytes < size/2 || s.Entries == 0 {
		t.Errorf("stats = %+v, want a full cache", s)
	}
}

// TestMemoBudget overwrites keys with larger values.
func TestMemoBudget(t *testing.T) {
	const size = 1 << 20
	m, err := cache.NewMemo[[]byte](size)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for round := range 20 {
		for i := range 50 {
			value := bytes.Repeat([]byte("x"), 1<<10*(round+1))
			m.Set([]byte(strconv.Itoa(i)), value, int64(len(value)))
		}
	}
	m.Settle()
	if got := m.Bytes(); got > size {
		t.Errorf("%d bytes are kept, the budget is %d", got, size)
	}
}

// TestNoMixing has many goroutines fill and read few keys of a cache that is
// too small for them.
func TestNoMixing(t *testing.T) {
	c := newCache(t, 64<<10)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprint("key-", (i*7+g)%100)
				got, _, err := c.Get(t.Context(), key, give(key+strings.Repeat(".", 1000)))
				if err != nil || !strings.HasPrefix(string(got), key+".") {
					t.Errorf("Get(%q) = %.12q, %v", key, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestLookupDoesNotAllocate(t *testing.T) {
	c := newCache(t, 1<<20)
	if _, _, err := c.Get(t.Context(), "k", give("v")); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, ok := c.Lookup("k"); !ok {
			t.Error("not found")
		}
	}); n != 0 {
		t.Errorf("Lookup allocates %v times", n)
	}
}

// TestFill keeps what nobody waited for, once, and counts nobody.
func TestFill(t *testing.T) {
	c := newCache(t, 1<<20)
	failure := errors.New("it failed")
	if err := c.Fill(t.Context(), "k", func(context.Context) ([]byte, error) { return nil, failure }); !errors.Is(err, failure) {
		t.Errorf("Fill = %v, want %v", err, failure)
	}
	if _, ok := c.Lookup("k"); ok {
		t.Error("a failure is kept")
	}
	for _, text := range []string{"first", "second"} {
		if err := c.Fill(t.Context(), "k", give(text)); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.Hits != 0 || s.Misses != 0 || s.Entries != 1 {
		t.Errorf("stats = %+v", s)
	}
	if got, ok := c.Lookup("k"); !ok || string(got) != "first" {
		t.Errorf("Lookup = %q, %t", got, ok)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Fill(ctx, "other", func(ctx context.Context) ([]byte, error) { return nil, ctx.Err() }); !errors.Is(err, context.Canceled) {
		t.Errorf("Fill = %v after its context has ended", err)
	}
}
