package transform_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"slices"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// moving is a GIF of n frames, each of one color but for a white corner; see
// shade. The first three stand for 100, 200 and 300 ms, and it plays with
// LoopCount 2.
func moving(tb testing.TB, n int) []byte {
	tb.Helper()
	roll := gif.GIF{LoopCount: 2}
	for i := range n {
		frame := image.NewPaletted(image.Rect(0, 0, 60, 40), color.Palette{shade(i), color.White})
		for y := range 10 {
			for x := range 10 {
				frame.SetColorIndex(x, y, 1)
			}
		}
		roll.Image = append(roll.Image, frame)
		roll.Delay = append(roll.Delay, 10*(i+1))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &roll); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// shade is the color of a frame.
func shade(frame int) color.RGBA {
	return []color.RGBA{{200, 40, 40, 255}, {40, 200, 40, 255}, {40, 40, 200, 255}}[frame%3]
}

// TestAnimation keeps frames, delays and loop through operations, by way of WebP
// and back.
func TestAnimation(t *testing.T) {
	original := moving(t, 3)
	tests := []struct {
		chain string
		size  image.Point
		at    image.Point // where each frame shows its own color
		white image.Point // where each frame is white
	}{
		{"t.toFormat(f:gif)", image.Pt(60, 40), image.Pt(40, 20), image.Pt(4, 4)},
		{"t.resize(w:30)", image.Pt(30, 20), image.Pt(20, 10), image.Pt(2, 2)},
		{"t.resize(w:120,h:120,f:cover,p:left)", image.Pt(120, 120), image.Pt(90, 60), image.Pt(10, 10)},
		{"t.crop(x:5,y:5,w:30,h:20)", image.Pt(30, 20), image.Pt(20, 10), image.Pt(2, 2)},
		{"t.flip()", image.Pt(60, 40), image.Pt(40, 20), image.Pt(4, 36)},
		{"t.flop()", image.Pt(60, 40), image.Pt(20, 20), image.Pt(56, 4)},
		{"t.rotate(a:90)", image.Pt(40, 60), image.Pt(20, 40), image.Pt(36, 4)},
		{"t.extend(t:5,l:10,b:0,r:0)", image.Pt(70, 45), image.Pt(50, 25), image.Pt(14, 9)},
		{"t.blur(s:1)", image.Pt(60, 40), image.Pt(40, 20), image.Pt(2, 2)},
		{"t.merge(i:c2Vjb25k,w:10,h:10,g:southeast)", image.Pt(60, 40), image.Pt(40, 20), image.Pt(4, 4)},
		{"t.flip()~t.rotate(a:90)~t.resize(w:20)", image.Pt(20, 30), image.Pt(10, 20), image.Pt(2, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			direct := mustRender(t, tt.chain, original)
			webp := mustRender(t, tt.chain+"~t.toFormat(f:webp,lossless:true)", original)
			if header, err := inspect.Read(webp.Data); err != nil || !header.Animated() {
				t.Errorf("the WebP does not move: %v", err)
			}
			for way, picture := range map[string]media.Image{"gif": direct, "webp and back": mustRender(t, "t.toFormat(f:gif)", webp.Data)} {
				got, err := gif.DecodeAll(bytes.NewReader(picture.Data))
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				if !slices.Equal(got.Delay, []int{10, 20, 30}) || got.LoopCount != 2 {
					t.Errorf("%s: delays %v, loop %d; want [10 20 30], 2", way, got.Delay, got.LoopCount)
				}
				if size := image.Pt(got.Config.Width, got.Config.Height); size != tt.size {
					t.Fatalf("%s: size %v, want %v", way, size, tt.size)
				}
				for i, frame := range shown(got) {
					if c := frame.At(tt.at.X, tt.at.Y); !close(c, shade(i), 20) {
						t.Errorf("%s: frame %d shows %v at %v, want %v", way, i, c, tt.at, shade(i))
					}
					if c := frame.At(tt.white.X, tt.white.Y); !close(c, color.White, 60) {
						t.Errorf("%s: frame %d shows %v at %v, want white", way, i, c, tt.white)
					}
				}
			}
		})
	}
}

// shown are the frames as one sees them, each laid on those before it.
func shown(roll *gif.GIF) []image.Image {
	var frames []image.Image
	screen := image.NewRGBA(image.Rect(0, 0, roll.Config.Width, roll.Config.Height))
	for i, frame := range roll.Image {
		if i > 0 && roll.Disposal[i-1] == gif.DisposalBackground {
			clear(screen.Pix)
		}
		draw.Draw(screen, frame.Bounds(), frame, frame.Bounds().Min, draw.Over)
		seen := image.NewRGBA(screen.Bounds())
		copy(seen.Pix, screen.Pix)
		frames = append(frames, seen)
	}
	return frames
}

// TestStill shows the first frame where a format has but one.
func TestStill(t *testing.T) {
	for _, format := range []string{"jpeg", "png"} {
		got := imgtest.Decode(t, mustRender(t, "t.flip()~t.toFormat(f:"+format+")", moving(t, 3)).Data)
		if size := got.Bounds().Size(); size != image.Pt(60, 40) {
			t.Errorf("%s: size %v, want (60,40)", format, size)
		}
		if c := got.At(40, 20); !close(c, shade(0), 6) {
			t.Errorf("%s: shows %v, want the first frame, %v", format, c, shade(0))
		}
	}
}

// TestFrameLimits refuses by the header, and at a step that makes too much of all
// frames together.
func TestFrameLimits(t *testing.T) {
	if _, err := render(t, "t.flip()", moving(t, limits().MaxFrames)); err != nil {
		t.Errorf("as many frames as are allowed: %v", err)
	}
	tests := []struct {
		chain   string
		frames  int
		kind    fault.Kind
		message string
	}{
		{"t.flip()", 11, fault.Unprocessable, "the original has 11 frames; at most 10 are allowed"},
		{"t.flip()~t.toFormat(f:png)", 11, fault.Unprocessable, "the original has 11 frames; at most 10 are allowed"},
		{"t.resize(w:1500,h:1000)", 3, fault.Invalid, "a step makes 3 frames of 1500x1000 pixels; at most 10000 a side and 4000000 in all are allowed"},
	}
	for _, tt := range tests {
		_, err := render(t, tt.chain, moving(t, tt.frames))
		if fault.Of(err) != tt.kind || fault.Message(err) != tt.message {
			t.Errorf("%s of %d frames: %v: %s\nwant %v: %s", tt.chain, tt.frames, fault.Of(err), fault.Message(err), tt.kind, tt.message)
		}
	}
}

// TestAnimationDeadline gives animations far more work than time. The bound is
// against a render that goes on regardless, which would take minutes; the worker
// must be free again for the next picture.
func TestAnimationDeadline(t *testing.T) {
	const frames, bound = 100, time.Minute
	most := transform.Limits{MaxPixels: 50_000_000, MaxSide: 4000, MaxFrames: frames}
	r := transform.NewRenderer(transform.Config{Workers: 1, Queue: 1})
	original := media.Image{Data: moving(t, frames), Format: media.GIF}
	compiler := newCompiler()
	render := func(ctx context.Context, chain string) error {
		plan, err := compiler.Compile(calls(chain), transform.Hints{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Render(ctx, transform.Job{Plan: plan, Original: original, Limits: most})
		return err
	}
	for _, chain := range []string{
		"t.resize(w:600,h:400)~t.blur(s:50)~t.median(s:10)~t.rotate(a:33)",
		"t.resize(w:600,h:400)~t.median(s:10)~t.normalise()~t.median(s:10)",
		"t.resize(w:600,h:400)~t.median(s:10)~t.trim()~t.sharpen(s:9)~t.toFormat(f:webp,lossless:true)",
		"t.resize(w:600,h:400)~t.median(s:10)~t.grey()~t.toFormat(f:webp)",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		began := time.Now()
		err := render(ctx, chain)
		cancel()
		took := time.Since(began)
		t.Logf("%s: ended after %v", chain, took)
		if fault.Of(err) != fault.Timeout || took > bound {
			t.Errorf("%s: %v after %v, want Timeout within %v", chain, err, took, bound)
		}
		if s := r.Stats(); s.Rendering != 0 || s.Encodes != 0 {
			t.Errorf("%s: %d at work and %d encoded, want none", chain, s.Rendering, s.Encodes)
		}
	}
	if err := render(t.Context(), "t.resize(w:6)"); err != nil {
		t.Errorf("the picture that comes next: %v", err)
	}
}
