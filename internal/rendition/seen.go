package rendition

import (
	"hash/maphash"
	"sync"
	"time"

	"pixedge/internal/transform"
)

// seen knows which originals were asked for of late. It forgets them after window, or
// after half of that, or when there are very many: two lists take turns.
//
// It goes by a mark of an original, which costs nothing: most are asked for once. Two
// originals with one mark are no harm: by it nothing is found, and nothing estimated.
type seen struct {
	window time.Duration
	seed   maphash.Seed

	mu            sync.Mutex
	recent, older map[mark]bool // true: in demand
	began         time.Time     // when recent did
}

// maxSeen is how many originals one list holds.
const maxSeen = 10_000

// A mark tells originals apart, mostly.
type mark uint64

// ends is how many bytes of either end of an original its mark is made of.
const ends = 4 << 10

func (s *seen) mark(job transform.Job) mark {
	data := job.Original.Data
	var hash maphash.Hash
	hash.SetSeed(s.seed)
	_, _ = hash.WriteString(job.Tenant) // a hash takes all
	_, _ = hash.Write(data[:min(len(data), ends)])
	_, _ = hash.Write(data[max(0, len(data)-ends):])
	return mark(hash.Sum64()) ^ mark(len(data))
}

// again notes that an original is asked for, and reports whether it is in demand: that
// is not the first time, or several are known to ask.
func (s *seen) again(of mark, now time.Time, several bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.has(of, now)
	if age := now.Sub(s.began); s.recent == nil || age >= s.window/2 || len(s.recent) >= maxSeen {
		s.older = s.recent
		if age >= s.window {
			s.older = nil
		}
		s.recent, s.began = make(map[mark]bool), now
	}
	s.recent[of] = known || several
	return known || several
}

// demanded reports whether an original is in demand.
func (s *seen) demanded(of mark, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	demanded, _ := s.has(of, now)
	return demanded
}

// has looks into the lists, with mu held.
func (s *seen) has(of mark, now time.Time) (demanded, known bool) {
	age := now.Sub(s.began)
	if demanded, ok := s.recent[of]; ok && age < s.window {
		return demanded, true
	}
	demanded, ok := s.older[of]
	return demanded && ok && age < s.window/2, ok && age < s.window/2
}
