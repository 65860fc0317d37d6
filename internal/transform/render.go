package transform

import (
	"context"
	"crypto/sha256"
	"runtime"
	"sync/atomic"

	"pixedge/internal/config"
	"pixedge/internal/face"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// Config says how much is rendered at once.
type Config struct {
	Workers int `name:"render-workers" default:"0" help:"Pictures to render at once; more wait their turn. 0: one per CPU."`
	Queue   int `kong:"-"` // pictures that may wait for a worker; the setting is package admit's
}

// Limits bound one picture. A picture over them is refused by its header.
type Limits struct {
	MaxPixels config.Count `name:"max-pixels" default:"50M" help:"Most pixels of an original, all frames counted, and of every step of a transformation."`
	MaxSide   int          `name:"max-side" default:"30000" help:"Longest side of an original, in pixels."`
	MaxFrames int          `name:"max-frames" default:"300" help:"Most frames or pages of an original."`
	MaxMemory config.Size  `name:"max-decode-memory" default:"192MiB" help:"Memory that one original may take to be decoded, by estimate: a progressive JPEG of 50 million pixels takes 160 MiB, a HEIC of 24 million 190 MiB. A picture that takes more is refused. What a transformation takes besides is max_render_memory's."`
	MaxRender config.Size  `name:"max-render-memory" default:"280MiB" help:"Memory that one render may take in all, by estimate: decoder, what operations hold, encoder. What takes more is refused, and so is what turns out to take 16 MiB more. A pixel of the result takes an encoder 3 bytes (JPEG of up to 2 million pixels, or progressive; larger ones take next to none), 5 (WebP), 14 (BMP), 20 (WebP with transparency), 20 (AVIF; 30 with colors in full, 51 of 16 bits), 13 (GIF) or 42 (JXL; 85 without loss); one of 16 bits that an operation such as t.rotate holds takes 6 or 8 besides."`
}

// A Renderer carries out plans, a few at a time. Start libvips before use.
type Renderer struct {
	cfg     Config
	slots   chan struct{}
	waiting atomic.Int64
	decodes atomic.Int64
	encodes atomic.Int64
	pixels  atomic.Int64
	finder  face.Finder
}

// NewRenderer returns a renderer for cfg.
func NewRenderer(cfg Config) *Renderer {
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	return &Renderer{cfg: cfg, slots: make(chan struct{}, cfg.Workers)}
}

// Stats are counts for metrics and tests.
type Stats struct {
	Rendering int64 // pictures being rendered now
	Waiting   int64 // pictures that wait for a worker now
	Decodes   int64 // originals decoded so far
	Encodes   int64 // results encoded so far
	Pixels    int64 // pixels of the originals so far, as small as they were decoded
}

// Stats returns the counts at this moment.
func (r *Renderer) Stats() Stats {
	return Stats{
		Rendering: int64(len(r.slots)), Waiting: r.waiting.Load(),
		Decodes: r.decodes.Load(), Encodes: r.encodes.Load(), Pixels: r.pixels.Load(),
	}
}

// A Job is all that a render needs.
type Job struct {
	Plan     Plan
	Original media.Image
	Files    map[string]media.Image // the other pictures, by the names that Plan.Files has
	Limits   Limits                 // of every picture
	Need     Need                   // by estimate; for renderers that compare it with what is taken
	Tenant   string                 // whose picture it is; what is kept of it is for nobody else
	InDemand bool                   // others want sizes of the original, too
	Later    bool                   // nobody waits for the result
	Derived  *bool                  // set to true if the result was made of a rendition; may be nil

	// Digest returns the SHA-256 of the original; nil: it is not known.
	Digest func() [sha256.Size]byte
	// Admit waits until there is room for what takes so much, until leave, which is told
	// whether it was done; nil: there is.
	Admit func(ctx context.Context, n Need) (leave func(done bool), err error)
	// Place returns memory of n bytes that the result may be put in; nil: Go's own.
	Place vips.Place
}

// Enter waits until there is room for what the job needs, until leave.
func (j Job) Enter(ctx context.Context) (leave func(done bool), err error) {
	if j.Admit == nil {
		return func(bool) {}, nil
	}
	return j.Admit(ctx, j.Need)
}

// Render applies the plan to the original and encodes the result.
//
// Its errors are Unsupported for formats that cannot be read, Unprocessable for
// damaged originals and those over the limits, Invalid for arguments that do not
// suit the picture, Overloaded if too many pictures wait, and Timeout.
func (r *Renderer) Render(ctx context.Context, job Job) (media.Image, error) {
	if job.Plan.Original() {
		return job.Original, nil
	}
	if err := r.acquire(ctx); err != nil {
		return media.Image{}, err
	}
	defer r.release()
	var result media.Image
	err := vips.Do(func() (err error) {
		result, err = r.render(ctx, job)
		return err
	})
	return result, err
}

// Drain waits until nothing is being rendered, and lets nothing begin any more.
// It returns ctx's error if that takes longer than ctx.
func (r *Renderer) Drain(ctx context.Context) error {
	for range cap(r.slots) {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *Renderer) acquire(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	default:
	}
	if r.waiting.Add(1) > int64(r.cfg.Queue) {
		r.waiting.Add(-1)
		return fault.Errorf(fault.Overloaded, "too many pictures are waiting to be rendered")
	}
	defer r.waiting.Add(-1)
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Overloaded, "no worker was free in time")
	}
}

