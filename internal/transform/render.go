package transform

import (
	"context"
	"runtime"
	"sync/atomic"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform/vips"
)

// Config says how much is rendered at once.
type Config struct {
	Workers int `name:"render-workers" default:"0" help:"Pictures to render at once; more wait their turn. 0: one per CPU."`
	Queue   int `name:"render-queue" default:"256" help:"Pictures that may wait for a worker; more are answered 503."`
}

// Limits bound one picture. A picture over them is refused by its header.
type Limits struct {
	MaxPixels config.Count `name:"max-pixels" default:"50M" help:"Most pixels of an original, all frames counted, and of every step of a transformation."`
	MaxSide   int          `name:"max-side" default:"30000" help:"Longest side of an original, in pixels."`
	MaxFrames int          `name:"max-frames" default:"300" help:"Most frames or pages of an original."`
}

// A Renderer carries out plans, a few at a time. Start libvips before use.
type Renderer struct {
	cfg     Config
	slots   chan struct{}
	waiting atomic.Int64
	decodes atomic.Int64
	encodes atomic.Int64
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
}

// Stats returns the counts at this moment.
func (r *Renderer) Stats() Stats {
	return Stats{
		Rendering: int64(len(r.slots)), Waiting: r.waiting.Load(),
		Decodes: r.decodes.Load(), Encodes: r.encodes.Load(),
	}
}

// Render applies plan to an encoded image and encodes the result.
//
// Its errors are Unsupported for formats that cannot be read, Unprocessable for
// damaged originals and those over the limits, Invalid for arguments that do not
// suit the picture, Overloaded if too many pictures wait, and Timeout.
func (r *Renderer) Render(ctx context.Context, plan Plan, original media.Image, most Limits) (media.Image, error) {
	if plan.Original() {
		return original, nil
	}
	loader, err := loaderFor(original.Format)
	if err != nil {
		return media.Image{}, err
	}
	if err := r.acquire(ctx); err != nil {
		return media.Image{}, err
	}
	defer r.release()
	var result media.Image
	err = vips.Do(func() error {
		result, err = r.render(ctx, plan, original, loader, most)
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
func (r *Renderer) render(ctx context.Context, plan Plan, original media.Image, l vips.Loader, most Limits) (media.Image, error) {
	c, err := r.open(plan, original.Data, l, most)
	if err != nil {
		return media.Image{}, err
	}
	defer c.img.Close()
	for _, step := range plan.steps {
		if err := ctx.Err(); err != nil {
			return media.Image{}, err
		}
		if err := step.Apply(c); err != nil {
			return media.Image{}, err
		}
	}
	format := plan.output.Format
	if format == media.None {
		format = natural(original.Format)
	}
	e := encoderFor(format)
	if side := max(c.size.w, c.size.h); e.maxSide > 0 && side > e.maxSide {
		return media.Image{}, fault.Errorf(fault.Invalid, "%v holds at most %d pixels a side; the result has %d", format, e.maxSide, side)
	}
	quality := plan.output.Quality
	if quality == 0 {
		quality = e.quality
	}
	data, err := c.encode(ctx, e, quality)
	if err != nil {
		return media.Image{}, err
	}
	r.encodes.Add(1)
	return media.Image{Data: data, Format: format}, nil
}

// open reads the header, checks it against the limits and makes a canvas,
// decoded as small as the plan allows.
func (r *Renderer) open(plan Plan, data []byte, l vips.Loader, most Limits) (*Canvas, error) {
	img, err := vips.Open(data, l, 1)
	if err != nil {
		return nil, damaged(err)
	}
	c := &Canvas{img: img, turn: orientation(img.Orientation()), most: int(most.MaxPixels)}
	c.size = c.turn.of(imageSize(img))
	if err := most.check(img); err != nil {
		img.Close()
		return nil, err
	}
	if shrink := plan.reduction(c.size); l.Shrinks(shrink) {
		img.Close()
		if c.img, err = vips.Open(data, l, shrink); err != nil {
			return nil, damaged(err)
		}
		// What follows computes from the size that was decoded, as sharp does.
		c.size = c.turn.of(imageSize(c.img))
	}
	r.decodes.Add(1)
	if err := c.img.SRGB(); err != nil {
		c.img.Close()
		return nil, damaged(err)
	}
	return c, nil
}

// check holds an original to the limits by its header, before any pixel of it is
// decoded.
func (l Limits) check(img *vips.Image) error {
	w, h := img.Size()
	frames := img.Frames()
	if frames > l.MaxFrames {
		return fault.Errorf(fault.Unprocessable, "the original has %d frames; at most %d are allowed", frames, l.MaxFrames)
	}
	if max(w, h) > l.MaxSide || int64(w)*int64(h)*int64(frames) > int64(l.MaxPixels) {
		return fault.Errorf(fault.Unprocessable, "the original has %d frames of %dx%d pixels; at most %d a side and %d in all are allowed",
			frames, w, h, l.MaxSide, l.MaxPixels)
	}
	return nil
}

func loaderFor(f media.Format) (vips.Loader, error) {
	l, ok := map[media.Format]vips.Loader{
		media.JPEG: vips.LoadJPEG, media.PNG: vips.LoadPNG, media.WebP: vips.LoadWebP,
		media.AVIF: vips.LoadHEIF, media.HEIF: vips.LoadHEIF, media.GIF: vips.LoadGIF, media.TIFF: vips.LoadTIFF,
	}[f]
	if !ok {
		return l, fault.Errorf(fault.Unsupported, "%v originals cannot be transformed here; those that can are %s",
			f, list(media.Formats(media.Format.CanDecode)))
	}
	return l, nil
}
