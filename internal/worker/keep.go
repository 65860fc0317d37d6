package worker

import (
	"runtime"
	"time"
)

// How long it takes until a worker is started again that could not be, or that has
// ended though it was given no job: the first pause is doubled each time, up to the
// longest. One that has lived for as long as is healthy may begin anew at once.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
	healthy      = 10 * time.Second
)

// pauseAfter returns the pause after a worker that lived so long, where the one before
// that was last. What a picture does to its worker, or its age, costs no pause: others
// wait for the place.
func pauseAfter(lived time.Duration, engaged bool, last time.Duration) time.Duration {
	if engaged || lived >= healthy {
		return 0
	}
	return min(max(firstPause, 2*last), longestPause)
}

// keep has one worker running at any time, until the pool is closed. It keeps
// its thread as well: see start. The first start is reported, since a worker that
// cannot start at all is a mistake in the set-up.
func (p *Pool) keep(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pause := time.Duration(0)
	for p.rest(pause) {
		began := time.Now()
		worker, err := start(p.command, setup{Memory: int64(p.cfg.Memory)})
		ready := time.Now()
		if err == nil {
			p.enlist(worker)
		}
		if started != nil {
			started <- err
			started = nil
			if err != nil {
				return
			}
		}
		if err != nil {
			pause = max(0, longestPause-time.Since(began))
			continue
		}
		p.until(worker)
		pause = pauseAfter(time.Since(ready), worker.engaged, pause)
	}
}

// rest waits, and reports whether the pool is still open.
func (p *Pool) rest(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return !p.closed()
	case <-p.closing:
		return false
	}
}

// enlist lets a worker have jobs.
func (p *Pool) enlist(worker *process) {
	p.mu.Lock()
	p.hello = worker.hello // they are all alike
	missing, replaced := p.strong.join(time.Now())
	p.mu.Unlock()
	p.idle.put(worker)
	if replaced {
		p.replaced(missing)
	}
}

// until waits for the end of a worker and counts it.
func (p *Pool) until(worker *process) {
	select {
	case <-worker.exited:
	case <-p.closing:
		worker.kill()
	}
	worker.close()
	p.idle.remove(worker)
	if p.closed() {
		return
	}
	p.mu.Lock()
	p.stats.Ended[worker.cause()]++
	spare := p.strong.leave(time.Now())
	p.mu.Unlock()
	if spare {
		p.replaced(0)
	}
}

func (p *Pool) replaced(missing time.Duration) {
	if p.watcher.Replaced != nil {
		p.watcher.Replaced(missing)
	}
}
