package shm_test

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"pixedge/internal/shm"
)

func get(t *testing.T, p *shm.Pool, n int64) *shm.Region {
	t.Helper()
	r, err := p.Get(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAnotherReads maps a region as another process would.
func TestAnotherReads(t *testing.T) {
	p := shm.NewPool(1 << 20)
	defer p.Close()
	r := get(t, p, 5)
	defer r.Release()
	copy(r.Bytes(), "hello")
	data, unmap, err := shm.View(r.FD(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != "hello" {
		t.Errorf("another reads %q", data)
	}
	unmap()
	if _, _, err := shm.View(r.FD(), 1<<30); err == nil {
		t.Error("another maps more than there is")
	}
	if _, _, err := shm.View(r.FD(), 0); err == nil {
		t.Error("another maps nothing")
	}
}

// TestAnotherCannotWrite tries what a process that was taken over would.
func TestAnotherCannotWrite(t *testing.T) {
	p := shm.NewPool(1 << 20)
	defer p.Close()
	r := get(t, p, 5)
	defer r.Release()
	if _, err := unix.Mmap(r.FD(), 0, 5, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		t.Error("it maps the region for writing")
	}
	if _, err := unix.Pwrite(r.FD(), []byte("x"), 0); err == nil {
		t.Error("it writes")
	}
	if err := unix.Ftruncate(r.FD(), 1); err == nil {
		t.Error("it shrinks the region")
	}
	if err := unix.Ftruncate(r.FD(), 1<<20); err == nil {
		t.Error("it grows the region")
	}
}

// TestNothingLeft takes a region again that held a longer picture.
func TestNothingLeft(t *testing.T) {
	p := shm.NewPool(1 << 20)
	defer p.Close()
	first := get(t, p, 1000)
	copy(first.Bytes(), bytes.Repeat([]byte("secret"), 200))
	first.Release()
	r := get(t, p, 10)
	defer r.Release()
	if r != first {
		t.Fatal("the region was not kept")
	}
	copy(r.Bytes(), "0123456789")
	all, unmap, err := shm.View(r.FD(), 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer unmap()
	if rest := all[10:]; !bytes.Equal(rest, make([]byte, len(rest))) {
		t.Error("what follows tells of the picture before")
	}
}

// TestSizes takes regions at the borders of the classes and beyond them.
func TestSizes(t *testing.T) {
	p := shm.NewPool(256 << 20)
	defer p.Close()
	for _, n := range []int64{1, 64 << 10, 64<<10 + 1, 128 << 10, 1<<20 - 1, 64 << 20, 64<<20 + 1} {
		r := get(t, p, n)
		if int64(len(r.Bytes())) != n {
			t.Errorf("a region of %d has %d bytes", n, len(r.Bytes()))
		}
		r.Bytes()[n-1] = 1
		r.Release()
	}
	for _, n := range []int64{0, -1, 1 << 62} {
		if _, err := p.Get(n); err == nil {
			t.Errorf("there is a region of %d bytes", n)
		}
	}
	const kept = 64<<10 + 128<<10 + 1<<20 + 64<<20 // one of each class
	if s := p.Stats(); s.Live != 0 || s.Idle != kept {
		t.Errorf("Stats = %+v, want %d idle", s, kept)
	}
	p.Close()
	if s := p.Stats(); s.Idle != 0 {
		t.Errorf("after Close %d bytes are idle", s.Idle)
	}
}

// TestIdleBound releases more than may lie idle.
func TestIdleBound(t *testing.T) {
	p := shm.NewPool(100 << 10)
	defer p.Close()
	a, b := get(t, p, 10), get(t, p, 10)
	a.Release()
	b.Release()
	if s := p.Stats(); s.Idle != 64<<10 {
		t.Errorf("%d bytes are idle, want one region", s.Idle)
	}
}

// TestShare passes on bytes of the pool as they are, and copies others.
func TestShare(t *testing.T) {
	p := shm.NewPool(1 << 20)
	defer p.Close()
	r := get(t, p, 100)
	same, done, err := p.Share(r.Bytes())
	if err != nil || same != r {
		t.Errorf("Share = %p, %v, want the region itself", same, err)
	}
	done()
	own := []byte("elsewhere")
	other, done, err := p.Share(own)
	if err != nil || !bytes.Equal(other.Bytes(), own) {
		t.Errorf("Share = %q, %v, want a copy", other.Bytes(), err)
	}
	done()
	r.Release()
	if s := p.Stats(); s.Live != 0 {
		t.Errorf("%d bytes were not released", s.Live)
	}
}
