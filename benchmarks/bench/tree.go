package main

import (
	"time"

	"github.com/prometheus/procfs"
)

// hz is in how many parts of a second Linux accounts for CPU time, on every
// architecture that Go knows.
const hz = 100

// A tree is a process and all that come from it.
type tree struct {
	fs   procfs.FS
	root int
}

func newTree(pid int) (tree, error) {
	fs, err := procfs.NewDefaultFS()
	return tree{fs, pid}, err
}

// processes returns the processes of the tree that live, with their accounts.
// One that ends meanwhile is left out.
func (t tree) processes() map[int]procfs.ProcStat {
	all, err := t.fs.AllProcs()
	if err != nil {
		return nil
	}
	stats, children := make(map[int]procfs.ProcStat), make(map[int][]int)
	for _, p := range all {
		if s, err := p.Stat(); err == nil {
			stats[p.PID] = s
			children[s.PPID] = append(children[s.PPID], p.PID)
		}
	}
	found := make(map[int]procfs.ProcStat)
	for next := []int{t.root}; len(next) > 0; next = next[1:] {
		if s, ok := stats[next[0]]; ok {
			found[next[0]] = s
			next = append(next, children[next[0]]...)
		}
	}
	return found
}

// cpu returns the CPU time that the tree has taken so far, that of children
// which have ended and were waited for included.
func (t tree) cpu() time.Duration {
	var ticks uint64
	for _, s := range t.processes() {
		ticks += uint64(s.UTime) + uint64(s.STime) + uint64(max(s.CUTime, 0)) + uint64(max(s.CSTime, 0))
	}
	return time.Duration(ticks) * time.Second / hz
}

// memory returns how many bytes the tree holds: the proportional share of each
// process, so that what two have in common counts once, or all that is resident
// where the kernel does not tell the share.
func (t tree) memory() uint64 {
	var sum uint64
	for pid, s := range t.processes() {
		p, err := t.fs.Proc(pid)
		if err != nil {
			continue
		}
		if r, err := p.ProcSMapsRollup(); err == nil && r.Pss > 0 {
			sum += r.Pss
			continue
		}
		sum += uint64(max(s.ResidentMemory(), 0))
	}
	return sum
}

// watch samples the memory until the returned function is called, which says
// what the most was.
func (t tree) watch() (peak func() uint64) {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		top := t.memory()
		for {
			select {
			case <-stop:
				most <- max(top, t.memory())
				return
			case <-time.After(50 * time.Millisecond):
				top = max(top, t.memory())
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}
