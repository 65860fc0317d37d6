package worker

import (
	"os"

	"golang.org/x/sys/unix"
)

// A meter reads how much memory this process holds. Its files stay open, since a
// confined process can open none.
type meter struct {
	peak, now *os.File // nil: unknown
	page      int64
}

func newMeter() (meter, error) {
	var m meter
	peak, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return m, err
	}
	now, err := os.Open("/proc/self/statm")
	if err != nil {
		return m, err
	}
	return meter{peak, now, int64(os.Getpagesize())}, nil
}

// reset makes the peak what is held now (proc_pid_clear_refs(5)).
func (m meter) reset() {
	if m.peak != nil {
		_, _ = m.peak.WriteString("5") // then the peak is that of an earlier job
	}
}

// read returns the resident memory in bytes: the most since reset, and now.
func (m meter) read() (peak, now int64) {
	if m.now == nil {
		return 0, 0
	}
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) == nil {
		peak = usage.Maxrss << 10
	}
	pages, _ := pagesOf(m.now)
	return peak, pages * m.page
}
