package sandbox

import (
	"errors"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// landlock takes all files but those to read, and as much of the network and of
// signals to others as this kernel's Landlock knows.
func (r *Report) landlock(read []string) {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		r.miss("files (landlock)", err)
		return
	}
	rule := landlock.PathAccess(ll.AccessFSReadFile|ll.AccessFSReadDir, read...).IgnoreIfMissing()
	if err := landlock.V11.BestEffort().Restrict(rule); err != nil {
		r.miss("files (landlock)", err)
		return
	}
	r.Landlock = version
	if version < 4 { // the first that knows TCP
		r.miss("network (landlock; seccomp refuses sockets all the same)", errors.ErrUnsupported)
	}
}
