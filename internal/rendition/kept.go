package rendition

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/shm"
	"pixedge/internal/transform/vips"
)

// errFull says that there is no room for a rendition, and the picture is to be made
// without.
var errFull = errors.New("rendition: no room")

// kept are the renditions there are. The most recently used ones stay.
type kept struct {
	most int64 // bytes
	time time.Duration
	pool *shm.Pool

	mu     sync.Mutex
	byKey  map[key]*rendition
	recent *list.List // of *rendition, the last used first
	making map[key]*making
	sweep  *time.Timer // runs while there are renditions
	closed bool
	stats  Stats
}

// Stats are counts for metrics and tests.
type Stats struct {
	Hits    int64 // times that something was made of a rendition that was there
	Made    int64 // renditions
	Evicted int64 // renditions given up for others, or because nobody asked for them any more
	Count   int64 // renditions now
	Bytes   int64 // of memory that they hold now, those in use that were given up counted
}

// A rendition is pixels in memory.
type rendition struct {
	key    key
	region *shm.Region
	size   int64 // of the memory
	users  int   // that must not lose it
	gone   bool  // nobody finds it any more
	place  *list.Element
	used   time.Time
}

func (r *rendition) image() media.Image {
	return media.Image{Data: r.region.Bytes(), Format: media.Pixels}
}

// A making is a rendition on its way.
type making struct {
	done chan struct{} // closed when it is there, or err
	err  error
}

func newKept(most int64, stay time.Duration, pool *shm.Pool) kept {
	return kept{
		most: most, time: stay, pool: pool,
		byKey: make(map[key]*rendition), recent: list.New(), making: make(map[key]*making),
	}
}

// get returns the rendition called k, which stays until it is released. If there is
// none, create makes it, in memory that place gives, while others who want it wait.
// An error is for those who wait too, but not that of somebody who gave up, nor one that
// is the caller's own ([fault.Own]): then the next one tries, when it is its turn.
func (s *kept) get(ctx context.Context, k key, create func(place vips.Place) error) (r *rendition, made bool, err error) {
	for {
		s.mu.Lock()
		if r = s.use(k); r != nil {
			s.mu.Unlock()
			return r, false, nil
		}
		m := s.making[k]
		if m == nil {
			m = &making{done: make(chan struct{})}
			s.making[k] = m
			s.mu.Unlock()
			r, err = s.make(ctx, k, m, create)
			return r, true, err
		}
		s.mu.Unlock()
		select {
		case <-m.done:
		case <-ctx.Done():
			return nil, false, fault.Wrap(ctx.Err(), fault.Overloaded, "no worker was free in time")
		}
		if m.err != nil {
			return nil, false, m.err
		}
	}
}

// find returns the rendition called k, if there is one, which stays until it is released.
func (s *kept) find(k key) *rendition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.use(k)
}

// make makes a rendition and tells those who wait.
func (s *kept) make(ctx context.Context, k key, m *making, create func(vips.Place) error) (r *rendition, err error) {
	err = errors.New("rendition: it came to nothing") // by a panic, say
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.making, k)
		if err == nil {
			s.add(r)
		} else if r != nil {
			s.free(r)
		}
		if ctx.Err() == nil && !fault.IsOwn(err) {
			m.err = err
		}
		close(m.done)
	}()
	err = create(func(n int) ([]byte, error) {
		if r != nil {
			return nil, errors.New("rendition: a second result")
		}
		var full error
		if r, full = s.room(k, n); full != nil {
			return nil, full
		}
		return r.region.Bytes(), nil
	})
	if err == nil && r == nil {
		err = errFull // it was not put where it belongs
	}
	return r, err
}

// room finds memory for n bytes, where renditions that nobody uses give way.
func (s *kept) room(k key, n int) (*rendition, error) {
	if int64(n) > s.most {
		return nil, errFull
	}
	region, err := s.pool.Get(int64(n))
	if err != nil {
		return nil, errors.Join(errFull, err)
	}
	r := &rendition{key: k, region: region, size: region.Size(), users: 1, gone: true}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Bytes += r.size
	for last := s.recent.Back(); last != nil && s.stats.Bytes > s.most; {
		old := last.Value.(*rendition) //nolint:forcetypeassert // there is nothing else
		last = last.Prev()
		if old.users == 0 {
			s.drop(old)
		}
	}
	if s.stats.Bytes > s.most || s.closed {
		s.free(r)
		return nil, errFull
	}
	return r, nil
}

// add enters a rendition that was made, with mu held.
func (s *kept) add(r *rendition) {
	s.stats.Made++
	if s.closed {
		return // it goes when it is released
	}
	r.gone, r.used = false, time.Now()
	s.byKey[r.key], r.place = r, s.recent.PushFront(r)
	s.stats.Count++
	if s.sweep == nil {
		s.sweep = time.AfterFunc(s.time, s.expire)
	}
}

// use finds the rendition called k and notes a use, with mu held.
func (s *kept) use(k key) *rendition {
	r := s.byKey[k]
	if r == nil {
		return nil
	}
	r.users++
	r.used = time.Now()
	s.recent.MoveToFront(r.place)
	s.stats.Hits++
	return r
}

// release ends a use.
func (s *kept) release(r *rendition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.users--; r.users == 0 && r.gone {
		s.free(r)
	}
}

// drop lets nobody find a rendition any more, with mu held.
func (s *kept) drop(r *rendition) {
	delete(s.byKey, r.key)
	s.recent.Remove(r.place)
	r.gone = true
	s.stats.Count--
	s.stats.Evicted++
	if r.users == 0 {
		s.free(r)
	}
}

// free gives the memory back, with mu held.
func (s *kept) free(r *rendition) {
	s.stats.Bytes -= r.size
	r.region.Release()
}

// expire drops what was not used for its time, and comes again if there is more.
func (s *kept) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for last := s.recent.Back(); last != nil; last = s.recent.Back() {
		r := last.Value.(*rendition) //nolint:forcetypeassert // there is nothing else
		if left := s.time - now.Sub(r.used); left > 0 {
			s.sweep = time.AfterFunc(left, s.expire)
			return
		}
		s.drop(r)
	}
	s.sweep = nil
}

func (s *kept) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.sweep != nil {
		s.sweep.Stop()
	}
	for last := s.recent.Back(); last != nil; last = s.recent.Back() {
		s.drop(last.Value.(*rendition)) //nolint:forcetypeassert // there is nothing else
	}
}

func (s *kept) count() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}
