package admit

import (
	"context"
	"sync"
	"time"

	"pixedge/internal/fault"
)

// IdleConfig says how much goes to work that nobody waits for.
type IdleConfig struct {
	CPU int `name:"background-cpu" default:"25" help:"Processor time that making pictures in the background may take, in percent of all processors."`
}

// An Idle is a way through a gate for work that nobody waits for. It goes in only
// while nobody else wants to, leaves a place free where the gate has more than one and
// otherwise waits until nobody has wanted it for as long as the work will take, and
// takes no more than a share of the processors: after some work there is a pause.
// What has begun is not interrupted.
type Idle struct {
	gate *Gate
	rate float64 // seconds of work in a second

	mu   sync.Mutex
	next time.Time // when the share allows more work
}

// Idle returns a way through g on a machine that has so many processors.
func (g *Gate) Idle(cfg IdleConfig, processors int) *Idle {
	return &Idle{gate: g, rate: float64(cfg.CPU) / 100 * float64(processors)}
}

// look is how long it takes to notice that there is room. Work that nobody waits
// for can wait so long, and those who do wait should not have to think of it.
const look = 20 * time.Millisecond

// Quiet waits until work could begin, or ctx ends, whose error it then returns. It
// is for what costs something before it is known what to ask for.
func (i *Idle) Quiet(ctx context.Context) error {
	for !i.rested() || !i.gate.spare(Ask{}) {
		if err := sleep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Enter is as [Gate.Enter], with the same errors. It does not look at the share,
// which is Quiet's to do: who has waited for that holds something by now.
func (i *Idle) Enter(ctx context.Context, a Ask) (leave func(done bool), err error) {
	if err := i.gate.allows(a); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, i.gate.wait)
	defer cancel()
	for {
		if w := i.slip(a); w != nil {
			return once(func(done bool) {
				i.rest(w.begun)
				i.gate.leave(w, done)
			}), nil
		}
		if err := sleep(ctx); err != nil {
			return nil, fault.Wrap(err, fault.Overloaded, "there was no quiet moment in time")
		}
	}
}

// slip lets a in if there is room for it now; otherwise it returns nil.
func (i *Idle) slip(a Ask) *waiter {
	g := i.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.idleFor(a) {
		return nil
	}
	w := &waiter{Ask: a, lane: g.laneOf(a), since: time.Now()}
	g.take(w)
	return w
}

// rested reports whether the share allows work.
func (i *Idle) rested() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !time.Now().Before(i.next)
}

// rest counts work that has just ended. A codec uses one processor all the time.
func (i *Idle) rest(begun time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.next.Before(begun) {
		i.next = begun
	}
	i.next = i.next.Add(time.Duration(float64(time.Since(begun)) / i.rate))
}

// spare reports whether work that nobody waits for may go in.
func (g *Gate) spare(a Ask) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.idleFor(a)
}

// idleFor is spare, with g.mu held.
func (g *Gate) idleFor(a Ask) bool {
	if g.crowd.all.count > 0 || g.big && g.laneOf(a) == large {
		return false
	}
	if g.places == 1 && time.Since(g.left) < min(a.work(), g.wait/2) {
		return false
	}
	return g.fits(min(2, g.places), a.Bytes)
}

func sleep(ctx context.Context) error {
	timer := time.NewTimer(look)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
