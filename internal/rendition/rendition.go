// Package rendition has many sizes of a picture made of one decoding.
//
// Pages ask for one photograph in six widths and two formats. A [Store] stands in
// front of a renderer. Once an original is asked for a second time within a while, it
// has the renderer leave pixels behind, which it keeps in shared memory: the original
// as libjpeg decodes it at 1/2, of which smaller sizes are made, and the finished
// pixels of every size, of which all formats are. Who asks for what is being made waits
// for it.
//
// Only what looks the same is made this way: transform.Plan.Freezes and
// docs/decisions/0009 say what that is. What is kept of an original is for the tenant
// whose request it was made for, and is found by the original's bytes, never by its
// name.
//
// The package does not render, and it does not fetch: the original is there.
package rendition

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"io"
	"strings"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// Config says how much is kept.
type Config struct {
	Memory config.Size   `name:"rendition-memory" default:"64MiB" help:"Memory for pixels of originals in demand, of which further sizes and formats are made; 0: none are kept."`
	Time   time.Duration `name:"rendition-time" default:"30s" help:"How long such pixels are kept after their last use, and within which time a second request for an original makes it one in demand."`
}

// Check finds what the types of the settings let through.
func (c Config) Check() error {
	switch {
	case c.Memory != 0 && c.Memory < 1<<20:
		return errors.New("rendition_memory: must be 0 or at least 1MiB")
	case c.Time <= 0:
		return errors.New("rendition_time: must be more than 0")
	}
	return nil
}

// A Renderer carries out jobs, and describes pictures.
type Renderer interface {
	Render(ctx context.Context, job transform.Job) (media.Image, error)
	Inspect(ctx context.Context, picture media.Image, most transform.Limits) (transform.Info, error)
}

// A Store is a Renderer that keeps renditions of what another one renders.
type Store struct {
	Renderer // inspects, and renders what nothing is kept for

	seen seen
	kept kept
}

// New returns a store in front of next, which keeps nothing yet. It takes memory from
// pool; next should find it there.
func New(cfg Config, next Renderer, pool *shm.Pool) *Store {
	return &Store{
		Renderer: next,
		seen:     seen{window: cfg.Time, seed: maphash.MakeSeed()},
		kept:     newKept(int64(cfg.Memory), cfg.Time, pool),
	}
}

// Close gives the memory back.
func (s *Store) Close() { s.kept.close() }

// Stats returns the counts at this moment.
func (s *Store) Stats() Stats { return s.kept.count() }

// A source is the identity of an original: a hash of its bytes, of whose it is and of
// the limits it is held to.
type source [sha256.Size]byte

func sourceOf(job transform.Job) source {
	hash := sha256.New()
	_, _ = io.WriteString(hash, job.Tenant+"\x00") // a hash takes all
	var limits []byte
	for _, n := range []int{int(job.Original.Format), int(job.Limits.MaxPixels), job.Limits.MaxSide, job.Limits.MaxFrames} {
		limits = binary.AppendVarint(limits, int64(n))
	}
	_, _ = hash.Write(limits)
	_, _ = hash.Write(job.Original.Data)
	return source(hash.Sum(nil))
}

// A key names a rendition.
type key struct {
	source source
	by     int    // how many times smaller the original was decoded; 0: finished
	steps  string // that it is finished after
}

// part is how much of the memory one rendition may take, one in so many.
const part = 2

// Render is the renderer's, from a rendition where that is as good. Its errors are the
// same.
func (s *Store) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	shape, ok := s.shape(job)
	if !ok {
		return s.Renderer.Render(ctx, job)
	}
	mark := s.seen.mark(job)
	if !s.seen.again(mark, time.Now()) {
		return s.Renderer.Render(ctx, job)
	}
	from := sourceOf(job)
	s.seen.note(mark, from)
	steps, rest := job.Plan.Frozen(job.Original.Format)
	pixels, err := s.finished(ctx, from, job, shape, steps)
	if errors.Is(err, errFull) || fault.Of(err) == fault.Unsupported {
		return s.Renderer.Render(ctx, job)
	}
	if err != nil {
		return media.Image{}, err
	}
	defer s.kept.release(pixels)
	job.Plan, job.Original, job.Need = rest, pixels.image(), transform.Need{} // that was of the whole road
	return s.Renderer.Render(ctx, job)
}

