// Package admit is a gate in front of work that takes memory.
//
// Who wants to work says what that takes, by estimate, and waits at
// [Gate.Enter] for its turn: for a place among those who work, and for as much
// of a budget of memory. What is refused is refused before it has taken any.
//
// Turns go round among tenants, and those of one tenant round among its clients,
// with short work before long; see line.go. Work that takes more than a quarter
// of the budget, or more than 48 MiB a worker, has a lane of its own, so that small work
// is not stuck behind it, and it not forever behind small work. When too many wait, or for
// too long in a lane, it is the newest of whoever has most waiting there that is refused:
// big work closes the gate to big work only.
//
// What lasts as long as somebody else pleases takes a gate with shares, [NewShared], of
// which nobody can hold everything. A request that asks there more than once is a [Party].
//
// Work that nobody waits for takes another way, [Idle]: it goes in only where it is
// in nobody's way.
//
// The package does not estimate, does not measure what work really takes, and
// stops nothing that has begun.
package admit

import (
	"context"
	"math"
	"sync"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
)

// Config says how much may be taken, and how long one may wait for it.
type Config struct {
	Memory config.Size   `name:"render-memory" default:"0" help:"Memory that pictures being rendered may take together, by estimate. A picture that needs more is refused. 0: 60 % of what the cgroup or the machine has."`
	Queue  int           `name:"render-queue" default:"256" help:"Pictures that may wait to be rendered; more are answered 503."`
	Wait   time.Duration `name:"queue-timeout" default:"10s" help:"Longest time that a picture waits to be rendered; then it is answered 503, and at once where more work than that is waiting."`
}

// An Ask is what somebody wants to do.
type Ask struct {
	Bytes  int64         // of memory, at the peak
	Cost   time.Duration // of a CPU; 0 counts as a millisecond
	Tenant string        // whose turn it is: a cloud
	Client string        // of the tenant: an address
}

// work is the cost of a, never 0.
func (a Ask) work() time.Duration { return min(max(a.Cost, time.Millisecond), longestWork) }

// longestWork is what any estimate counts for at most: nothing is let go on for long,
// and one that is wrong must not be held against everybody who waits.
const longestWork = 10 * time.Second

// Work is big above either: a part of the budget, or so many bytes for each place.
// At most one such is done at a time, which leaves three quarters of the budget, or
// what it does not take, to the others, and bounds what is taken at once on a
// machine with much memory.
const (
	bigShare = 4
	bigPlace = 48 << 20
)

// A Gate lets work in. It is safe for concurrent use.
type Gate struct {
	budget int64
	places int
	queue  int
	wait   time.Duration

	start time.Time

	mu      sync.Mutex
	came    int64 // asks so far
	held    int64
	working int
	left    time.Time // when the last one left for whom somebody waited
	big     bool      // big work is being done
	pace    float64   // how long work takes, of what was estimated
	clock   float64   // the lanes' virtual time
	lanes   [2]lane   // of small and of big work
	crowd   crowd     // all who wait, in both lanes, by their number
	stats   Stats

	typical  time.Duration // what small work costs, by the last few dozen that were done
	expected int           // asks that were announced; see Expect

	shared   bool // see NewShared
	tenants  int
	holdings map[string]*holding // by tenant
}

// The lanes.
const (
	small = iota
	large
)

// laneWeights are how much of the work goes to a lane while both have some to
// do: small work is what most people wait for.
func laneWeights() [2]float64 { return [2]float64{small: 4, large: 1} }

// New returns a gate that lets in what takes cfg.Memory bytes together, and at
// most so many at a time as there are places: workers, or connections. A Memory of
// 0 is [Config.Settle]'s to find.
func New(cfg Config, places int) *Gate {
	return &Gate{
		budget: int64(cfg.Memory), places: max(1, places), queue: cfg.Queue, wait: cfg.Wait,
		start: time.Now(), pace: 1,
		crowd: crowd{load: byCount},
		lanes: [2]lane{small: {crowd: crowd{load: byWork}}, large: {crowd: crowd{load: byWork}}},
	}
}

