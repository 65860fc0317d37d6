package sandbox

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// limit sets the limits of the whole process, soft and hard, so that they can
// only sink.
func limit(p Policy) error {
	limits := []struct {
		name  string
		which int
		most  int64
		set   bool
	}{
		{"core dump", unix.RLIMIT_CORE, 0, true},
		{"address space", unix.RLIMIT_AS, p.Memory, p.Memory > 0},
		{"file size", unix.RLIMIT_FSIZE, p.File, p.File > 0},
		{"open files", unix.RLIMIT_NOFILE, int64(p.Files), p.Files > 0},
	}
	for _, l := range limits {
		if !l.set {
			continue
		}
		if l.which == unix.RLIMIT_AS {
			now, err := mapped()
			if err != nil {
				return err
			}
			l.most += now
		}
		if err := lower(l.which, uint64(l.most)); err != nil { //nolint:gosec // not below 0, as checked above
			return fmt.Errorf("limit of %s: %w", l.name, err)
		}
	}
	return nil
}

// lower sets both limits to most, or to the hard limit there is if that is lower.
func lower(which int, most uint64) error {
	var now unix.Rlimit
	if err := unix.Prlimit(0, which, nil, &now); err != nil {
		return err
	}
	most = min(most, now.Max)
	return unix.Prlimit(0, which, &unix.Rlimit{Cur: most, Max: most}, nil)
}

// mapped returns the bytes of address space in use.
func mapped() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var pages int64
	if _, err := fmt.Sscan(string(text), &pages); err != nil {
		return 0, fmt.Errorf("/proc/self/statm: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// Budget gives the process that much more CPU time, all threads together; what
// an earlier budget left is gone. When it is used up the kernel ends the process
// with SIGXCPU, whatever runs: at the budget or up to a second later, as the
// kernel counts whole seconds. It works before and after [Enter], but kills only
// after.
func Budget(cpu time.Duration) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_CPU, nil, &limit); err != nil {
		return err
	}
	var used unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used); err != nil {
		return err
	}
	until := time.Duration(used.Nano()) + cpu
	seconds := uint64((until + time.Second - 1) / time.Second) //nolint:gosec // times are not below 0
	limit.Cur = min(seconds, limit.Max)
	return unix.Prlimit(0, unix.RLIMIT_CPU, &limit, nil)
}
