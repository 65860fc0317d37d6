package cache

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"
)

// entryOverhead is what an entry costs besides its value: the key twice, the
// structs, and ristretto's and the allocator's own books. Measured at 300 to 450
// bytes; counted generously, because the budget is a promise.
const entryOverhead = 512

// tagOverhead is what a tag costs besides its text: its places in two maps and in a
// list. One that nothing else has and one that all have take 320 bytes together,
// measured with a text of 20.
const tagOverhead = 160

// An entry keeps its key, because ristretto knows keys by their hashes alone and
// two texts may share them.
type entry[V any] struct {
	key   string
	value V
	cost  int64 // with that of the key, the tags and the overheads
	tags  []string
	gone  atomic.Bool // dropped: nobody may find it, kept or not
}

// newEntry returns the entry of a value that holds so many bytes.
func newEntry[V any](key string, value V, bytes int64, tags []string) *entry[V] {
	e := &entry[V]{key: key, value: value, cost: bytes + int64(len(key)) + entryOverhead, tags: tags}
	for _, tag := range tags {
		e.cost += int64(len(tag)) + tagOverhead
	}
	return e
}

// store is ristretto with exact keys and a byte budget that holds.
type store[V any] struct {
	kept    *ristretto.Cache[string, *entry[V]]
	lost    func(*entry[V])
	entries atomic.Int64
	bytes   atomic.Int64
}

// newStore tells lost of every entry that is kept no more.
func newStore[V any](size int64, lost func(*entry[V])) (*store[V], error) {
	s := &store[V]{lost: lost}
	one, two := maphash.MakeSeed(), maphash.MakeSeed()
	kept, err := ristretto.NewCache(&ristretto.Config[string, *entry[V]]{
		// Ten counters an entry, as ristretto advises, were each of 8 KiB.
		NumCounters: max(10_000, size/(8<<10)*10),
		MaxCost:     size,
		// How many hits are told to the policy at once. Each time wakes its goroutine,
		// and with the usual 64 that was a tenth of the CPU of a hit.
		BufferItems:        1024,
		IgnoreInternalCost: true, // entryOverhead counts it
		// Seeds of this process make collisions impossible to prepare.
		KeyToHash: func(key string) (uint64, uint64) {
			return maphash.String(one, key), maphash.String(two, key)
		},
		OnExit: func(e *entry[V]) {
			if e != nil {
				s.forget(e)
			}
		},
	})
	s.kept = kept
	return s, err
}

// get does not allocate.
func (s *store[V]) get(key string) (V, bool) {
	if e, ok := s.kept.Get(key); ok && e.key == key && !e.gone.Load() {
		return e.value, true
	}
	var none V
	return none, false
}

// set keeps an entry, which can be found once it has settled, if it was let in:
// ristretto drops sets when its queue is full and refuses values that seem less worth
// than those it would evict for them.
func (s *store[V]) set(e *entry[V]) {
	// Setting a key that is there would not evict others for the difference.
	s.kept.Del(e.key)
	s.entries.Add(1)
	s.bytes.Add(e.cost)
	if !s.kept.Set(e.key, e, e.cost) {
		s.kept.Wait()
		if !s.kept.Set(e.key, e, e.cost) {
			s.forget(e)
		}
	}
}

// drop gives back the memory of an entry, if it is what its key finds.
func (s *store[V]) drop(e *entry[V]) {
	if found, ok := s.kept.Get(e.key); ok && found == e {
		s.kept.Del(e.key)
	}
}

// forget counts an entry out.
func (s *store[V]) forget(e *entry[V]) {
	s.entries.Add(-1)
	s.bytes.Add(-e.cost)
	s.lost(e)
}

// settle waits until all sets so far can be found or were refused.
func (s *store[V]) settle() { s.kept.Wait() }

func (s *store[V]) close() { s.kept.Close() }
