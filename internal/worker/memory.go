package worker

import (
	"bytes"
	"errors"
	"os"
	"strconv"
)

// A meter reads how much memory this process holds. Its files stay open, since a
// confined process can open none. getrusage(2) will not do for the peak: a process begins
// with that of the one that started it.
type meter struct {
	again, status, statm *os.File // nil: unknown
}

func newMeter() (m meter, err error) {
	var errs [3]error
	m.again, errs[0] = os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	m.status, errs[1] = os.Open("/proc/self/status")
	m.statm, errs[2] = os.Open("/proc/self/statm")
	return m, errors.Join(errs[:]...)
}

// reset makes the peak what is held now (proc_pid_clear_refs(5)).
func (m meter) reset() {
	if m.again != nil {
		_, _ = m.again.WriteString("5") // if it fails, the peak is that of an earlier job
	}
}

// peak returns the most resident memory since reset, in bytes; 0: unknown.
func (m meter) peak() int64 {
	if m.again == nil || m.status == nil {
		return 0
	}
	var text [4096]byte // the line is among the first (proc_pid_status(5))
	n, _ := m.status.ReadAt(text[:], 0)
	_, rest, _ := bytes.Cut(text[:n], []byte("VmHWM:"))
	word, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	kib, _ := strconv.ParseInt(string(word), 10, 64)
	return kib << 10
}

// held returns the resident memory in bytes; 0: unknown.
func (m meter) held() int64 {
	if m.statm == nil {
		return 0
	}
	pages, _ := pagesOf(m.statm)
	return pages * int64(os.Getpagesize())
}
