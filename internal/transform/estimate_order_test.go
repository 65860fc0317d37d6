package transform_test

import (
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// TestEstimateOrder holds what the time is for: to tell short work from long.
func TestEstimateOrder(t *testing.T) {
	need := func(chain string, s transform.Shape) transform.Need {
		t.Helper()
		plan, err := newCompiler().Compile(calls(chain), transform.Hints{})
		if err != nil {
			t.Fatal(err)
		}
		return plan.Estimate(s, map[string]transform.Shape{"card.png": {Format: media.PNG, Width: 100, Height: 100}})
	}
	small := transform.Shape{Format: media.JPEG, Width: 400, Height: 300}
	large := transform.Shape{Format: media.JPEG, Width: 4000, Height: 3000}
	progressive, moving := large, transform.Shape{Format: media.GIF, Width: 400, Height: 300, Frames: 100}
	progressive.Progressive = true
	still := moving
	still.Frames = 1
	for _, tt := range []struct {
		name           string
		less, more     string
		lessOf, moreOf transform.Shape
		timeToo        bool
	}{
		{"a larger original", "t.blur(s:2)", "t.blur(s:2)", small, large, true},
		{"a larger result", "t.resize(w:100)", "t.resize(w:3000)", large, large, true},
		{"a slower encoder", "t.toFormat(f:jpeg)", "t.toFormat(f:webp)", large, large, true},
		{"a progressive original", "t.resize(w:500)", "t.resize(w:500)", large, progressive, false},
		{"frames", "t.flop()", "t.flop()", still, moving, true},
		{"frames that nobody wants", "t.toFormat(f:jpeg)", "t.toFormat(f:webp)", moving, moving, true},
		{"pixels in another order", "t.flop()", "t.flip()", large, large, false},
		{"alpha", "t.toFormat(f:webp)", "t.circle()~t.toFormat(f:webp)", large, large, true},
		{"a second picture", "t.flop()", "t.merge(i:Y2FyZC5wbmc)", large, large, true},
		{"a second picture of unknown size", "t.merge(i:Y2FyZC5wbmc)", "t.merge(i:b3RoZXIucG5n)", large, large, true},
		{"a finer JPEG", "t.toFormat(f:jpeg,q:80)", "t.toFormat(f:jpeg,q:100)", large, large, false},
		{"a finer TIFF", "t.toFormat(f:tiff,q:80)", "t.toFormat(f:tiff,q:100)", large, large, false},
		{"a JPEG that finds tables", "t.toFormat(f:jpeg)", "t.toFormat(f:jpeg,lossless:true)", large, large, false},
		{"16 bits", "t.flip()", "t.flip()", transform.Shape{Format: media.PNG, Width: 4000, Height: 3000}, transform.Shape{Format: media.PNG, Width: 4000, Height: 3000, Depth: 16}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			less, more := need(tt.less, tt.lessOf), need(tt.more, tt.moreOf)
			if less.Bytes >= more.Bytes || tt.timeToo && less.Time >= more.Time {
				t.Errorf("%+v, and then %+v", less, more)
			}
		})
	}
}