// Enter waits until there is room for a. The caller calls leave, once or more, when it
// has ended its work, and says whether it was done: how long work takes is learned from
// that, and from what failed if it took longer than expected. What fails may do so at its
// first look.
//
// Its errors are Unprocessable for what is over the whole budget, and Overloaded,
// with a time after which to try again and the caller's own ([fault.Own]), if too many
// wait already, if there was no room in time, and if ctx ends before there is.
func (g *Gate) Enter(ctx context.Context, a Ask) (leave func(done bool), err error) {
	if err := g.allows(a); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		g.refused(Left)
		return nil, fault.Wrap(ctx.Err(), fault.Overloaded, "%s", departed)
	}
	due, _ := ctx.Deadline()
	w := g.join(a, due)
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case err = <-w.turn:
	case <-ctx.Done():
		err = g.abandon(w, Left, ctx.Err(), departed)
	case <-patience.C:
		err = g.abandon(w, Late, nil, "there was no room in time")
	}
	if err != nil {
		return nil, err
	}
	return once(func(done bool) { g.leave(w, done) }), nil
}

// once returns f, which does nothing when it is called again.
func once(f func(done bool)) func(done bool) {
	var first sync.Once
	return func(done bool) { first.Do(func() { f(done) }) }
}

// Do does work that was let in, and leaves with what came of it. A panic is no work done.
func Do[T any](leave func(done bool), work func() (T, error)) (made T, err error) {
	done := false
	defer func() { leave(done) }()
	made, err = work()
	done = err == nil
	return made, err
}

// allows refuses what is over the whole budget.
func (g *Gate) allows(a Ask) error {
	if a.Bytes <= g.budget {
		return nil
	}
	g.refused(TooBig)
	return fault.Errorf(fault.Unprocessable, "the picture takes some %d MiB of memory; at most %d MiB are allowed",
		mebibytes(a.Bytes), g.budget>>20)
}

const departed = "there was no room before the request ended"

func mebibytes(n int64) int64 { return int64(math.Ceil(float64(n) / (1 << 20))) }

// join puts a among those who wait, and sees to it that they are not too many. It is
// of no use after due, unless that is zero.
func (g *Gate) join(a Ask, due time.Time) *waiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.came++
	w := &waiter{Ask: a, number: g.came, since: time.Now(), due: due, turn: make(chan error, 1), lane: g.laneOf(a)}
	w.queued = g.crowd.add(w)
	g.lanes[w.lane].add(w, w.since.Sub(g.start).Seconds(), g.clock)
	g.admit()
	for victim := g.surplus(w.lane); victim != nil; victim = g.surplus(w.lane) {
		g.remove(victim)
		g.stats.Refused[Full]++
		victim.turn <- g.overloaded(victim.lane, nil, "too many are waiting")
	}
	return w
}

func (g *Gate) laneOf(a Ask) int {
	if !g.shared && a.Bytes > min(g.budget/bigShare, int64(g.places)*bigPlace) {
		return large
	}
	return small
}

// surplus returns who is to be refused since somebody has come into a lane, or nil: too
// many wait, or some there for longer than anybody is to wait. The only one in a lane does
// not wait too long, whatever it is estimated to.
func (g *Gate) surplus(lane int) *waiter {
	switch crowd := &g.lanes[lane].crowd; {
	case g.crowd.all.count > g.queue:
		return g.newest(g.crowd.heaviest())
	case crowd.all.count > 1 && g.ahead(lane) > g.wait:
		return crowd.heaviest().last
	}
	return nil
}

// newest returns the newest ask of a client who waits, in the lane where it has more of them.
func (g *Gate) newest(k *client) *waiter {
	in := g.lanes[small].crowd.find(k.tenant.name, k.name)
	if big := g.lanes[large].crowd.find(k.tenant.name, k.name); in == nil || big != nil && big.count > in.count {
		in = big
	}
	return in.last
}

// abandon takes w out of the queue and returns why. If its turn came meanwhile,
// that counts, unless nobody is there any more to take it.
func (g *Gate) abandon(w *waiter, why Cause, cause error, text string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.waiting() {
		g.remove(w)
	} else if err := <-w.turn; err != nil || why != Left {
		return err
	} else {
		g.free(w)
	}
	g.stats.Refused[why]++
	err := g.overloaded(w.lane, cause, text)
	g.admit()
	return err
}

