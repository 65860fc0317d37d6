package cache

import (
	"context"
	"errors"
	"sync"

	"pixedge/internal/fault"
)

// flights are the fills at work, by key. golang.org/x/sync/singleflight does not
// tell who still waits, and what nobody waits for should end.
type flights[V any] struct {
	mu    sync.Mutex
	byKey map[string]*flight[V]
}

// A flight is one fill and those who wait for it.
type flight[V any] struct {
	done   chan struct{}      // closed once value and err are there
	cancel context.CancelFunc // ends the fill
	value  V
	err    error

	// Guarded by flights.mu.
	wait int        // callers that wait
	next *flight[V] // of those who waited, if this one was refused for its first caller's sake
}

// board returns the flight of key and joins those who wait for it. If there was
// none, found is asked for the value once more, since the last flight may have
// ended a moment ago; and if it has none, start is called with the new flight.
//
// Those who waited for one that was refused share the next one, even where it has
// ended before the last of them comes here.
func (f *flights[V]) board(key string, refused *flight[V], found func() (V, bool), start func(*flight[V])) (how Outcome, joined *flight[V], value V) {
	f.mu.Lock()
	defer f.mu.Unlock()
	joined = f.byKey[key]
	if refused != nil {
		if next := refused.next; next != nil && next.wait > 0 { // somebody stayed to its end
			joined = next
		}
		defer func() { refused.next = joined }()
	}
	if joined != nil {
		joined.wait++
		return Coalesced, joined, value
	}
	if value, ok := found(); ok {
		return Hit, nil, value
	}
	joined = &flight[V]{done: make(chan struct{}), wait: 1}
	f.byKey[key] = joined
	start(joined)
	return Miss, joined, value
}

// leave takes a caller out of those who wait. The last one ends the fill, and
// whoever asks from now on begins another.
func (f *flights[V]) leave(key string, left *flight[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if left.wait--; left.wait == 0 {
		f.forget(key, left)
		left.cancel()
	}
}

// detach lets nobody join a flight any more. Those who wait for it stay.
func (f *flights[V]) detach(key string, gone *flight[V]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(key, gone)
}

// forget takes a flight out of the list, with mu held.
func (f *flights[V]) forget(key string, gone *flight[V]) {
	if f.byKey[key] == gone {
		delete(f.byKey, key)
	}
}

// fly runs fill, keeps its panic to those who wait for it, and tells them.
func (f *flights[V]) fly(key string, fl *flight[V], fill func() (V, error)) {
	fl.err = errors.New("the fill ended without a result") // by runtime.Goexit, say
	defer func() {
		if p := recover(); p != nil {
			fl.err = fault.Panic(p)
		}
		f.detach(key, fl)
		fl.cancel()
		close(fl.done)
	}()
	fl.value, fl.err = fill()
}