// TestAffords holds ordinary pictures of 50 million pixels, and others, to the
// default of max_decode_memory.
func TestAffords(t *testing.T) {
	most := transform.Limits{MaxMemory: 192 << 20, MaxPixels: 50_000_000}
	plan, err := newCompiler().Compile(calls("t.resize(w:800)~t.toFormat(f:webp)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	photo := transform.Shape{Format: media.JPEG, Width: 8660, Height: 5773, Bands: 3, Samples: 1.5}
	with := func(change func(*transform.Shape)) transform.Shape {
		s := photo
		change(&s)
		return s
	}
	for _, tt := range []struct {
		name  string
		shape transform.Shape
		ok    bool
	}{
		{"a JPEG", photo, true},
		{"a progressive JPEG", with(func(s *transform.Shape) { s.Progressive = true }), true},
		{"a progressive JPEG with all its colors", with(func(s *transform.Shape) { s.Progressive, s.Samples = true, 3 }), false},
		{"a progressive JPEG of inks", with(func(s *transform.Shape) { s.Progressive, s.Samples, s.Bands = true, 4, 4 }), false},
		{"a PNG", with(func(s *transform.Shape) { s.Format, s.Bands, s.Alpha, s.Samples = media.PNG, 4, true, 4 }), true},
		{"an interlaced PNG", with(func(s *transform.Shape) { s.Format, s.Progressive, s.Samples = media.PNG, true, 3 }), true},
		{"an interlaced PNG of 16 bits", with(func(s *transform.Shape) { s.Format, s.Progressive, s.Depth = media.PNG, true, 16 }), false},
		{"a WebP", with(func(s *transform.Shape) { s.Format = media.WebP }), true},
		{"a WebP canvas", with(func(s *transform.Shape) { s.Format, s.Canvas = media.WebP, true }), false},
		{"a GIF of 49 frames", transform.Shape{Format: media.GIF, Width: 1000, Height: 1000, Frames: 49, Bands: 4, Alpha: true}, false},
		{"a JPEG of one column, to be far too high", transform.Shape{Format: media.JPEG, Width: 1, Height: 30000, Bands: 3}, false},
		{"a HEIC of 24 million pixels", transform.Shape{Format: media.HEIF, Width: 5712, Height: 4284, Bands: 3}, true},
	} {
		need := plan.Estimate(tt.shape, nil)
		if err := most.Affords(need); (err == nil) != tt.ok {
			t.Errorf("%s takes %d MiB: %v", tt.name, need.Decode>>20, err)
		}
		if need.Decode > need.Bytes {
			t.Errorf("%s: %+v", tt.name, need)
		}
	}
}

// TestAffordsAll holds whole renders to the default of max_render_memory, and results to
// what their format holds. photo is of 12 million pixels, as a camera held upright stores it.
func TestAffordsAll(t *testing.T) {
	most := transform.Limits{MaxMemory: 192 << 20, MaxRender: 280 << 20, MaxPixels: 50_000_000}
	photo := transform.Shape{Format: media.JPEG, Width: 4032, Height: 3024, Bands: 3, Samples: 1.5, Subsampled: true, Orientation: 6}
	upright := photo
	upright.Orientation = 1
	drawn := transform.Shape{Format: media.PNG, Width: 4000, Height: 3000, Bands: 3, Samples: 3}
	long := transform.Shape{Format: media.PNG, Width: 30000, Height: 1666, Bands: 4, Samples: 4, Alpha: true, Depth: 16}
	thin := transform.Shape{Format: media.JPEG, Width: 300, Height: 20000, Bands: 3, Samples: 1.5, Subsampled: true}
	most49, most24 := "t.resize(w:7000,h:7000,f:fill)", "t.resize(w:6000,h:4000,f:fill)"
	for _, tt := range []struct {
		name, chain string
		of          transform.Shape
		want        string // "": it is afforded
		kind        fault.Kind
	}{
		{"a photograph as AVIF", "t.toFormat(f:avif)", photo, "", 0},
		{"upright, with its author", "t.metadata()~t.toFormat(f:avif)", upright, "", 0},
		{"49 million pixels as JPEG", most49 + "~t.toFormat(f:jpeg)", upright, "", 0},
		{"49 million as WebP", most49 + "~t.toFormat(f:webp)", upright, "", 0},
		{"49 million as PNG", most49 + "~t.toFormat(f:png)", upright, "", 0},
		{"49 million as TIFF", most49 + "~t.toFormat(f:tiff)", upright, "", 0},
		{"24 million, turned", most24 + "~t.rotate(a:90)", photo, "", 0},
		{"all colors as AVIF", "t.toFormat(f:avif)", drawn, "a result of 4000x3000 pixels takes some 349 MiB of memory to be made and encoded as avif; at most 280 MiB are allowed", fault.Unprocessable},
		{"49 million as AVIF", most49 + "~t.toFormat(f:avif)", upright, "a result of 7000x7000 pixels takes some 936 MiB of memory to be made and encoded as avif; at most 280 MiB are allowed", fault.Unprocessable},
		{"49 million as JXL", most49 + "~t.toFormat(f:jxl)", upright, "a result of 7000x7000 pixels takes some 1992 MiB of memory to be made and encoded as jxl; at most 280 MiB are allowed", fault.Unprocessable},
		{"49 million as BMP", most49 + "~t.toFormat(f:bmp)", upright, "a result of 7000x7000 pixels takes some 669 MiB of memory to be made and encoded as bmp; at most 280 MiB are allowed", fault.Unprocessable},
		{"16 bits, turned", "t.rotate(a:90)", long, "t.rotate takes some 521 MiB of memory with a picture of 30000x1666 pixels; at most 280 MiB are allowed", fault.Unprocessable},
		{"too high for AVIF", "t.flop()~t.toFormat(f:avif)", thin, "avif holds at most 16384 pixels a side; the result has 20000", fault.Invalid},
		{"too high for WebP, once it is turned", "t.rotate(a:90)~t.toFormat(f:webp)", thin, "webp holds at most 16383 pixels a side; the result has 20000", fault.Invalid},
		{"not too high once it is cut", "t.crop(h:300)~t.toFormat(f:avif)", thin, "", 0},
		{"not known before it is trimmed", "t.trim()~t.toFormat(f:avif)", thin, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := newCompiler().Compile(calls(tt.chain), transform.Hints{})
			if err != nil {
				t.Skip(err) // this libvips has no such encoder
			}
			err = most.Affords(plan.Estimate(tt.of, nil))
			if got := fault.Message(err); err != nil && (got != tt.want || fault.Of(err) != tt.kind) || (err == nil) != (tt.want == "") {
				t.Errorf("%v, %v: want %q", fault.Of(err), err, tt.want)
			}
		})
	}
}

func TestEstimateOfNothing(t *testing.T) {
	huge := transform.Shape{Format: media.AVIF, Width: 1 << 31, Height: 1 << 31, Depth: 16}
	if got := (transform.Plan{}).Estimate(huge, nil); got != (transform.Need{}) {
		t.Errorf("the original's bytes: %+v", got)
	}
	plan, err := newCompiler().Compile(calls("t.flip()~t.toFormat(f:png)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []transform.Shape{{}, huge, {Format: media.GIF, Frames: 1 << 31, Width: 1 << 31, Height: 1 << 31}} {
		if got := plan.Estimate(s, nil); got.Bytes <= 0 || got.Time <= 0 {
			t.Errorf("%+v: %+v", s, got)
		}
		if got := transform.EstimateInspect(s); got.Bytes <= 0 || got.Time <= 0 {
			t.Errorf("%+v: %+v", s, got)
		}
	}
}
