package worker

import (
	"slices"
	"sync"
)

// idle are the workers that have nothing to do. The one that came last goes first, so
// that a spare one stays as small as it began.
type idle struct {
	mu      sync.Mutex
	workers []*process
	come    chan struct{} // closed when a worker comes, and made anew
}

// put adds a worker.
func (i *idle) put(worker *process) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.workers = append(i.workers, worker)
	if i.come != nil {
		close(i.come)
		i.come = nil
	}
}

// take returns a worker, or what is closed as soon as there may be one.
func (i *idle) take() (worker *process, come <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.workers) > 0 {
		last := len(i.workers) - 1
		worker = i.workers[last]
		i.workers = i.workers[:last]
		if !ended(worker) && !worker.greedy.Load() { // or it is about to end
			return worker, nil
		}
	}
	if i.come == nil {
		i.come = make(chan struct{})
	}
	return nil, i.come
}

// remove takes out a worker that has ended, if it is there.
func (i *idle) remove(worker *process) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.workers = slices.DeleteFunc(i.workers, func(p *process) bool { return p == worker })
}

// each calls do for all workers, none of which is given a job meanwhile.
func (i *idle) each(do func(*process)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, worker := range i.workers {
		do(worker)
	}
}
