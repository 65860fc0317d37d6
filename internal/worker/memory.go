package worker

import (
	"bytes"
	"os"
	"strconv"

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
	var text [128]byte
	n, _ := m.now.ReadAt(text[:], 0)
	if fields := bytes.Fields(text[:n]); len(fields) > 1 {
		pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		now = pages * m.page
	}
	return peak, now
}