// overloaded is an error that says when to come back to a lane. It is of whoever asked:
// another tenant or client may have its turn.
func (g *Gate) overloaded(lane int, cause error, text string) error {
	err := fault.Errorf(fault.Overloaded, "%s", text)
	if cause != nil {
		err = fault.Wrap(cause, fault.Overloaded, "%s", text)
	}
	return fault.Own(fault.After(err, min(max(g.ahead(lane), time.Second), longestRetry)))
}

// longestRetry is the longest time that clients are told to stay away: nobody
// knows the load of a more distant future.
const longestRetry = 30 * time.Second

// admit lets in whoever has room. g.mu is held.
func (g *Gate) admit() {
	for w := g.next(); w != nil; w = g.next() {
		if g.tooLate(w) {
			g.remove(w)
			g.stats.Refused[Late]++
			w.turn <- g.overloaded(w.lane, nil, "there was no room in time")
			continue
		}
		lane := &g.lanes[w.lane]
		g.clock = max(g.clock, lane.given)
		lane.given += w.work().Seconds() / laneWeights()[w.lane]
		lane.serve(w)
		g.remove(w)
		g.take(w)
		w.turn <- nil
	}
}

// tooLate reports whether w would hardly be done before whoever waits for it gives up,
// and others wait who could be. Who is alone may try: estimates are no more than that.
// g.mu is held.
func (g *Gate) tooLate(w *waiter) bool {
	return g.crowd.all.count > 1 && !w.due.IsZero() && time.Until(w.due).Seconds() < w.work().Seconds()*g.pace
}

// take gives w its place and its memory. g.mu is held.
func (g *Gate) take(w *waiter) {
	g.hold(w.Ask, 1)
	g.big = g.big || w.lane == large
	g.stats.Admitted++
	w.begun = time.Now()
	g.stats.Waited += w.begun.Sub(w.since)
}

// next returns who may enter now, or nil. When it is the turn of big work, a place
// and its memory are kept for it: small work passes it only where there is room
// for both.
func (g *Gate) next() *waiter {
	if g.shared {
		return g.nextShared()
	}
	a, b := g.lanes[small].head(), g.lanes[large].head()
	if g.big {
		b = nil
	}
	due := b != nil && (a == nil || g.lanes[large].given <= g.lanes[small].given)
	switch {
	case due && g.fits(1, b.Bytes):
		return b
	case due && a != nil && g.fits(2, a.Bytes+b.Bytes), !due && a != nil && g.fits(1, a.Bytes):
		return a
	}
	return nil
}

func (g *Gate) fits(n int, bytes int64) bool {
	return g.working+n <= g.places && g.held+bytes <= g.budget
}

// remove takes w out of the queue. g.mu is held.
func (g *Gate) remove(w *waiter) {
	g.lanes[w.lane].remove(w)
	g.crowd.remove(w.queued, w)
}

// leave gives back what w held, and learns how good its estimate was.
func (g *Gate) leave(w *waiter, done bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.learn(w, time.Since(w.begun), done)
	if w.turn != nil {
		g.left = time.Now()
	}
	g.free(w)
	g.admit()
}

// telling is the cost from which on an ask says all there is to say about the pace. What
// is thought to be done in a moment and is not was misjudged, or made to be: that says
// nothing about other work.
const telling = 100 * time.Millisecond

// learn moves the means of the last few dozen; one outlier is not to count for much. What
// was not done would have taken longer, so that it raises them at most. g.mu is held.
func (g *Gate) learn(w *waiter, took time.Duration, done bool) {
	if pace := min(max(took.Seconds()/w.work().Seconds(), 0.1), 10); done || pace > g.pace {
		g.pace += (pace - g.pace) / 32 * min(1, w.work().Seconds()/telling.Seconds())
	}
	if cost := min(time.Duration(float64(took)/g.pace), longestWork); w.lane == small && (done || cost > g.typical) {
		g.typical += (cost - g.typical) / 32
	}
}

// free gives back what w holds. g.mu is held.
func (g *Gate) free(w *waiter) {
	g.hold(w.Ask, -1)
	if w.lane == large {
		g.big = false
	}
}
