package worker

// PIDs returns the process of each worker that has nothing to do.
func (p *Pool) PIDs() []int {
	var pids []int
	for range len(p.idle) {
		w := <-p.idle
		pids = append(pids, w.cmd.Process.Pid)
		p.idle <- w
	}
	return pids
}
