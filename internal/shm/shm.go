// Package shm keeps bytes where another process can read them without a copy.
//
// A [Region] is anonymous memory with a file descriptor (memfd_create(2)): the
// program fills it, passes the descriptor over a Unix socket, and the other side
// maps it. Nobody but the program that made a region can write to it or change
// its size. A [Pool] keeps regions for the next picture, because fresh pages cost
// more than filling them.
//
// The package knows neither pictures nor processes, and bounds only what lies
// idle: how much memory is in use is the business of those who ask.
package shm

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// Pooled regions have sizes of powers of two, from one to the other. Larger ones
	// go back to the system as soon as they are released.
	minSize = 64 << 10
	maxSize = 64 << 20

	classes = 11 // of sizes: 64 KiB << 10 is 64 MiB
)

// A Pool hands out regions. It is safe for concurrent use.
type Pool struct {
	most int64 // bytes that may lie idle

	mu   sync.Mutex
	idle int64
	free [classes][]*Region
	live map[*byte]*Region // by their first byte
}

// NewPool returns a pool that keeps at most so many idle bytes.
func NewPool(idle int64) *Pool {
	return &Pool{most: idle, live: make(map[*byte]*Region)}
}

// A Region is memory that can be shared.
type Region struct {
	pool  *Pool
	fd    int
	all   []byte // as mapped
	n     int    // bytes that were asked for
	dirty int    // bytes that may have been written since they were zero
	class int    // -1: not pooled
}

// Get returns a region of n bytes, at least one. What is in them is left open,
// and nothing after them tells of earlier pictures.
func (p *Pool) Get(n int64) (*Region, error) {
	if n < 1 || n > 1<<40 {
		return nil, fmt.Errorf("shm: no region can have %d bytes", n)
	}
	r, err := p.take(int(n))
	if err != nil {
		return nil, err
	}
	clear(r.all[n:max(r.dirty, int(n))])
	r.n, r.dirty = int(n), int(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live[first(r.all)] = r
	return r, nil
}

// first names a region by where it lies.
func first(b []byte) *byte { return &b[:1][0] }

// take finds an idle region, or makes one.
func (p *Pool) take(n int) (*Region, error) {
	class := classOf(n)
	if class < 0 {
		return p.create(n, class)
	}
	p.mu.Lock()
	free := p.free[class]
	if len(free) == 0 {
		p.mu.Unlock()
		return p.create(minSize<<class, class)
	}
	r := free[len(free)-1]
	p.free[class] = free[:len(free)-1]
	p.idle -= int64(len(r.all))
	p.mu.Unlock()
	return r, nil
}

func classOf(n int) int {
	if n > maxSize {
		return -1
	}
	return bits.Len(uint(max(n, minSize)-1)) - bits.Len(uint(minSize-1))
}

func (p *Pool) create(n, class int) (*Region, error) {
	fd, err := unix.MemfdCreate("picture", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("shm: memfd_create: %w", err)
	}
	all, err := mapped(fd, n)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return &Region{pool: p, fd: fd, all: all, class: class}, nil
}

// mapped gives the file its size and maps it, and then closes it to every other
// writer. A file that cannot shrink cannot fault under those who read it.
func mapped(fd, n int) ([]byte, error) {
	if err := unix.Ftruncate(fd, int64(n)); err != nil {
		return nil, fmt.Errorf("shm: ftruncate: %w", err)
	}
	all, err := unix.Mmap(fd, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shm: mmap: %w", err)
	}
	const seals = unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		_ = unix.Munmap(all)
		return nil, fmt.Errorf("shm: seal: %w", err)
	}
	return all, nil
}

// Bytes returns the memory.
func (r *Region) Bytes() []byte { return r.all[:r.n:r.n] }

// Size returns how many bytes the region holds, those after Bytes counted.
func (r *Region) Size() int64 { return int64(len(r.all)) }

// FD returns the descriptor to pass on. It is valid until Release.
func (r *Region) FD() int { return r.fd }

// Release gives the region back. Its bytes must not be used afterwards, here or
// in another process. It may be called once.
func (r *Region) Release() {
	p := r.pool
	p.mu.Lock()
	delete(p.live, first(r.all))
	keep := r.class >= 0 && p.idle+int64(len(r.all)) <= p.most
	if keep {
		p.free[r.class] = append(p.free[r.class], r)
		p.idle += int64(len(r.all))
	}
	p.mu.Unlock()
	if !keep {
		r.destroy()
	}
}

func (r *Region) destroy() {
	// Neither can fail on what create made, and there is nobody to tell.
	_ = unix.Munmap(r.all)
	_ = unix.Close(r.fd)
}

// Share returns the region that data lies in, if data are the bytes of a region
// of this pool from their first one on, and otherwise a new region with a copy.
// done must be called when the other process has let go.
func (p *Pool) Share(data []byte) (r *Region, done func(), err error) {
	if len(data) == 0 {
		return nil, nil, errors.New("shm: nothing to share")
	}
	p.mu.Lock()
	r, ok := p.live[first(data)]
	p.mu.Unlock()
	if ok {
		return r, func() {}, nil
	}
	if r, err = p.Get(int64(len(data))); err != nil {
		return nil, nil, err
	}
	copy(r.Bytes(), data)
	return r, r.Release, nil
}

// Most returns how many regions there can be in so many bytes, which is how many
// descriptors they take.
func Most(bytes int64) int { return int(bytes / minSize) }

// Close gives idle regions back to the system.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for class, list := range p.free {
		for _, r := range list {
			r.destroy()
		}
		p.free[class] = nil
	}
	p.idle = 0
}

// Stats are what a pool holds now, in bytes.
type Stats struct {
	Live, Idle int64
}

// Stats returns the counts at this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Idle: p.idle}
	for _, r := range p.live {
		s.Live += int64(len(r.all))
	}
	return s
}

// View maps n bytes of a region that another process passed on. They can be read
// until unmap is called.
func View(fd, n int) (data []byte, unmap func(), err error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return nil, nil, fmt.Errorf("shm: fstat: %w", err)
	}
	if n < 1 || int64(n) > stat.Size {
		return nil, nil, fmt.Errorf("shm: %d bytes of a region of %d", n, stat.Size)
	}
	data, err = unix.Mmap(fd, 0, n, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, nil, fmt.Errorf("shm: mmap: %w", err)
	}
	return data, func() { _ = unix.Munmap(data) }, nil
}
