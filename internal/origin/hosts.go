package origin

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"pixedge/internal/fault"
)

// HostLimits bound what one host is asked for.
type HostLimits struct {
	Fetches int `name:"max-fetches-per-host" default:"32" help:"Originals fetched from one host at once; more wait their turn."`
}

// Hosts is what an edge knows of the hosts that it fetches from, and keeps to
// with each: so many fetches at once, so many retries, and none for a while at
// one that only fails. All sources of a program share one.
//
// A host is known apart for each kind of source, so that what strangers ask of
// it through links does not close it to those whose own folder it is.
type Hosts struct {
	id     string
	limits HostLimits
	known  *lru.Cache[string, *host]
	counts [numKinds]counts
}

// maxHosts is how many hosts are remembered: links may lead to any number. What
// is forgotten is the one that was not asked for longest, which then has a clean
// record; with this many, no fetch of it is likely to be under way.
const maxHosts = 4096

// NewHosts returns what the edge called id keeps to. id is what it calls itself
// in CDN-Loop (RFC 8586).
func NewHosts(id string, l HostLimits) *Hosts {
	h := &Hosts{id: id, limits: l}
	h.known, _ = lru.New[string, *host](maxHosts) // fails on sizes below 1 only
	return h
}

// A Kind is a kind of source that lies on another host.
type Kind uint8

// The kinds, by the names they have in edge.yaml.
const (
	KindS3 Kind = iota
	KindHTTP
	KindRemote
	numKinds
)

// Kinds lists every Kind.
func Kinds() []Kind { return []Kind{KindS3, KindHTTP, KindRemote} }

// String returns the name used in edge.yaml and in metrics.
func (k Kind) String() string {
	return [numKinds]string{KindS3: "s3", KindHTTP: "http", KindRemote: "remote"}[k]
}

// Stats are counts since the start, and of what waits now, for a kind of source.
type Stats struct {
	Attempts int64    // requests for originals, redirects and retries included
	Retries  int64    // those made because one before them failed
	Waiting  int64    // fetches that wait for their turn at a host
	Changes  [3]int64 // of breakers, by the State they went to
}

// A State is that of a breaker.
type State uint8

// The states: requests pass, one passes to try, or none does.
const (
	Closed State = iota
	HalfOpen
	Open
)

// String returns the name used in metrics.
func (s State) String() string { return [...]string{"closed", "half_open", "open"}[s] }

type counts struct {
	attempts, retries, waiting atomic.Int64
	changes                    [3]atomic.Int64
}

// Stats returns the counts at this moment.
func (h *Hosts) Stats(k Kind) Stats {
	c := &h.counts[k]
	s := Stats{Attempts: c.attempts.Load(), Retries: c.retries.Load(), Waiting: c.waiting.Load()}
	for i := range c.changes {
		s.Changes[i] = c.changes[i].Load()
	}
	return s
}

// at returns the host called name.
func (h *Hosts) at(k Kind, name string) *host {
	key := k.String() + " " + name
	if known, ok := h.known.Get(key); ok {
		return known
	}
	fresh := newHost(h.limits, &h.counts[k])
	if known, ok, _ := h.known.PeekOrAdd(key, fresh); ok {
		return known
	}
	return fresh
}

// A host is a server, as long as it is remembered.
type host struct {
	places  *semaphore.Weighted
	most    int64 // that may wait for a place
	waiting atomic.Int64
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	budget  budget
	counts  *counts
}

const (
	// A breaker opens after so many failed fetches in a row over at least so
	// long: fewer may be bad luck with a few pictures, and faster ones a restart.
	failuresToOpen = 20
	failingToOpen  = 2 * time.Second

	// openFor is how long nothing is asked of a host that only fails, until one
	// request tries whether it still does.
	openFor = 3 * time.Second

	// waitersPerPlace bounds the queue of a host. What waits holds little, but
	// the last of them would wait for this many fetches to end.
	waitersPerPlace = 8
)

func newHost(l HostLimits, c *counts) *host {
	places := int64(max(1, l.Fetches))
	h := &host{places: semaphore.NewWeighted(places), most: waitersPerPlace * places, budget: newBudget(), counts: c}
	var failing time.Time // since when; the breaker calls one at a time
	h.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout: openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			if c.ConsecutiveFailures == 1 {
				failing = time.Now()
			}
			return c.ConsecutiveFailures >= failuresToOpen && time.Since(failing) >= failingToOpen
		},
		OnStateChange: func(_ string, _, to gobreaker.State) { h.counts.changes[stateOf(to)].Add(1) },
		IsExcluded:    func(err error) bool { return errors.Is(err, errUnjudged) },
	})
	return h
}

