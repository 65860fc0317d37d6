package worker

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"pixedge/internal/transform/vips"
)

// LongestResult is the most bytes that a result may have: an uncompressed picture of the
// most pixels that a step may have by default, and some.
const LongestResult = 256 << 20

// keptResult is how many bytes the memory for results keeps between jobs: few files
// are larger, but pixels are.
const keptResult = 16 << 20

// A result is the memory that one worker puts its results in. It has room for the
// longest one from the beginning, so that a worker need not ask the system for any,
// and takes up what was written to.
type result struct{ *os.File }

// newResult makes one whose size nobody can change.
func newResult() (result, error) {
	fd, err := unix.MemfdCreate("result", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return result{}, fmt.Errorf("worker: memfd_create: %w", err)
	}
	err = unix.Ftruncate(fd, LongestResult)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err != nil {
		return result{}, errors.Join(fmt.Errorf("worker: memory for results: %w", err), unix.Close(fd))
	}
	return result{os.NewFile(uintptr(fd), "result")}, nil
}

// copy copies a result, to where place says.
func (r result) copy(size int, place vips.Place) ([]byte, error) {
	if place == nil {
		place = func(n int) ([]byte, error) { return make([]byte, n), nil }
	}
	data, err := place(size)
	if err != nil {
		return nil, err
	}
	if _, err := r.ReadAt(data, 0); err != nil {
		return nil, fmt.Errorf("worker: result: %w", err)
	}
	return data, nil
}

// taken returns the bytes of memory that it takes up.
func (r result) taken() int64 {
	const block = 512 // of stat(2), whatever the file system's are
	info, err := r.Stat()
	if err != nil {
		return 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return stat.Blocks * block
}

// trim gives the memory back if it is much. It must be called when nothing in it is
// needed any more.
func (r result) trim() {
	if r.taken() <= keptResult {
		return
	}
	raw, err := r.SyscallConn() // the file may be closed meanwhile, as that of a worker that fell
	if err != nil {
		return
	}
	// If it fails the memory stays, and is counted as the worker's.
	_ = raw.Control(func(fd uintptr) {
		_ = unix.Fallocate(int(fd), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, LongestResult)
	})
}

// mapResult maps the memory for results in a worker.
func mapResult() ([]byte, error) {
	all, err := unix.Mmap(resultFD, 0, LongestResult, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("worker: mmap: %w", err)
	}
	return all, nil
}
