package library

import (
	"slices"
	"testing"
	"time"
)

// TestFollowerForgets lets time pass: what was told is told once, what comes late is
// told still, and after a day without the database nothing that is kept can be trusted.
func TestFollowerForgets(t *testing.T) {
	var told []Purge
	f := follower{told: func(p Purge) { told = append(told, p) }, seen: make(map[int64]time.Time), looked: time.Unix(0, 0)}
	purge := func(id int64) Purge { return Purge{Cloud: "demo", Path: "a", id: id} }
	steps := []struct {
		name  string
		at    time.Duration
		read  []Purge
		told  []Purge
		after int64
		seen  int
	}{
		{"two", time.Second, []Purge{purge(5), purge(7)}, []Purge{purge(5), purge(7)}, 0, 2},
		{"the same, and one between", 2 * time.Second, []Purge{purge(5), purge(6), purge(7)}, []Purge{purge(6)}, 0, 3},
		{"the first are old", purgeWindow + 1500*time.Millisecond, []Purge{purge(5), purge(6), purge(7)}, nil, 7, 1},
		{"all are old", purgeWindow + 3*time.Second, nil, nil, 7, 0},
		{"half a day", 12 * time.Hour, []Purge{purge(8)}, []Purge{purge(8)}, 7, 1},
		{"more than a day", 37 * time.Hour, []Purge{purge(9)}, []Purge{{}, purge(9)}, 8, 1},
	}
	for _, s := range steps {
		told = nil
		f.tell(s.read, time.Unix(0, 0).Add(s.at))
		if !slices.Equal(told, s.told) || f.after != s.after || len(f.seen) != s.seen {
			t.Errorf("%s: told %v, reads after %d, remembers %d; want %v, %d, %d", s.name, told, f.after, len(f.seen), s.told, s.after, s.seen)
		}
	}
}
