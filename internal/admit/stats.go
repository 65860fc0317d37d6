package admit

import "time"

// A Cause says why an ask was refused.
type Cause uint8

// The causes.
const (
	TooBig Cause = iota // more than the whole budget
	Full                // too many wait
	Late                // no room in time
	Left                // nobody waited for it any more
	numCauses
)

// Causes lists every Cause.
func Causes() []Cause { return []Cause{TooBig, Full, Late, Left} }

// String returns the name used in metrics.
func (c Cause) String() string {
	return [numCauses]string{TooBig: "too_big", Full: "queue_full", Late: "timeout", Left: "left"}[c]
}

// Stats are what a gate counts.
type Stats struct {
	Budget  int64 // bytes there are
	Held    int64 // bytes of those who work, by their estimates
	Working int   // who was let in and did not leave
	Waiting int

	Admitted int64            // so far
	Refused  [numCauses]int64 // so far, by Cause
	Waited   time.Duration    // so far, by all that were admitted together
}

// Stats returns the counts at this moment.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Budget, s.Held, s.Working, s.Waiting = g.budget, g.held, g.working, g.crowd.all.count
	return s
}

func (g *Gate) refused(why Cause) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Refused[why]++
}
