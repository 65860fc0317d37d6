package admit

import (
	"container/heap"
	"time"
)

// A waiter is an ask on its way through the gate.
type waiter struct {
	Ask

	spot

	number int64 // counts up from the first that ever came
	lane   int   // that it waits in, or went through
	since  time.Time
	begun  time.Time
	due    time.Time  // when it is of no use any more; zero: never
	turn   chan error // gets one value: nil, or why it was refused

	own, queued  *client // whose it is, in its lane's crowd and in the gate's
	older, newer *waiter // of the same client in the lane
}

// waiting reports whether the waiter is in a lane still.
func (w *waiter) waiting() bool { return w.own != nil }

// A lane orders those who wait for one kind of room.
//
// Among tenants it is start-time fair queuing (Goyal, Vin, Cheng, 1996): each is
// remembered by how much work it was given, and next is who was given least. A
// tenant that comes anew is counted as having been given as much as the one that
// is served, so nobody saves up turns. What a tenant was given is forgotten when
// nobody waits.
//
// Among the asks of one tenant, first is the one of lowest rank; see client.line.
type lane struct {
	crowd crowd // who waits, by work

	given  float64 // work, in seconds, by the weight of the lane
	clock  float64 // what the tenant had been given that was served last
	shares map[string]*share
	order  line[*share] // those of which somebody waits
}

// A share is what a tenant was given, and who of it waits.
type share struct {
	spot // its key is what it was given, in seconds of work

	asks line[*waiter]
}

// add puts w into the lane. came is when it came, in seconds, and clock the virtual time
// of the lanes.
func (l *lane) add(w *waiter, came, clock float64) {
	w.own = l.crowd.add(w)
	rank := w.own.line(w, came)
	if len(l.order) == 0 {
		l.given = max(l.given, clock)
	}
	if l.shares == nil {
		l.shares = make(map[string]*share)
	}
	s, ok := l.shares[w.Tenant]
	if !ok {
		s = new(share)
		l.shares[w.Tenant] = s
	}
	if len(s.asks) == 0 {
		l.order.push(s, max(s.key, l.clock), w.number)
	}
	s.asks.push(w, rank, w.number)
}

// head returns who is next, or nil.
func (l *lane) head() *waiter {
	if len(l.order) == 0 {
		return nil
	}
	return l.order[0].asks[0]
}

// serve counts w, the head, as given to its tenant. It stays in the lane.
func (l *lane) serve(w *waiter) {
	s := l.shares[w.Tenant]
	l.clock = max(l.clock, s.key)
	l.order.move(s, s.key+w.work().Seconds(), s.tie)
}

// remove takes w out of the lane.
func (l *lane) remove(w *waiter) {
	w.own.unline(w)
	l.crowd.remove(w.own, w)
	w.own = nil
	s := l.shares[w.Tenant]
	s.asks.remove(w)
	if len(s.asks) == 0 {
		l.order.remove(s)
	}
	if len(l.order) == 0 {
		clear(l.shares)
		l.clock = 0
	}
}

// latency is how many times its own cost an ask lets those go before it that come
// later and cost nothing. It is what makes short work wait less than long, and
// long work not forever.
const latency = 2

// line puts w behind the client's other asks in a lane, and returns its rank among those
// of its tenant: lowest is first. It is a time in seconds: when it came, or the rank of
// the client's ask before it if that is later, and then its cost, so many times as
// latency has it. So many asks of one client stand one behind the other, and those of
// others go between them (the virtual clock of Zhang, 1990).
func (k *client) line(w *waiter, came float64) (rank float64) {
	if w.older = k.last; w.older != nil {
		w.older.newer = w
	}
	k.last = w
	k.until = max(k.until, came) + latency*w.work().Seconds()
	return k.until
}

// unline is its inverse, but for the rank.
func (k *client) unline(w *waiter) {
	switch {
	case w.newer != nil:
		w.newer.older = w.older
	default:
		k.last = w.older
	}
	if w.older != nil {
		w.older.newer = w.newer
	}
	w.older, w.newer = nil, nil
}

// A spot is where something is in a line.
type spot struct {
	key   float64
	tie   int64 // what decides between two of one key
	index int
}

func (s *spot) at() *spot { return s }

// A line is a heap of what has a key, the lowest first.
type line[T interface{ at() *spot }] []T

func (l line[T]) Len() int { return len(l) }

func (l line[T]) Less(i, j int) bool {
	return before(l[i].at(), l[j].at())
}

func before(a, b *spot) bool {
	return a.key < b.key || a.key == b.key && a.tie < b.tie
}

func (l line[T]) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].at().index, l[j].at().index = i, j
}

// Push is for package heap.
func (l *line[T]) Push(x any) {
	x.(T).at().index = len(*l)
	*l = append(*l, x.(T))
}

// Pop is for package heap.
func (l *line[T]) Pop() any {
	old := *l
	last := old[len(old)-1]
	clear(old[len(old)-1:])
	*l = old[:len(old)-1]
	return last
}

func (l *line[T]) push(x T, key float64, tie int64) {
	x.at().key, x.at().tie = key, tie
	heap.Push(l, x)
}

func (l *line[T]) remove(x T) { heap.Remove(l, x.at().index) }

func (l *line[T]) move(x T, key float64, tie int64) {
	x.at().key, x.at().tie = key, tie
	heap.Fix(l, x.at().index)
}
