package admit

import (
	"sync"
	"time"
)

// early is the part of a line, in quarters, that is for those who were announced. The
// rest is for whoever has more right to it, and for estimates that are too low: those
// who come last would wait in vain, and what was fetched for them would be a waste.
const early = 3

// Expect announces an ask that is not known yet, because something has to be fetched
// before. It returns Overloaded where the ask would be refused at once if it were of
// the usual kind: then fetching would be a waste. Otherwise the caller calls arrived,
// once or more, when it enters or gives up. Who was announced has no place yet.
func (g *Gate) Expect(tenant, client string) (arrived func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.crowded() && g.crowd.heaviest(tenant, client, g.typical, g.load) {
		g.stats.Refused[Full]++
		return nil, g.overloaded(nil, "too many are waiting")
	}
	g.expected++
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.expected--
	}), nil
}

// crowded reports whether those that are expected and one more would be too many.
func (g *Gate) crowded() bool {
	all := g.crowd.all
	all.add(g.expected+1, g.typical)
	return all.count > g.queue || all.count > 1 && g.toDo(all) > g.wait/4*early
}

// heaviest reports whether the client, with one more ask of so much work, has most
// waiting: of two that are as heavy it is the one that grew last.
func (c *crowd) heaviest(tenant, client string, work time.Duration, load func(sum) float64) bool {
	with := func(s sum) float64 {
		s.add(1, work)
		return load(s)
	}
	if len(c.heavy) == 0 {
		return true
	}
	t, own := c.tenants[tenant], sum{}
	if t != nil {
		own = t.sum
	}
	if with(own) < load(c.heavy[0].sum) {
		return false
	}
	if t == nil {
		return true
	}
	own = sum{}
	if k := t.clients[client]; k != nil {
		own = k.sum
	}
	return with(own) >= load(t.heavy[0].sum)
}
