package cache

import "sync"

// tags finds what was made of something that is gone: what is kept, and what is
// being made. What has no tags costs it nothing.
type tags[V any] struct {
	mu    sync.Mutex
	kept  map[string]map[*entry[V]]struct{}
	works map[string]map[*work]struct{}
}

// A work is a fill of what is tagged.
type work struct {
	stale  bool   // what it comes to must not be kept; guarded by tags.mu
	forget func() // lets nobody join it any more
}

func newTags[V any]() *tags[V] {
	return &tags[V]{kept: make(map[string]map[*entry[V]]struct{}), works: make(map[string]map[*work]struct{})}
}

func put[M comparable](in map[string]map[M]struct{}, names []string, member M) {
	for _, name := range names {
		if in[name] == nil {
			in[name] = make(map[M]struct{})
		}
		in[name][member] = struct{}{}
	}
}

func remove[M comparable](from map[string]map[M]struct{}, names []string, member M) {
	for _, name := range names {
		delete(from[name], member)
		if len(from[name]) == 0 {
			delete(from, name)
		}
	}
}

// begin notes a fill. end is called after it, and lets nobody join it either: a drop
// from then on does not know of it, and who joined would get what it came to.
func (t *tags[V]) begin(names []string, forget func()) (w *work, end func()) {
	w = &work{forget: forget}
	if len(names) == 0 {
		return w, func() {}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	put(t.works, names, w)
	return w, func() {
		forget()
		t.mu.Lock()
		defer t.mu.Unlock()
		remove(t.works, names, w)
	}
}

// enter makes an entry one that is found by its tags, and reports whether it may be
// kept. A drop from now on marks it, also before anybody can find it.
func (t *tags[V]) enter(w *work, e *entry[V]) bool {
	if len(e.tags) == 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !w.stale {
		put(t.kept, e.tags, e)
	}
	return !w.stale
}

// lost notes that an entry is kept no more.
func (t *tags[V]) lost(e *entry[V]) {
	if len(e.tags) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	remove(t.kept, e.tags, e)
}

// drop marks what has a tag, so that nobody finds it from now on, and returns it.
func (t *tags[V]) drop(name string) (entries []*entry[V], works []*work) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := range t.kept[name] {
		e.gone.Store(true)
		entries = append(entries, e)
	}
	for w := range t.works[name] {
		w.stale = true
		works = append(works, w)
	}
	return entries, works
}
