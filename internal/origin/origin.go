// Package origin fetches original pictures.
//
// A [Source] is a place that pictures come from: a store ([Store]), a folder
// on the web ([Web]) or any link that a request names ([Remote]). A [Fetcher]
// asks its sources in order and holds every answer to the same [Limits]; read
// [Fetcher.Fetch] first. What keeps a link from reaching into the network the
// program runs in is in guard.go (addresses) and allow.go (hosts).
//
// The package decodes no picture beyond its first bytes, caches nothing, and
// does not retry: a store does that where its protocol says how.
package origin

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// An Original is the bytes of a picture as its source has them.
type Original struct {
	Data    []byte
	Format  media.Format
	ModTime time.Time // zero if the source does not say
}

// A Source is a place that original pictures come from.
type Source interface {
	// Open returns the picture called name, which the caller closes. The error
	// wraps fs.ErrNotExist if the source has no such picture, or none of this
	// kind of name: a store has no links, and Remote nothing but links.
	Open(ctx context.Context, name string) (Body, error)
}

// A Body is a picture that is being read. Its reader fails unless all of the
// picture comes.
type Body struct {
	io.ReadCloser
	Size    int64 // in bytes; -1: not announced
	ModTime time.Time
}

// Limits bound what one fetch may cost. Both must be more than 0.
type Limits struct {
	MaxBytes config.Size   `name:"max-bytes" default:"32MiB" help:"Most bytes of an original, after any decompression."`
	Timeout  time.Duration `name:"fetch-timeout" default:"10s" help:"Longest time to fetch an original, from all its sources together."`
}

// A Fetcher fetches pictures from a list of sources. It is safe for concurrent
// use if the sources are.
type Fetcher struct {
	limits  Limits
	sources []Source
}

// New returns a fetcher that asks the sources in the given order.
func New(l Limits, sources ...Source) *Fetcher {
	return &Fetcher{l, sources}
}

// Fetch returns the picture called name from the first source that can give
// it. If none can, the error is that of the first source that failed, or
// fault.NotFound if all of them simply do not have it.
//
// The kinds of failure: TooLarge and Timeout for the limits, Unsupported if
// what came is no image, Forbidden for a host or an address that is not
// allowed, Invalid for a link that cannot be one, and Upstream for everything
// a source does wrong. If the caller cancels ctx, Fetch returns its error.
func (f *Fetcher) Fetch(ctx context.Context, name string) (Original, error) {
	ctx, cancel := context.WithTimeout(ctx, f.limits.Timeout)
	defer cancel()
	var failed error
	for _, s := range f.sources {
		o, err := f.fetch(ctx, s, name)
		if err == nil {
			return o, nil
		}
		if failed == nil && !errors.Is(err, fs.ErrNotExist) {
			failed = failure(err)
		}
	}
	if failed != nil {
		return Original{}, failed
	}
	return Original{}, fault.Wrap(fs.ErrNotExist, fault.NotFound, "no such picture")
}

func (f *Fetcher) fetch(ctx context.Context, s Source, name string) (Original, error) {
	if err := ctx.Err(); err != nil {
		return Original{}, err // a source that was not asked may have it
	}
	body, err := s.Open(ctx, name)
	if err != nil {
		return Original{}, err
	}
	defer body.Close()
	data, err := read(body, int64(f.limits.MaxBytes))
	if err != nil {
		return Original{}, err
	}
	format, ok := media.Sniff(data)
	if !ok {
		return Original{}, fault.Errorf(fault.Unsupported, "not an image")
	}
	return Original{data, format, body.ModTime}, nil
}

// read returns all of body, which may have most bytes. An announced size
// saves the growing of the buffer, and is held to: a body of another length is
// not the picture.
func read(body Body, most int64) ([]byte, error) {
	if body.Size > most {
		return nil, errTooLarge(most)
	}
	if body.Size < 0 {
		// One byte more than allowed tells a full body from a cut one.
		data, err := io.ReadAll(io.LimitReader(body, most+1))
		if int64(len(data)) > most {
			return nil, errTooLarge(most)
		}
		return data, err
	}
	data := make([]byte, body.Size)
	if _, err := io.ReadFull(body, data); err != nil {
		return nil, err
	}
	// Some readers verify a checksum once they are asked for more.
	switch n, err := io.ReadFull(body, make([]byte, 1)); {
	case n > 0:
		return nil, errors.New("body is longer than announced")
	case err != io.EOF:
		return nil, err
	}
	return data, nil
}

func errTooLarge(most int64) error {
	return fault.Errorf(fault.TooLarge, "picture is larger than %d bytes", most)
}

// failure gives a kind to what a source returned without one.
func failure(err error) error {
	switch kind := fault.Of(err); {
	case timedOut(err):
		return fault.Wrap(err, fault.Timeout, "origin timed out")
	case kind != fault.Internal, errors.Is(err, context.Canceled):
		return err
	}
	return fault.Wrap(err, fault.Upstream, "origin failed")
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
