package admit

import (
	"context"
	"time"
)

// Shares are for what is held as long as somebody else pleases: a place to fetch,
// and the memory of an original, last as long as its source sends. There turns are
// not enough, for whoever had them all would have everything.
//
// The rule is that nobody holds more than is then left to others: a tenant no more
// than is free, and a client no more than its tenant could still take; where there is
// one tenant, no more than is free. It holds for memory and for places, and whether or
// not anybody else is there. So whoever comes alone gets:
//
//	            tenants: 1     more
//	a tenant            all    1/2
//	a client            1/2    1/4
//
// and less where others hold something, but there is always some left for the next
// (dynamic thresholds: Choudhury, Hahne, 1998). Who holds nothing is not held to it
// and gets one thing wherever there is room, which may then grow once, so that a
// picture larger than any share is possible. Who may not have more stands aside and
// keeps nothing from others, and nothing of its own passes it.

// A holding is what a tenant or a client holds.
type holding struct {
	bytes   int64
	count   int
	clients map[string]*holding // of a tenant
}

func (h *holding) add(count int, bytes int64) {
	h.count += count
	h.bytes += bytes
}

// NewShared returns a gate that differs from one of [New] in that what it lets in is
// held to shares, and has one lane: who is next is not passed by what is smaller, so
// that a flow of small work cannot keep big work out. tenants is how many there are.
func NewShared(cfg Config, places, tenants int) *Gate {
	g := New(cfg, places)
	g.shared, g.tenants, g.holdings = true, tenants, make(map[string]*holding)
	return g
}

// hold counts a as held n times: 1 or -1. g.mu is held.
func (g *Gate) hold(a Ask, n int) {
	g.held += int64(n) * a.Bytes
	g.working += n
	if !g.shared {
		return
	}
	t := g.holdings[a.Tenant]
	if t == nil {
		t = &holding{clients: make(map[string]*holding)}
		g.holdings[a.Tenant] = t
	}
	c := t.clients[a.Client]
	if c == nil {
		c = new(holding)
		t.clients[a.Client] = c
	}
	t.add(n, int64(n)*a.Bytes)
	c.add(n, int64(n)*a.Bytes)
	if c.count == 0 {
		delete(t.clients, a.Client)
	}
	if t.count == 0 {
		delete(g.holdings, a.Tenant)
	}
}

// A verdict says whether somebody's share allows an ask, and whose share does not. A
// client over its own must not hold up its tenant, so that comes last and counts most.
type verdict uint8

const (
	within verdict = iota
	overTenant
	overClient
)

// judge holds a to the shares. begun is 0 for an ask of its own, and 1 for what belongs
// to something that is held already: for that, what is free counts twice, so that there
// is room to end what has begun where nothing new may begin. g.mu is held.
func (g *Gate) judge(a Ask, begun int) verdict {
	var client, tenant holding
	if t := g.holdings[a.Tenant]; t != nil {
		tenant = *t
		if c := t.clients[a.Client]; c != nil {
			client = *c
		}
	}
	return max(
		g.rule(a.Bytes, g.budget-g.held, begun, client, tenant, func(h holding) int64 { return h.bytes }),
		g.rule(1, int64(g.places-g.working), begun, client, tenant, func(h holding) int64 { return int64(h.count) }),
	)
}

// rule is that of shares, for n of something of which so much is free.
func (g *Gate) rule(n, free int64, begun int, client, tenant holding, of func(holding) int64) verdict {
	left := int64(1+begun) * (free - n)
	room := left // what the tenant could still take
	if g.tenants > 1 {
		room = (left - of(tenant) - n) / 2
	}
	switch {
	case client.count > begun && of(client)+n > room:
		return overClient
	case g.tenants > 1 && tenant.count > begun && of(tenant)+n > left:
		return overTenant
	}
	return within
}

// nextShared returns who may enter now, or nil: of those whose share allows it the
// first, if there is room for it. g.mu is held.
func (g *Gate) nextShared() *waiter {
	judge := func(w *waiter) verdict { return g.judge(w.Ask, 0) }
	if w := g.lanes[small].pick(judge); w != nil && g.fits(1, w.Bytes) {
		return w
	}
	return nil
}

// pick returns the first that is within its share, or nil.
func (l *lane) pick(judge func(*waiter) verdict) *waiter {
	if w := l.head(); w == nil || judge(w) == within {
		return w
	}
	var first *waiter
	var of *share
	for _, s := range l.order {
		if of != nil && before(&of.spot, &s.spot) {
			continue
		}
		if w := s.pick(judge); w != nil {
			first, of = w, s
		}
	}
	return first
}

// pick returns the first of the tenant whose client may have more, unless the tenant
// may not: then what is smaller does not pass it.
func (s *share) pick(judge func(*waiter) verdict) *waiter {
	var first *waiter
	for _, w := range s.asks {
		oldest := w.older == nil // of its client, whose others do not pass it either
		if oldest && (first == nil || before(&w.spot, &first.spot)) && judge(w) != overClient {
			first = w
		}
	}
	if first == nil || judge(first) == overTenant {
		return nil
	}
	return first
}

// grow lets a in now or not at all: it belongs to something that is held already,
// which must not wait for others that may wait for it.
func (g *Gate) grow(_ context.Context, a Ask) (leave func(done bool), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.fits(1, a.Bytes) || g.shared && g.judge(a, 1) != within {
		g.stats.Refused[Full]++
		return nil, g.overloaded(g.laneOf(a), nil, "there is no room for more")
	}
	w := &waiter{Ask: a, lane: g.laneOf(a), since: time.Now()}
	g.take(w)
	return once(func(done bool) { g.leave(w, done) }), nil
}
