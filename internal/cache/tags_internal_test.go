package cache

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"pixedge/internal/config"
)

func tagged(tb testing.TB, size config.Size) *Cache[[]byte] {
	tb.Helper()
	c, err := New(Config{Size: size, FillTimeout: time.Minute}, func(b []byte) int64 { return int64(len(b)) })
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// fillTagged has so many values made, each with a tag of its own and one that all have.
func (c *Cache[V]) fillTagged(tb testing.TB, from, n int, value V) {
	tb.Helper()
	for i := range n {
		name := fmt.Sprintf("demo/folder/%d.jpg", from+i)
		_, _, err := c.Get(tb.Context(), "key "+name, func(context.Context) (V, error) { return value, nil }, "mutable", name)
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// TestTagsOfEvicted holds the books of tags to what is kept, under the pressure of a
// cache that is far too small, and to nothing once it is closed.
func TestTagsOfEvicted(t *testing.T) {
	c := tagged(t, 256<<10)
	c.fillTagged(t, 0, 5000, make([]byte, 1000))
	c.store.settle()
	s := c.Stats()
	if s.Entries == 0 || s.Entries > 256 || s.Bytes > 256<<10 {
		t.Fatalf("kept is %+v", s)
	}
	c.tags.mu.Lock()
	if names, all, works := len(c.tags.kept), len(c.tags.kept["mutable"]), len(c.tags.works); names != int(s.Entries)+1 || all != int(s.Entries) || works != 0 {
		t.Errorf("%d names, %d entries and %d works for %d entries", names, all, works, s.Entries)
	}
	c.tags.mu.Unlock()
	c.Close()
	if s := c.Stats(); len(c.tags.kept) != 0 || s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("after Close, %d names and %+v are left", len(c.tags.kept), s)
	}
}

// TestTagsAreCounted holds the budget to what entries with tags really take.
func TestTagsAreCounted(t *testing.T) {
	const n = 20_000
	c := tagged(t, 64<<20)
	defer c.Close()
	value := make([]byte, 1) // shared: only the books are measured
	before := heap()
	c.fillTagged(t, 0, n, value)
	c.store.settle()
	took, s := int64(heap()-before), c.Stats()
	if s.Entries < n*9/10 || took > s.Bytes {
		t.Errorf("%d entries take %d bytes and count as %d", s.Entries, took, s.Bytes)
	}
	t.Logf("an entry takes %d bytes and counts as %d", took/s.Entries, s.Bytes/s.Entries)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestDropBeforeFound drops an entry at the one moment when it has its tags and no key
// finds it yet: it must never be found.
func TestDropBeforeFound(t *testing.T) {
	c := tagged(t, 1<<20)
	defer c.Close()
	w, end := c.tags.begin([]string{"tag"}, func() {})
	defer end()
	e := newEntry("k", []byte("old"), 3, []string{"tag"})
	if !c.tags.enter(w, e) {
		t.Fatal("it may not be kept")
	}
	c.Drop("tag")
	c.store.set(e)
	c.store.settle()
	if got, ok := c.Lookup("k"); ok {
		t.Errorf("found %q", got)
	}
}

// TestEndOfWork holds that nobody can join a fill when a drop does not find it any more.
func TestEndOfWork(t *testing.T) {
	books := newTags[int]()
	var known int
	_, end := books.begin([]string{"tag"}, func() { known = len(books.works) })
	end()
	if known != 1 || len(books.works) != 0 {
		t.Errorf("of %d works known, nobody joins any more; want 1, and then none", known)
	}
}

// TestNeverOld looks for what is stale right after each drop, while others fill.
func TestNeverOld(t *testing.T) {
	c := tagged(t, 1<<20)
	defer c.Close()
	var mu sync.Mutex
	version := byte(0)
	now := func(context.Context) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		return []byte{version}, nil
	}
	stop := make(chan struct{})
	var fillers sync.WaitGroup
	for range 4 {
		fillers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, _, err := c.Get(t.Context(), "k", now, "tag"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	defer func() {
		close(stop)
		fillers.Wait()
	}()
	for want := range byte(200) {
		mu.Lock()
		version = want
		mu.Unlock()
		c.Drop("tag")
		if got, _, err := c.Get(t.Context(), "k", now, "tag"); err != nil || got[0] != want {
			t.Fatalf("after the drop: %v, %v; want %d", got, err, want)
		}
		if got, ok := c.Lookup("k"); ok && got[0] != want {
			t.Fatalf("after the drop is found %v, want %d", got, want)
		}
	}
}
