package transform

import (
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform/vips"
)

// TestDrafts compares what operations say they would do with what they do.
func TestDrafts(t *testing.T) {
	compiler := NewCompiler(Catalog(), media.Formats(media.Format.CanEncode))
	limits := Limits{MaxPixels: 10_000_000, MaxSide: 10_000, MaxFrames: 10}
	card := imgtest.Card(320, 200, false)
	second := media.Image{Data: imgtest.PNG(t, imgtest.Card(60, 40, false)), Format: media.PNG}
	chains := []string{
		"t.resize(w:100,h:100)", "t.resize(w:100,h:100,f:contain)", "t.resize(w:100,h:100,f:inside)", "t.resize(w:50,h:50,p:attention)",
		"t.resize(w:90)", "t.crop(x:150,y:190)", "t.crop(w:50,h:5000,p:top)", "t.extract(bbox:10_10_20_30)", "t.rotate(a:90)", "t.rotate(a:-17)",
		"t.rotate(a:17,b:00000000)", "t.rotate(a:360)", "t.extend(bt:reflect)", "t.extend(dpr:2)", "t.circle()~t.flatten()", "t.circle()~t.grey()",
		"t.grey()~t.tint(c:ff0000)", "t.merge(i:YQ,r:true)", "t.merge(i:YQ,m:underlay)", "t.circle()~t.negate()~t.blur(s:2)",
	}
	for _, s := range Catalog() {
		chains = append(chains, s.Example)
	}
	for _, chain := range chains {
		for _, orientation := range []int{0, 6} {
			t.Run(chain, func(t *testing.T) {
				pipeline, err := op.Parse(chain)
				if err != nil {
					t.Fatal(err)
				}
				plan, err := compiler.Compile(pipeline, Hints{})
				if err != nil {
					t.Fatal(err)
				}
				for _, step := range plan.steps {
					if _, ok := step.(weigher); !ok {
						t.Errorf("%T does not say what it does", step)
					}
				}
				original := media.Image{Data: imgtest.JPEG(t, card, orientation), Format: media.JPEG}
				c, done, err := NewRenderer(Config{}).open(original, plan, limits, false)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.open = func(_ string, p Plan) (*Canvas, error) {
					return NewRenderer(Config{}).second(t.Context(), Job{Files: map[string]media.Image{"": second}, Limits: limits}, "", p)
				}
				if err := plan.apply(t.Context(), c, done); err != nil {
					t.Fatal(err)
				}
				if err := c.do(func(*vips.Image) error { return nil }); err != nil { // upright
					t.Fatal(err)
				}
				d := newDraft(plan, Shape{Format: media.JPEG, Width: 320, Height: 200, Orientation: orientation}, false)
				d.other = func(_ string, p Plan) *draft {
					return newDraft(p, Shape{Format: media.PNG, Width: 60, Height: 40}, false)
				}
				d.apply(plan)
				if abs(d.size.w-c.size.w) > 1 || abs(d.size.h-c.size.h) > 1 {
					t.Errorf("size %v, and the picture's is %v", d.size, c.size)
				}
				if f := c.frames[0]; d.bands != f.Bands() || d.alpha != f.HasAlpha() {
					t.Errorf("%d bands, alpha %t; the picture has %d, %t", d.bands, d.alpha, f.Bands(), f.HasAlpha())
				}
			})
		}
	}
}

func abs(n int) int { return max(n, -n) }