func (r *Renderer) release() { <-r.slots }

// render does the work: open, steps, encode.
func (r *Renderer) render(ctx context.Context, job Job) (media.Image, error) {
	format := job.Plan.Makes(job.Original.Format)
	e := encoderFor(format)
	c, done, err := r.open(job.Original, job.Plan, job.Limits, e.save.Frames())
	if err != nil {
		return media.Image{}, err
	}
	defer c.Close()
	c.open = func(name string, plan Plan) (*Canvas, error) { return r.second(ctx, job, name, plan) }
	if err := job.Plan.apply(ctx, c, done); err != nil {
		return media.Image{}, err
	}
	if err := (result{format: format, size: c.size}).fits(); err != nil {
		return media.Image{}, err
	}
	o := job.Plan.output
	o.Format = format
	data, err := e.write(ctx, c, o, job.Place)
	if err != nil {
		return media.Image{}, err
	}
	r.encodes.Add(1)
	return media.Image{Data: data, Format: format}, nil
}

// apply carries out the steps, but for the first ones that are done.
func (p Plan) apply(ctx context.Context, c *Canvas, done int) error {
	c.late = ctx.Err
	c.subsampled = c.subsampled && p.keepsColors()
	for _, step := range p.steps[done:] {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step.Apply(c); err != nil {
			return err
		}
	}
	return nil
}

// second opens another picture of a job and applies a plan to it.
func (r *Renderer) second(ctx context.Context, job Job, name string, plan Plan) (*Canvas, error) {
	file, ok := job.Files[name]
	if !ok {
		return nil, fault.Errorf(fault.NotFound, "no such second picture")
	}
	c, done, err := r.open(file, plan, job.Limits, false)
	if err != nil {
		return nil, err
	}
	err = plan.apply(ctx, c, done)
	if err == nil {
		// It may be needed several times, and in any order.
		err = c.do((*vips.Image).Settle)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// open reads the header of a picture, holds it to the limits and makes a canvas,
// decoded as small as the plan allows, with all frames if they are wanted. done is
// how many steps of the plan that took care of.
func (r *Renderer) open(picture media.Image, plan Plan, most Limits, moving bool) (c *Canvas, done int, err error) {
	if picture.Format == media.Pixels {
		c, err = r.thaw(picture.Data, plan, most)
		return c, 0, err
	}
	source, err := sourceOf(picture, most)
	if err != nil {
		return nil, 0, err
	}
	return r.canvas(source, plan, most, moving)
}

// canvas makes the canvas of a picture whose header was read. done is as in open.
func (r *Renderer) canvas(source source, plan Plan, most Limits, moving bool) (c *Canvas, done int, err error) {
	img, err := source.lazy(most)
	if err != nil {
		return nil, 0, err
	}
	if plan.least > 0 {
		c, err = r.reduced(source, img, plan, most)
		return c, 0, err
	}
	if img, done, err = source.decode(img, plan, most, moving); err != nil {
		return nil, 0, damaged(err)
	}
	r.decodes.Add(1)
	opened := imageSize(img)
	r.pixels.Add(int64(opened.w) * int64(opened.h))
	if !plan.output.Profile {
		err = img.Standard()
	}
	if err != nil {
		img.Close()
		return nil, 0, damaged(err)
	}
	if c, err = newCanvas(img, plan.turn(img.Orientation()), int(most.MaxPixels), &r.finder); err != nil {
		return nil, 0, err
	}
	c.subsampled = source.header.Subsampled()
	return c, done, nil
}

// reduced makes the canvas for a plan that is Reduced. It closes whole.
func (r *Renderer) reduced(source source, whole *vips.Image, plan Plan, most Limits) (*Canvas, error) {
	defer whole.Close()
	levels, err := whole.Levels(source.data, plan.least)
	if err != nil {
		return nil, damaged(err)
	}
	r.decodes.Add(1)
	first := imageSize(levels[0])
	r.pixels.Add(int64(first.w) * int64(first.h))
	c, err := newCanvas(levels[0], plan.turn(whole.Orientation()), int(most.MaxPixels), &r.finder)
	if err != nil {
		for _, level := range levels[1:] {
			level.Close()
		}
		return nil, err
	}
	c.levels, c.subsampled = levels[1:], source.header.Subsampled()
	c.shrunk = shrunk{plan.least, imageSize(whole)}
	for _, level := range levels {
		if err := level.Standard(); err != nil {
			c.Close()
			return nil, damaged(err)
		}
	}
	return c, nil
}

// check holds an original to the limits by its header, before any pixel of it is
// decoded.
func (l Limits) check(w, h, frames int) error {
	if frames > l.MaxFrames {
		return fault.Errorf(fault.Unprocessable, "the original has %d frames; at most %d are allowed", frames, l.MaxFrames)
	}
	if max(w, h) > l.MaxSide || int64(w)*int64(h)*int64(frames) > int64(l.MaxPixels) {
		return fault.Errorf(fault.Unprocessable, "the original has %s%dx%d pixels; at most %d a side and %d in all are allowed",
			framesOf(frames), w, h, l.MaxSide, l.MaxPixels)
	}
	return nil
}
