package worker

import "time"

// strength counts the workers there are against those there should be, spare ones not
// counted, and for how long any were missing.
type strength struct {
	want, have int
	missing    []time.Time // since when each one is, the longest first
}

// leave notes that a worker has ended, and reports whether a spare one is there in its
// place.
func (s *strength) leave(now time.Time) (spare bool) {
	s.have--
	if s.have >= s.want {
		return true
	}
	s.missing = append(s.missing, now)
	return false
}

// join notes that a worker has come. If it takes the place of one that has ended, it
// returns for how long that was missing.
func (s *strength) join(now time.Time) (missing time.Duration, replaced bool) {
	s.have++
	if len(s.missing) == 0 {
		return 0, false
	}
	since := s.missing[0]
	s.missing = s.missing[1:]
	return now.Sub(since), true
}
