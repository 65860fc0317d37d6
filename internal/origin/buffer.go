package origin

import "context"

// Buffers hand out the memory that originals are read into.
type Buffers interface {
	// Get returns a buffer of size bytes, which is more than 0. It is called
	// before the bytes are fetched: it may wait until ctx ends, or fail with
	// fault.Overloaded, while there is no memory to be had. Whoever asks for a
	// larger one holds the smaller meanwhile, so both count, and to wait for it
	// would be to wait for others who do the same.
	Get(ctx context.Context, size int64) (Buffer, error)
}

// A Buffer is memory for one original.
type Buffer interface {
	// Bytes returns all of the buffer, as many bytes as were asked for. What
	// is in them at first does not matter.
	Bytes() []byte

	// Release gives the memory back. It is called once, and nothing uses the
	// bytes afterwards.
	Release()
}

// Memory is plain memory of the program, which the garbage collector frees.
type Memory struct{}

// Get never waits and never fails.
func (Memory) Get(_ context.Context, size int64) (Buffer, error) {
	return plain(make([]byte, size)), nil
}

type plain []byte

func (p plain) Bytes() []byte { return p }
func (plain) Release()        {}
