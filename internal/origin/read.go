package origin

import (
	"context"
	"errors"
	"io"
	"time"

	"pixedge/internal/fault"
)

const (
	// firstBuffer, in bytes, holds most pictures of the web whole. One of
	// 32 MiB whose size nobody announced is copied seven times, and of all its
	// bytes twice as many in sum.
	firstBuffer = 256 << 10

	// patience is how long a source may send nothing, or less than it should.
	patience = 5 * time.Second
)

// errSlow ends the reading of a body that comes too slowly.
var errSlow = fault.Errorf(fault.Timeout, "origin is too slow")

// read returns all of body, which may have most bytes, in a buffer and how many
// bytes of it were filled. An announced size is what the buffer is asked for,
// before anything is read, and is held to: a body of another length is not the
// picture.
func read(ctx context.Context, body io.Reader, size, most int64, from Buffers) (Buffer, int, error) {
	if size > most {
		return nil, 0, errTooLarge(most)
	}
	known := size >= 0
	if !known {
		size = min(firstBuffer, most)
	}
	buffer, err := from.Get(ctx, max(size, 1))
	if err != nil {
		return nil, 0, err
	}
	b, whole := filling{ctx, from, buffer, 0}, false
	defer func() {
		if !whole { // or body has panicked
			b.buffer.Release()
		}
	}()
	if known {
		err = b.exactly(body, size)
	} else {
		err = b.upTo(body, most)
	}
	if err != nil {
		return nil, 0, err
	}
	whole = true
	return b.buffer, b.n, nil
}

// A filling is a buffer on the way to being full.
type filling struct {
	ctx    context.Context
	from   Buffers
	buffer Buffer
	n      int // bytes filled
}

// exactly reads size bytes, and the end after them.
func (b *filling) exactly(body io.Reader, size int64) error {
	n, err := io.ReadFull(body, b.buffer.Bytes()[:size])
	b.n = n
	if err != nil {
		return err
	}
	return ended(body, errors.New("body is longer than announced"))
}

// upTo reads to the end, into ever larger buffers.
func (b *filling) upTo(body io.Reader, most int64) error {
	for {
		space := b.buffer.Bytes()
		if int64(b.n) == most {
			return ended(body, errTooLarge(most))
		}
		if b.n == len(space) {
			if err := b.grow(min(2*int64(b.n), most)); err != nil {
				return err
			}
			continue
		}
		n, err := body.Read(space[b.n:])
		b.n += n
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// grow moves what has come into a buffer of size bytes.
func (b *filling) grow(size int64) error {
	larger, err := b.from.Get(b.ctx, size)
	if err != nil {
		return err
	}
	copy(larger.Bytes(), b.buffer.Bytes()[:b.n])
	b.buffer.Release()
	b.buffer = larger
	return nil
}

// ended returns nil at the end of body, and the error more if there are more
// bytes. Some readers verify a checksum only once they are asked for them.
func ended(body io.Reader, more error) error {
	switch n, err := io.ReadFull(body, make([]byte, 1)); {
	case n > 0:
		return more
	case err != io.EOF:
		return err
	}
	return nil
}

func errTooLarge(most int64) error {
	return fault.Errorf(fault.TooLarge, "picture is larger than %d bytes", most)
}

// A paced reader gives up on a body of which, after a time of grace, less comes
// than rate. Only the time that a Read takes counts: a body may wait for us as
// long as it must.
type paced struct {
	io.Reader
	rate   float64       // in bytes a second
	grace  time.Duration // most that may be saved up
	left   time.Duration // what a Read may take now
	giveUp func()        // makes a Read that is under way fail
}

func (p *paced) Read(b []byte) (int, error) {
	began := time.Now()
	timer := time.AfterFunc(p.left, p.giveUp)
	n, err := p.Reader.Read(b)
	timer.Stop()
	earned := time.Duration(float64(n) / p.rate * float64(time.Second))
	p.left = min(p.grace, p.left-time.Since(began)+earned)
	return n, err
}
