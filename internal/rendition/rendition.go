// Package rendition has many sizes of a picture made of one decoding.
//
// Pages ask for one photograph in six widths and two formats. A [Store] stands in
// front of a renderer. Once an original is asked for a second time within a while, or
// by several at once, it has the renderer leave pixels behind, which it keeps in shared memory: the original
// as libjpeg decodes it at 1/2, 1/4 and 1/8, which smaller sizes begin with, and the
// finished pixels of every size, of which all formats are made. Who asks for what is being made waits
// for it, and takes neither a place nor memory meanwhile.
//
// Only what is the same is made this way: transform.Plan.Freezes and
// docs/decisions/0009 say what that is. What is kept of an original is for the tenant
// whose request it was made for, and is found by the original's bytes, never by its
// name.
//
// The package does not render, and it does not fetch: the original is there.
package rendition

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash/maphash"
	"strings"
	"time"

	"pixedge/internal/admit"
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

// A source is the identity of an original: its bytes, whose it is, and the limits it is
// held to.
type source struct {
	digest [sha256.Size]byte
	format media.Format
	tenant string
	limits transform.Limits
}

func sourceOf(job transform.Job) source {
	digest := job.Digest
	if digest == nil {
		digest = func() [sha256.Size]byte { return sha256.Sum256(job.Original.Data) }
	}
	return source{digest(), job.Original.Format, job.Tenant, job.Limits}
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
// same. Each of the jobs that it comes to waits for room of its own, and whoever waits
// for a rendition takes none.
func (s *Store) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	shape, ok := s.shape(job)
	if !ok {
		return s.render(ctx, job)
	}
	if s.demands(job) {
		return s.derive(ctx, job, shape)
	}
	leave, err := job.Enter(ctx)
	if err != nil {
		return media.Image{}, err
	}
	if !s.seen.demanded(s.seen.mark(job), time.Now()) {
		return s.renderIn(ctx, job, leave)
	}
	leave(false) // others have come meanwhile
	return s.derive(ctx, job, shape)
}

// demands notes that an original is asked for, and reports whether it is in demand.
func (s *Store) demands(job transform.Job) bool {
	mark, now := s.seen.mark(job), time.Now()
	if job.Later { // after another one that was the same but for its format
		return s.seen.demanded(mark, now)
	}
	return s.seen.again(mark, now, job.InDemand)
}

// render is the renderer's, when there is room.
func (s *Store) render(ctx context.Context, job transform.Job) (media.Image, error) {
	leave, err := job.Enter(ctx)
	if err != nil {
		return media.Image{}, err
	}
	return s.renderIn(ctx, job, leave)
}

// renderIn is the renderer's, of a job that was let in.
func (s *Store) renderIn(ctx context.Context, job transform.Job, leave func(done bool)) (media.Image, error) {
	return admit.Do(leave, func() (media.Image, error) { return s.Renderer.Render(ctx, job) })
}

// derive carries out a job by way of renditions, if there is room for them.
func (s *Store) derive(ctx context.Context, job transform.Job, shape transform.Shape) (media.Image, error) {
	steps, rest := job.Plan.Frozen(job.Original.Format)
	pixels, err := s.finished(ctx, job, shape, steps)
	if errors.Is(err, errFull) || fault.Of(err) == fault.Unsupported {
		return s.render(ctx, job)
	}
	if err != nil {
		return media.Image{}, err
	}
	defer s.kept.release(pixels)
	job.Plan, job.Original, job.Need = rest, pixels.image(), rest.Estimate(steps.FrozenShape(shape), nil)
	return s.render(ctx, job)
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
	return shape, job.Plan.Freezes(shape) && job.Plan.FrozenBytes(shape) <= s.kept.most/part
}

// finished returns the pixels that the steps come to. For a job that nobody waits for
// they are not made: whoever came to want them would wait for a quiet moment, too.
func (s *Store) finished(ctx context.Context, job transform.Job, shape transform.Shape, steps transform.Plan) (*rendition, error) {
	k := key{source: sourceOf(job), steps: strings.Join(steps.Steps(), "~")}
	if job.Later {
		r := s.kept.find(k)
		if r == nil {
			return nil, errFull
		}
		derived(job)
		return r, nil
	}
	r, made, err := s.kept.get(ctx, k, func(place vips.Place) error {
		original, of, release, err := s.smaller(ctx, k.source, job, shape)
		if err != nil {
			return err
		}
		defer release()
		return s.make(ctx, job, steps, original, of, place)
	})
	if err == nil && !made {
		derived(job)
	}
	return r, err
}

// smaller returns what the steps can begin with, and its shape: the original, or that
// as it is decoded smaller.
func (s *Store) smaller(ctx context.Context, from source, job transform.Job, of transform.Shape) (original media.Image, shape transform.Shape, release func(), err error) {
	by := s.reduction(job, of)
	if by == 0 {
		return job.Original, of, func() {}, nil
	}
	plan := transform.Reduced(by)
	r, made, err := s.kept.get(ctx, key{source: from, by: by}, func(place vips.Place) error {
		return s.make(ctx, job, plan, job.Original, of, place)
	})
	switch {
	case errors.Is(err, errFull):
		return job.Original, of, func() {}, nil
	case err != nil:
		return media.Image{}, of, nil, err
	}
	if !made {
		derived(job)
	}
	shape = plan.FrozenShape(of)
	shape.Orientation = of.Orientation
	return r.image(), shape, func() { s.kept.release(r) }, nil
}

// reduction says how many times smaller than it is an original is kept that the job can
// begin with: the largest there is room for. 0: it is not.
func (s *Store) reduction(job transform.Job, of transform.Shape) int {
	shrink := job.Plan.Shrink(of)
	for by := 2; by <= shrink; by *= 2 {
		if transform.Reduced(by).FrozenBytes(of) <= s.kept.most/part {
			return by
		}
	}
	return 0
}

// make has the renderer put pixels in their place, when there is room for that. of is
// the shape of what it begins with. What takes more than is allowed is not made: the
// job may do with less.
func (s *Store) make(ctx context.Context, job transform.Job, plan transform.Plan, original media.Image, of transform.Shape, place vips.Place) error {
	one := transform.Job{
		Plan: plan, Original: original, Limits: job.Limits, Need: plan.Estimate(of, nil),
		Place: place, Tenant: job.Tenant, Admit: job.Admit,
	}
	err := job.Limits.Affords(one.Need)
	leave := func(bool) {}
	if err == nil {
		leave, err = one.Enter(ctx)
	}
	if fault.Of(err) == fault.Unprocessable {
		return errors.Join(errFull, err)
	}
	if err != nil {
		return err
	}
	_, err = s.renderIn(ctx, one, leave)
	return err
}

// derived notes that a job begins with what was there.
func derived(job transform.Job) {
	if job.Derived != nil {
		*job.Derived = true
	}
}
