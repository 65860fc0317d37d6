// Package origin fetches original pictures.
//
// A [Source] is a place that pictures come from: a store ([Store]), a folder
// on the web ([Web]) or any link that a request names ([Remote]). A [Fetcher]
// asks its sources in order and holds every answer to the same [Limits]; read
// [Fetcher.Fetch] first. What keeps a link from reaching into the network the
// program runs in is in guard.go (addresses) and allow.go (hosts).
//
// What fails in a way that passes is tried again (retry.go), and what one host is
// asked for is bounded (hosts.go): how much at once, how often again, and nothing
// for a few seconds at a host that only fails.
//
// The package decodes no picture beyond its first bytes and caches nothing. How
// much memory all originals together may take is for [Buffers] to say.
package origin

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"time"

	"github.com/cenkalti/backoff/v5"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// An Original is the bytes of a picture as its source has them.
type Original struct {
	Data    []byte // all of them, one at least; a part of the buffer
	Format  media.Format
	ModTime time.Time // zero if the source does not say
	Private bool      // only for requests that are signed
	Expires time.Time // when it is deleted; zero: nobody knows

	Buffer Buffer // what Data lies in; nil: nothing that would have to be released
}

// Image returns the picture as the renderer takes it. It shares the memory.
func (o Original) Image() media.Image { return media.Image{Data: o.Data, Format: o.Format} }

// Release gives back the memory of Data, which nothing may use afterwards. It is
// called once, by whoever fetched.
func (o Original) Release() {
	if o.Buffer != nil {
		o.Buffer.Release()
	}
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
	Format  media.Format // if the source knows it; it is not looked for in the bytes then
	Private bool         // only for requests that are signed
	Expires time.Time    // when it is deleted; zero: nobody knows
}

// Limits bound what one fetch may cost. All but MinRate must be more than 0.
type Limits struct {
	MaxBytes config.Size   `name:"max-bytes" default:"32MiB" help:"Most bytes of an original, after any decompression."`
	Timeout  time.Duration `name:"fetch-timeout" default:"10s" help:"Longest time to fetch an original, from all its sources together and with all retries."`
	MinRate  config.Size   `name:"fetch-min-rate" default:"1KiB" help:"Least bytes a second of an original that is being read, after 5 seconds; 0: none."`
}

// A Fetcher fetches pictures from a list of sources. It is safe for concurrent
// use if the sources are.
type Fetcher struct {
	limits  Limits
	buffers Buffers
	sources []Source
}

// New returns a fetcher that asks the sources in the given order and reads into
// plain memory.
func New(l Limits, sources ...Source) *Fetcher {
	return &Fetcher{l, Memory{}, sources}
}

// Into returns a fetcher that differs from f in the buffers that it reads into.
func (f *Fetcher) Into(b Buffers) *Fetcher {
	return &Fetcher{f.limits, b, f.sources}
}

// Fetch returns the picture called name from the first source that can give
// it; the caller releases it. If none can, the error is that of the first source
// that failed, or fault.NotFound if all of them simply do not have it.
//
// The kinds of failure: TooLarge and Timeout for the limits, Unsupported if
// what came is no image, Forbidden for a host or an address that is not
// allowed, Invalid for a link that cannot be one, Overloaded if there is no
// memory or too many wait for the host, and Upstream for everything a source
// does wrong. If the caller cancels ctx, Fetch returns its error.
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

// fetch asks one source, again if that may help and there is time for it.
func (f *Fetcher) fetch(ctx context.Context, s Source, name string) (Original, error) {
	if err := ctx.Err(); err != nil {
		return Original{}, err // a source that was not asked may have it
	}
	left := f.limits.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	sent := 0
	return backoff.Retry(ctx, func() (Original, error) {
		o, err := f.attempt(ctx, s, name)
		if err != nil {
			err = again(err, &sent)
			ctx = context.WithValue(ctx, repeats{}, true)
		}
		return o, err
	}, backoff.WithBackOff(pauses()), backoff.WithMaxElapsedTime(left))
}

// attempt asks one source once.
func (f *Fetcher) attempt(ctx context.Context, s Source, name string) (Original, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body, err := s.Open(ctx, name)
	if err != nil {
		return Original{}, err
	}
	defer body.Close()
	content := io.Reader(body)
	if rate := float64(f.limits.MinRate); rate > 0 {
		grace := min(patience, f.limits.Timeout/2)
		content = &paced{body, rate, grace, grace, func() { cancel(errSlow) }}
	}
	buffer, n, err := read(ctx, content, body.Size, int64(f.limits.MaxBytes), f.buffers)
	if err != nil {
		if context.Cause(ctx) == errSlow { //nolint:errorlint // it is set bare
			err = errSlow
		}
		return Original{}, err
	}
	data := buffer.Bytes()[:n]
	format, ok := body.Format, body.Format != media.None
	if !ok {
		format, ok = media.Sniff(data)
	}
	if !ok || n == 0 {
		buffer.Release()
		return Original{}, fault.Errorf(fault.Unsupported, "not an image")
	}
	return Original{data, format, body.ModTime, body.Private, body.Expires, buffer}, nil
}

// failure gives a kind to what a source returned without one.
func failure(err error) error {
	switch kind := fault.Of(err); {
	case kind == fault.Overloaded:
		return err // whatever it waited for in vain
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
