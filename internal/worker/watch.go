package worker

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// What a job may take at most, of memory of its own: an estimate is within a factor
// of 2 for ordinary pictures, and small ones are rough.
const (
	leeway = 2
	slack  = 40 << 20
	past   = 16 << 20 // over max_render_memory, however little it was estimated to
)

// bound returns the bytes that a job may take, given what it was estimated to.
func bound(need int64) int64 { return leeway*need + slack }

// watchEvery is how often a worker's memory is looked at. Fresh memory costs a
// processor a second for a gigabyte or two, so that little is taken in between.
const watchEvery = 10 * time.Millisecond

// watch ends the process when it takes more than most bytes on top of what it
// has. stop waits until it no longer may.
func (p *process) watch(most int64) (stop func()) {
	most += p.taken()
	done, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if p.taken() > most {
				p.greedy.Store(true)
				p.kill()
				return
			}
		}
	}()
	return func() {
		close(done)
		<-left
	}
}

// taken returns the bytes of memory that there are because of the process: its own,
// and its results. It can make no memory that is neither (package sandbox).
func (p *process) taken() int64 { return p.private() + p.result.taken() }

// private returns the bytes of memory that the process shares with nobody: not
// those of programs and pictures. It is 0 if the system does not tell.
func (p *process) private() int64 {
	if p.statm == nil {
		return 0
	}
	resident, shared := pagesOf(p.statm)
	return (resident - shared) * int64(os.Getpagesize())
}

// idleEvery is how often workers are looked at that have nothing to do.
const idleEvery = time.Second

// watchIdle ends workers that have nothing to do and hold more than most bytes all
// the same, until the pool is closed.
func (p *Pool) watchIdle(most int64) {
	tick := time.NewTicker(idleEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.closing:
			return
		}
		p.idle.each(func(worker *process) {
			if worker.taken() > most {
				worker.greedy.Store(true)
				worker.kill()
			}
		})
	}
}

// pagesOf reads a statm (proc_pid_statm(5)): the pages in memory, and those of them
// that are files' or shared.
func pagesOf(statm *os.File) (resident, shared int64) {
	var text [128]byte
	n, _ := statm.ReadAt(text[:], 0)
	fields := bytes.Fields(text[:n])
	if len(fields) < 3 {
		return 0, 0
	}
	resident, _ = strconv.ParseInt(string(fields[1]), 10, 64)
	shared, _ = strconv.ParseInt(string(fields[2]), 10, 64)
	return resident, shared
}
