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

	client       *client
	older, newer *waiter // of the same client
}

// waiting reports whether the waiter is in a lane still.
func (w *waiter) waiting() bool { return w.client != nil }

// A lane orders those who wait for one kind of room.
//
// Among tenants it is start-time fair queuing (Goyal, Vin, Cheng, 1996): each is
// remembered by how much work it was given, and next is who was given least. A
// tenant that comes anew is counted as having been given as much as the one that
// is served, so nobody saves up turns. What a tenant was given is forgotten when
// nobody waits.
//
// Among the asks of one tenant, first is the one of lowest rank; see crowd.add.
type lane struct {
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

// add puts w into the lane. clock is the virtual time of the lanes.
func (l *lane) add(w *waiter, rank, clock float64) {
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

// A crowd is all who wait, in both lanes, by who brought them: it knows who has
// most waiting.
type crowd struct {
	all     sum
	tenants map[string]*tenant
	heavy   line[*tenant]
}

// A sum is how many wait and for how much work.
type sum struct {
	count int
	work  time.Duration
}

func (s *sum) add(n int, work time.Duration) {
	s.count += n
	s.work += time.Duration(n) * work
}

type tenant struct {
	spot // its key is its load, negative: the heaviest is first
	sum

	name    string
	clients map[string]*client
	heavy   line[*client]
}

type client struct {
	spot // as a tenant's
	sum

	tenant *tenant
	name   string
	until  float64 // the rank of its last ask
	last   *waiter // the newest
}

// latency is how many times its own cost an ask lets those go before it that come
// later and cost nothing. It is what makes short work wait less than long, and
// long work not forever.
const latency = 2

// add counts w and returns its rank among the asks of its tenant: lowest is
// first. It is a time in seconds: when it came, or the rank of the client's ask
// before it if that is later, and then its cost, so many times as latency has it.
// So many asks of one client stand one behind the other, and those of others go
// between them (the virtual clock of Zhang, 1990).
func (c *crowd) add(w *waiter, came float64, load func(sum) float64) (rank float64) {
	if c.tenants == nil {
		c.tenants = make(map[string]*tenant)
	}
	t, ok := c.tenants[w.Tenant]
	if !ok {
		t = &tenant{name: w.Tenant, clients: make(map[string]*client)}
		c.tenants[w.Tenant] = t
		c.heavy.push(t, 0, 0)
	}
	k, ok := t.clients[w.Client]
	if !ok {
		k = &client{tenant: t, name: w.Client}
		t.clients[w.Client] = k
		t.heavy.push(k, 0, 0)
	}
	w.client = k
	if w.older = k.last; w.older != nil {
		w.older.newer = w
	}
	k.last = w
	// Of two that are as heavy the one that grew last goes first.
	k.tie, t.tie = -w.number, -w.number
	c.count(w, 1, load)
	k.until = max(k.until, came) + latency*w.work().Seconds()
	return k.until
}

// remove forgets w.
func (c *crowd) remove(w *waiter, load func(sum) float64) {
	k := w.client
	switch {
	case w.newer != nil:
		w.newer.older = w.older
	default:
		k.last = w.older
	}
	if w.older != nil {
		w.older.newer = w.newer
	}
	c.count(w, -1, load)
	if k.count == 0 {
		k.tenant.heavy.remove(k)
		delete(k.tenant.clients, k.name)
	}
	if k.tenant.count == 0 {
		c.heavy.remove(k.tenant)
		delete(c.tenants, k.tenant.name)
	}
	w.client, w.older, w.newer = nil, nil, nil
}

// count adds w n times.
func (c *crowd) count(w *waiter, n int, load func(sum) float64) {
	k, t := w.client, w.client.tenant
	for _, s := range []*sum{&c.all, &t.sum, &k.sum} {
		s.add(n, w.work())
	}
	t.heavy.move(k, -load(k.sum), k.tie)
	c.heavy.move(t, -load(t.sum), t.tie)
}

// newest returns the newest ask of the heaviest client of the heaviest tenant.
func (c *crowd) newest() *waiter { return c.heavy[0].heavy[0].last }

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
