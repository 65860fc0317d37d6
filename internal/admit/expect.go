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
// before. It returns Overloaded where the ask would be refused at once if it were
// small work of the usual cost: then fetching would be a waste. Otherwise the caller
// calls arrived, once or more, when it enters or gives up. Who was announced has no
// place yet.
//
// It is taken for small until it is known, whatever came before: if much big work
// spoke against it, small work would never come to be seen. Big work may so be fetched
// for nothing, which costs little beside its rendering.
func (g *Gate) Expect(tenant, client string) (arrived func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.packed() && g.crowd.wouldBeHeaviest(tenant, client, g.typical) ||
		g.crowded() && g.lanes[small].crowd.wouldBeHeaviest(tenant, client, g.typical) {
		g.stats.Refused[Full]++
		return nil, g.overloaded(small, nil, "too many are waiting")
	}
	g.expected++
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.expected--
	}), nil
}

// packed reports whether those that are expected and one more have no place in the queue.
func (g *Gate) packed() bool { return g.crowd.all.count+g.expected+1 > g.queue }

// crowded reports whether the small work that waits, with what is expected and one more,
// would take too long.
func (g *Gate) crowded() bool {
	work := g.work()
	all := g.lanes[small].crowd.all
	all.add(g.expected+1, g.typical)
	work[small] = all.work
	return all.count > 1 && g.toDo(small, work) > g.wait/4*early
}

// ahead is how long it takes to do what waits in a lane.
func (g *Gate) ahead(lane int) time.Duration { return g.toDo(lane, g.work()) }

// work is that which waits, by lane.
func (g *Gate) work() [2]time.Duration {
	return [2]time.Duration{g.lanes[small].crowd.all.work, g.lanes[large].crowd.all.work}
}

// rates are how many places each lane has while both have work: their weights' parts, of
// which big work has no more than one place at a time.
func (g *Gate) rates() [2]float64 {
	places, weights := float64(g.places), laneWeights()
	big := min(1, places*weights[large]/(weights[small]+weights[large]))
	return [2]float64{small: places - big, large: big}
}

// toDo is how long it takes to do the work of a lane beside that of the other. Small work
// has all places when no big work is left, and big work a whole one when no small is.
func (g *Gate) toDo(lane int, work [2]time.Duration) time.Duration {
	rates := g.rates()
	own := float64(work[lane]) / rates[lane]
	switch lane {
	case small:
		own = min(own, float64(work[small]+work[large])/float64(g.places))
	case large:
		own = min(own, float64(work[large])+float64(work[small])/rates[small]*(1-rates[large]))
	}
	return time.Duration(own * g.pace)
}
