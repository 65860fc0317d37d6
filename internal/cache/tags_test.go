package cache_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"pixedge/internal/cache"
)

func TestDrop(t *testing.T) {
	c := newCache(t, 1<<20)
	for _, key := range []string{"a1", "a2", "b1"} {
		if _, _, err := c.Get(t.Context(), key, give("old"), "of "+key[:1], "all"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := c.Get(t.Context(), "free", give("old")); err != nil {
		t.Fatal(err)
	}
	c.Drop("of a")
	for key, want := range map[string]bool{"a1": false, "a2": false, "b1": true, "free": true} {
		if _, ok := c.Lookup(key); ok != want {
			t.Errorf("after Drop, Lookup(%q) found %v, want %v", key, ok, want)
		}
	}
	c.Drop("all")
	if _, ok := c.Lookup("b1"); ok {
		t.Error("b1 was not dropped by its second tag")
	}
	if got := c.Stats().Entries; got != 1 {
		t.Errorf("%d entries are left, want 1", got)
	}
}

// A picture that is being made of what was just deleted reaches those who waited
// for it, and nobody else.
func TestDropInFlight(t *testing.T) {
	c := newCache(t, 1<<20)
	began, finish := make(chan struct{}), make(chan struct{})
	var early sync.WaitGroup
	early.Go(func() {
		got, _, err := c.Get(t.Context(), "k", func(context.Context) ([]byte, error) {
			close(began)
			<-finish
			return []byte("old"), nil
		}, "tag")
		if err != nil || string(got) != "old" {
			t.Errorf("whoever waited got %q, %v", got, err)
		}
	})
	<-began
	c.Drop("tag")
	if got, how, err := c.Get(t.Context(), "k", give("new"), "tag"); err != nil || string(got) != "new" || how != cache.Miss {
		t.Errorf("after Drop: %q, %v, %v", got, how, err)
	}
	close(finish)
	early.Wait()
	if got, ok := c.Lookup("k"); !ok || string(got) != "new" {
		t.Errorf("kept is %q, %v", got, ok)
	}
}

func TestDropWhileFilling(t *testing.T) {
	c := newCache(t, 1<<20)
	err := c.Fill(t.Context(), "k", func(context.Context) ([]byte, error) {
		c.Drop("tag")
		return []byte("old"), nil
	}, "tag")
	if _, ok := c.Lookup("k"); err != nil || ok {
		t.Errorf("what was dropped while it was made is kept: %v, %v", ok, err)
	}
}

// Whatever the order of drops and fills, nothing is found that began before the
// last drop ended.
func TestDropRace(t *testing.T) {
	c := newCache(t, 1<<20)
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 200 {
				key := strconv.Itoa((g + i) % 5)
				if i%7 == 0 {
					c.Drop("tag " + key)
				} else if _, _, err := c.Get(t.Context(), key, give(key), "tag "+key, "all"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	c.Drop("all")
	for i := range 5 {
		if _, ok := c.Lookup(strconv.Itoa(i)); ok {
			t.Errorf("%d is still there", i)
		}
	}
	if s := c.Stats(); s.Entries != 0 || s.Bytes != 0 {
		t.Errorf("entries are counted that are gone: %+v", s)
	}
}
