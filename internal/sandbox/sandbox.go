// Package sandbox takes from the process it runs in what rendering a picture
// does not need: files, network, other processes, and more memory and CPU than a
// picture is worth. A decoder that a hostile file has taken over is left with the
// pixels it was given.
//
// It knows nothing of pictures, starts no process and watches none: what it
// takes, and what follows, it takes from all threads that are and will be, for
// good. docs/security.md tells what is refused and how.
package sandbox

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// nobody owns no file, by custom of every distribution.
const nobody = 65534

// A Policy says what a process keeps. Zero numbers bound nothing.
type Policy struct {
	Memory int64    // bytes of address space on top of what is mapped now, threads' stacks and reserves of allocators included
	File   int64    // bytes of the longest file the process may write; memory files and inherited ones count
	Files  int      // most open descriptors, those it has included
	Read   []string // folders and files that stay readable, such as those of fonts; one that is not there is left out
}

// A Report tells how far [Enter] came.
type Report struct {
	Landlock int      // version of the kernel's Landlock, 0 without
	Missing  []string // what could not be taken, for the log
}

func (r *Report) miss(what string, err error) {
	if err != nil {
		r.Missing = append(r.Missing, fmt.Sprintf("%s: %v", what, err))
	}
}

// Enter takes from the process everything but p. There is no way back, and no
// child: call it in a process made for this, once all that rendering loads or
// reads from disk is there.
//
// What a kernel or a container refuses to take is in the report, and the rest is
// taken; an error means that the process is in no known state and must end.
func Enter(p Policy) (Report, error) {
	var r Report
	r.miss("user and groups", becomeNobody())
	r.miss("capabilities", cap.NewSet().SetProc())
	// Other processes of the same user can neither trace it nor read its memory.
	r.miss("tracing", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	if err := defaultAction(unix.SIGXCPU); err != nil {
		return r, fmt.Errorf("SIGXCPU: %w", err)
	}
	// Before Landlock, which takes /proc: how much is mapped is read there.
	if err := limit(p); err != nil {
		return r, err
	}
	r.landlock(p.Read)
	// The last, as it refuses what the others call.
	r.miss("system calls (seccomp)", filter())
	return r, nil
}

// becomeNobody gives up root, on all threads as libc does it. Without root there
// is nothing to give up.
func becomeNobody() error {
	if syscall.Geteuid() != 0 && syscall.Getuid() != 0 {
		return nil
	}
	return errors.Join(
		syscall.Setgroups(nil),
		syscall.Setresgid(nobody, nobody, nobody),
		syscall.Setresuid(nobody, nobody, nobody),
	)
}

// defaultAction undoes the Go runtime's handler of a signal. That of SIGXCPU
// drops the signal, and package signal cannot take it away.
func defaultAction(sig syscall.Signal) error {
	var action [4]uint64                                                                                               // the kernel's sigaction: handler, flags, restorer and mask, all zero
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0) //nolint:gosec // no library offers the call
	if errno != 0 {
		return errno
	}
	return nil
}
