// Package cache keeps finished work in memory and does missing work once.
//
// [Cache.Get] is the whole idea: it takes the function that makes what is
// missing, so that a hit, a miss and a thousand clients that miss at once are
// one call. [Memo] is its little sister for things that are cheap to make.
//
// What was made of something that can be deleted is tagged with its name, and
// [Cache.Drop] forgets it.
//
// The package does not know what it keeps, does not look at time (nothing it
// holds grows stale: keys name content) and does not remember failures.
package cache

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
)

// Config says how much to keep.
type Config struct {
	Size        config.Size   `name:"cache-size" default:"256MiB" help:"Memory for finished pictures."`
	FillTimeout time.Duration `name:"request-timeout" default:"30s" help:"Longest time to fetch and render one picture, waiting included."`
}

// An Outcome says where an answer came from.
type Outcome uint8

// The outcomes.
const (
	Hit       Outcome = iota // it was there
	Miss                     // this call made it
	Coalesced                // another call was making it
)

// String returns the name used in logs and metrics.
func (o Outcome) String() string { return [...]string{"hit", "miss", "coalesced"}[o] }

// A Cache keeps values by key and makes each missing one once, however many
// wait for it.
type Cache[V any] struct {
	store   *store[V]
	cost    func(V) int64
	fill    time.Duration
	flights flights[V]
	tags    *tags[V]
	counts  [3]atomic.Int64 // by Outcome
}

// New returns an empty cache. cost says how many bytes a value holds.
func New[V any](cfg Config, cost func(V) int64) (*Cache[V], error) {
	tags := newTags[V]()
	s, err := newStore(int64(cfg.Size), tags.lost)
	if err != nil {
		return nil, fmt.Errorf("cache_size: %w", err)
	}
	return &Cache[V]{
		store: s, cost: cost, fill: cfg.FillTimeout, tags: tags,
		flights: flights[V]{byKey: make(map[string]*flight[V])},
	}, nil
}

// Close frees what the cache keeps. Nothing else may be called afterwards.
func (c *Cache[V]) Close() { c.store.close() }

// Lookup returns the value kept under key, if there is one. It does not
// allocate, and counts as a hit if it finds one.
func (c *Cache[V]) Lookup(key string) (V, bool) {
	value, ok := c.store.get(key)
	if ok {
		c.counts[Hit].Add(1)
	}
	return value, ok
}

// Get returns the value kept under key, or makes it with fill and keeps it.
//
// fill runs once for all who wait for the key, with a context of its own: it has
// the values of ctx but neither its end nor its deadline, since the others should
// not fail because the first client hung up. It ends when nobody waits any more.
// A caller waits until its own ctx ends, whose cause is then the error, and no
// longer than a fill may take. Errors reach all who waited and are not kept; but where
// the first caller was refused for its own sake ([fault.Own]), the others try once more,
// together, with the fill of one of them.
//
// tags are names that Drop drops the value by; the same ones with every call.
func (c *Cache[V]) Get(ctx context.Context, key string, fill func(context.Context) (V, error), tags ...string) (V, Outcome, error) {
	if value, ok := c.Lookup(key); ok {
		return value, Hit, nil
	}
	patience := time.NewTimer(c.fill)
	defer patience.Stop()
	var refused *flight[V]
	for {
		how, flight, value := c.flights.board(key, refused, func() (V, bool) { return c.store.get(key) }, func(f *flight[V]) {
			var work context.Context
			work, f.cancel = context.WithTimeout(context.WithoutCancel(ctx), c.fill) //nolint:gosec // fly calls cancel
			go c.flights.fly(key, f, func() (V, error) {
				return c.make(work, key, fill, tags, func() { c.flights.detach(key, f) })
			})
		})
		if how == Hit {
			c.counts[Hit].Add(1)
			return value, Hit, nil
		}
		if err := c.wait(ctx, patience.C, key, flight); err != nil {
			return value, how, err
		}
		if how == Coalesced && refused == nil && fault.IsOwn(flight.err) && ctx.Err() == nil {
			refused = flight
			continue
		}
		c.counts[how].Add(1)
		return flight.value, how, flight.err
	}
}

// wait returns nil when the flight has ended, or why the caller waits no longer.
func (c *Cache[V]) wait(ctx context.Context, patience <-chan time.Time, key string, fl *flight[V]) error {
	select {
	case <-fl.done:
		return nil
	case <-ctx.Done():
		c.flights.leave(key, fl)
		return context.Cause(ctx)
	case <-patience:
		c.flights.leave(key, fl)
		return context.DeadlineExceeded
	}
}

// Fill makes the value of key and keeps it, unless it is there, for nobody who waits:
// it counts neither as a hit nor as a miss, and it ends with ctx. It does not look
// whether a Get is making the same.
func (c *Cache[V]) Fill(ctx context.Context, key string, fill func(context.Context) (V, error), tags ...string) error {
	if _, ok := c.store.get(key); ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.fill)
	defer cancel()
	_, err := c.make(ctx, key, fill, tags, func() {})
	return err
}

// Drop forgets everything with a tag. What is being made of it is still given to
// those who wait for it now, but not kept, and whoever asks from now on has it made
// again.
func (c *Cache[V]) Drop(tag string) {
	entries, works := c.tags.drop(tag)
	for _, w := range works {
		w.forget()
	}
	for _, e := range entries {
		c.store.drop(e)
	}
}

// make runs fill and keeps its result before those who wait are told, so that
// whoever asks next finds it. detach lets nobody else wait for it.
func (c *Cache[V]) make(ctx context.Context, key string, fill func(context.Context) (V, error), tags []string, detach func()) (value V, err error) {
	w, end := c.tags.begin(tags, detach)
	defer end()
	if value, err = fill(ctx); err != nil {
		return value, err
	}
	e := newEntry(key, value, c.cost(value), tags)
	if !c.tags.enter(w, e) {
		return value, nil
	}
	c.store.set(e)
	c.store.settle()
	if e.gone.Load() { // a drop before that did not find it
		c.store.drop(e)
	}
	return value, nil
}

// Stats are counts since the start, and what is kept now.
type Stats struct {
	Hits, Misses, Coalesced int64
	Entries, Bytes          int64
}

// Stats returns the counts at this moment.
func (c *Cache[V]) Stats() Stats {
	return Stats{
		Hits: c.counts[Hit].Load(), Misses: c.counts[Miss].Load(), Coalesced: c.counts[Coalesced].Load(),
		Entries: c.store.entries.Load(), Bytes: c.store.bytes.Load(),
	}
}