func stateOf(s gobreaker.State) State {
	switch s {
	case gobreaker.StateOpen:
		return Open
	case gobreaker.StateHalfOpen:
		return HalfOpen
	case gobreaker.StateClosed:
	}
	return Closed
}

// retry reports whether a request may be repeated, and counts it if so.
func (h *host) retry() bool {
	if h.breaker.State() != gobreaker.StateClosed || !h.budget.withdraw() {
		return false
	}
	h.counts.retries.Add(1)
	return true
}

// enter waits for a place at the host and returns the visit, which must leave.
// It fails at once if the host only fails, or if too many wait.
func (h *host) enter(ctx context.Context) (*visit, error) {
	if h.breaker.State() == gobreaker.StateOpen {
		return nil, errFailing(gobreaker.ErrOpenState)
	}
	arrived := time.Now()
	if err := h.wait(ctx); err != nil {
		return nil, err
	}
	report, err := h.breaker.Allow()
	if err != nil {
		h.places.Release(1)
		return nil, errFailing(err)
	}
	h.counts.attempts.Add(1)
	h.budget.deposit()
	deadline, ok := ctx.Deadline()
	hurried := ok && time.Until(deadline) < time.Since(arrived)
	_, repeats := ctx.Value(repeats{}).(bool)
	return &visit{ctx: ctx, host: h, report: report, hurried: hurried, repeats: repeats}, nil
}

// repeats is the key of a context for an attempt that is not the first. That it
// fails too is no news: breakers count failures by the fetch.
type repeats struct{}

func (h *host) wait(ctx context.Context) error {
	if h.places.TryAcquire(1) {
		return nil
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.most {
		return fault.Errorf(fault.Overloaded, "too many fetches wait for this origin")
	}
	h.counts.waiting.Add(1)
	defer h.counts.waiting.Add(-1)
	return h.places.Acquire(ctx, 1)
}

func errFailing(err error) error {
	return fault.Wrap(err, fault.Upstream, "origin keeps failing; it is not asked for a few seconds")
}

// What a breaker is told of a visit that did not go well.
var (
	errFailed   = errors.New("the host failed")
	errUnjudged = errors.New("the host is not to blame, nor to be praised")
)

// A visit is a request to a host, from the moment it has a place there until
// its answer is read or given up. It is used by one goroutine.
type visit struct {
	ctx     context.Context //nolint:containedctx // that of the request, whose end tells why reading failed
	host    *host
	hurried bool // it waited for its place longer than it then could for the host
	repeats bool // another visit has failed before
	report  func(error)
	judged  bool
	left    bool
}

// judge tells the breaker how the host did. The first word counts.
func (v *visit) judge(verdict error) {
	if v.judged {
		return
	}
	v.judged = true
	if v.repeats && errors.Is(verdict, errFailed) {
		verdict = errUnjudged
	}
	v.report(verdict)
}

// leave gives the place back. A host of which nothing else was said did well.
func (v *visit) leave() {
	if !v.left {
		v.left = true
		v.judge(nil)
		v.host.places.Release(1)
	}
}

// refused ends a visit that got no answer, but err. passes says whether the
// same request may succeed, and sent how many of it the host has seen.
func (v *visit) refused(err error, passes bool, sent int) error {
	defer v.leave()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return err // an answer like another
	case errors.Is(err, context.Canceled):
		v.judge(errUnjudged)
		return err
	case timedOut(err):
		if v.hurried {
			v.judge(errUnjudged)
		}
		v.judge(errFailed)
		return err
	case fault.Of(err) != fault.Internal && !passes:
		v.judge(errUnjudged) // something we did not want
		return err
	case !passes:
		return err // garbage, but the host is alive
	}
	v.judge(errFailed)
	return &lost{error: err, host: v.host, sent: sent}
}

// body returns the body of an answer, which ends the visit when it is closed.
func (v *visit) body(r io.ReadCloser, passing func(error) bool) io.ReadCloser {
	return &visitBody{r, v, passing}
}

type visitBody struct {
	io.ReadCloser
	visit   *visit
	passing func(error) bool
}

// Read tells the breaker of a host that stalls. One that sends something else
// than it should is at least alive.
func (b *visitBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if context.Cause(b.visit.ctx) == errSlow { //nolint:errorlint // it is set bare
		b.visit.judge(errFailed)
		return n, errSlow
	}
	if !timedOut(err) && b.passing(err) {
		err = &lost{error: err, host: b.visit.host}
	}
	return n, err
}

func (b *visitBody) Close() error {
	defer b.visit.leave()
	return b.ReadCloser.Close()
}