// Estimate says what Render takes for a job of which Need says what it takes without
// renditions. of is the shape of the original. It is a guess: what is there may be gone
// by then, and the original is taken for the last one with its mark.
func (s *Store) Estimate(job transform.Job, of transform.Shape) transform.Need {
	if !s.suits(job, of) {
		return job.Need
	}
	from, known := s.seen.knows(s.seen.mark(job), time.Now())
	if !known {
		return job.Need
	}
	steps, rest := job.Plan.Frozen(job.Original.Format)
	need := rest.Estimate(steps.FrozenShape(of), nil)
	add := func(more transform.Need) {
		need = transform.Need{Bytes: max(need.Bytes, more.Bytes), Time: need.Time + more.Time}
	}
	if s.kept.has(key{source: from, steps: name(steps)}) {
		return need
	}
	if by := s.reduction(job.Plan.Shrink(of), of); by > 0 {
		reduced := transform.Reduced(by)
		if !s.kept.has(key{source: from, by: by}) {
			add(reduced.Estimate(of, nil))
		}
		turned := of.Orientation
		of = reduced.FrozenShape(of)
		of.Orientation = turned
	}
	add(steps.Estimate(of, nil))
	return need
}

// shape returns that of the original, if a rendition may be of use to the job.
func (s *Store) shape(job transform.Job) (transform.Shape, bool) {
	if s.kept.most == 0 || !job.Plan.Reduces() || job.Original.Format == media.SVG {
		return transform.Shape{}, false
	}
	shape, err := transform.ShapeOf(job.Original, job.Limits)
	if err != nil {
		return shape, false // the renderer will say what is wrong
	}
	return shape, s.suits(job, shape)
}

// suits reports whether a rendition may be of use to the job.
func (s *Store) suits(job transform.Job, of transform.Shape) bool {
	return job.Plan.Freezes(of) && job.Plan.FrozenBytes(of) <= s.kept.most/part
}

// name is that of a rendition that is finished after the steps.
func name(steps transform.Plan) string { return strings.Join(steps.Steps(), "~") }

// finished returns the pixels that the steps come to.
func (s *Store) finished(ctx context.Context, from source, job transform.Job, shape transform.Shape, steps transform.Plan) (*rendition, error) {
	k := key{source: from, steps: name(steps)}
	r, made, err := s.kept.get(ctx, k, func(place vips.Place) error {
		original, release, err := s.smaller(ctx, from, job, shape)
		if err != nil {
			return err
		}
		defer release()
		return s.make(ctx, job, steps, original, place)
	})
	if err == nil && !made {
		derived(job)
	}
	return r, err
}

// smaller returns what the steps can begin with: the original, or that as it is decoded
// smaller.
func (s *Store) smaller(ctx context.Context, from source, job transform.Job, shape transform.Shape) (original media.Image, release func(), err error) {
	by := s.reduction(job.Plan.Shrink(shape), shape)
	if by == 0 {
		return job.Original, func() {}, nil
	}
	r, made, err := s.kept.get(ctx, key{source: from, by: by}, func(place vips.Place) error {
		return s.make(ctx, job, transform.Reduced(by), job.Original, place)
	})
	switch {
	case errors.Is(err, errFull):
		return job.Original, func() {}, nil
	case err != nil:
		return media.Image{}, nil, err
	}
	if !made {
		derived(job)
	}
	return r.image(), func() { s.kept.release(r) }, nil
}

// reduction says how many times smaller than it is an original is kept, of which a plan
// can do with one that is shrink times smaller: the largest there is room for. 0: it is
// not.
func (s *Store) reduction(shrink int, shape transform.Shape) int {
	for by := 2; by <= shrink; by *= 2 {
		if transform.Reduced(by).FrozenBytes(shape) <= s.kept.most/part {
			return by
		}
	}
	return 0
}

// make has the renderer put pixels in their place.
func (s *Store) make(ctx context.Context, job transform.Job, plan transform.Plan, original media.Image, place vips.Place) error {
	_, err := s.Renderer.Render(ctx, transform.Job{Plan: plan, Original: original, Limits: job.Limits, Place: place, Tenant: job.Tenant})
	return err
}

// derived notes that a job begins with what was there.
func derived(job transform.Job) {
	if job.Derived != nil {
		*job.Derived = true
	}
}
