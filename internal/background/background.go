// Package background carries out jobs that nobody waits for.
//
// [Queue.Offer] takes a job under a key: one of each key at a time, a few at once,
// and only so many that wait. Tenants take turns. A job that does not fit is dropped,
// the newest of whoever has most waiting, since whoever wants it done will offer it
// again; one that failed is not taken for a while.
//
// The package does not know what the jobs do, does not decide when there is room
// for one, and logs nothing: its callers say.
package background

import (
	"context"
	"sync"
	"time"

	"pixedge/internal/fault"
)

// Config says how much may be done and wait.
type Config struct {
	Workers int `name:"background-workers" default:"1" help:"Pictures that are made in the background at once."`
	Queue   int `name:"background-queue" default:"1000" help:"Pictures that may wait to be made in the background; more are left to a later request, those of the cloud that has most waiting first."`
}

// failureLife is how long a key that failed is not taken again. What is wrong with
// a picture does not mend itself soon, and a source that fails should be let alone.
const failureLife = 5 * time.Minute

// mostFailures bounds what is remembered of failures.
const mostFailures = 10_000

// A Queue is jobs that wait and are carried out. It is safe for concurrent use.
type Queue struct {
	cfg    Config
	quiet  func(context.Context) error
	report func(error)
	ctx    context.Context // of the jobs, which outlive the requests that offer them
	end    context.CancelFunc
	ended  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	turns  line
	known  map[string]struct{}  // keys that wait or are at work
	failed map[string]time.Time // until when
	stats  Stats
}

// Stats are what a queue counts.
type Stats struct {
	Waiting, Working int

	Done, Failed, Dropped int64 // so far
}

// New returns an empty queue whose jobs end with ctx. quiet is called before each
// job and returns when it may begin, or an error if its context ended first. report
// is told of jobs that failed.
func New(ctx context.Context, cfg Config, quiet func(context.Context) error, report func(error)) *Queue {
	q := &Queue{
		cfg: cfg, quiet: quiet, report: report,
		turns: line{byName: make(map[string]*tenant)},
		known: make(map[string]struct{}), failed: make(map[string]time.Time),
	}
	q.ctx, q.end = context.WithCancel(ctx)
	return q
}

// Offer has the job of a tenant carried out some time. If too many wait, the tenant
// that has most loses its newest. The job is ignored if one of the key waits, is at work
// or has failed of late. One that returns Overloaded was not carried out: that is no
// failure, and it is dropped.
func (q *Queue) Offer(tenant, key string, do func(context.Context) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.known[key]; ok || q.closed || q.ctx.Err() != nil || time.Now().Before(q.failed[key]) {
		return
	}
	delete(q.failed, key)
	q.known[key] = struct{}{}
	q.turns.add(tenant, job{key, do})
	if q.turns.count > q.cfg.Queue {
		delete(q.known, q.turns.drop().key)
		q.stats.Dropped++
	}
	if q.stats.Working < q.cfg.Workers {
		q.stats.Working++
		q.ended.Go(q.work)
	}
}

// Close ends the jobs and waits for those at work, but no longer than ctx, whose
// error it then returns.
func (q *Queue) Close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.end()
	all := make(chan struct{})
	go func() {
		q.ended.Wait()
		close(all)
	}()
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the counts at this moment.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.stats
	s.Waiting = q.turns.count
	return s
}

// work carries out jobs until none waits.
func (q *Queue) work() {
	for {
		// The job stays in the queue until its time has come, which may be long.
		stopped := q.quiet(q.ctx) != nil
		j, ok := q.take(stopped)
		if !ok {
			return
		}
		q.finish(j.key, q.carry(j))
	}
}

// take returns the next job. Without one, the worker is counted as gone.
func (q *Queue) take(stopped bool) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if stopped || q.turns.count == 0 {
		q.stats.Working--
		return job{}, false
	}
	return q.turns.next(), true
}

// carry runs a job and turns its panic into an error.
func (q *Queue) carry(j job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Panic(p)
		}
	}()
	return j.do(q.ctx)
}

// finish counts how a job ended.
func (q *Queue) finish(key string, err error) {
	failed := err != nil && fault.Of(err) != fault.Overloaded && q.ctx.Err() == nil
	if failed {
		q.report(err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, key)
	switch {
	case failed:
		q.stats.Failed++
		q.remember(key)
	case err != nil:
		q.stats.Dropped++
	default:
		q.stats.Done++
	}
}

// remember notes a failure. q.mu is held.
func (q *Queue) remember(key string) {
	now := time.Now()
	if len(q.failed) >= mostFailures {
		for other, until := range q.failed {
			if now.After(until) {
				delete(q.failed, other)
			}
		}
	}
	if len(q.failed) < mostFailures { // or it will be tried again
		q.failed[key] = now.Add(failureLife)
	}
}
