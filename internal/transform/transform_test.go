package transform_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips/vipstest"
)

func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// limits are those of the tests.
func limits() transform.Limits {
	return transform.Limits{MaxPixels: 4_000_000, MaxSide: 4000, MaxFrames: 10}
}

// calls reads operations as URLs write them.
func calls(text string) op.Pipeline {
	p, err := op.Parse(text)
	if err != nil {
		panic(err) // a mistake in the test
	}
	return p
}

func newCompiler() *transform.Compiler {
	return transform.NewCompiler(transform.Catalog(), transform.Encodable())
}

// render carries out operations on an encoded picture.
func render(t testing.TB, text string, original []byte) (media.Image, error) {
	t.Helper()
	plan, err := newCompiler().Compile(calls(text), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, ok := media.Sniff(original)
	if !ok {
		t.Fatal("the original is no image")
	}
	r := transform.NewRenderer(transform.Config{Workers: 2, Queue: 10})
	return r.Render(t.Context(), transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format}, Limits: limits(),
		Files: map[string]media.Image{
			"card.png": {Data: imgtest.PNG(t, imgtest.Card(240, 160, false)), Format: media.PNG},
			"second":   {Data: imgtest.PNG(t, imgtest.Card(150, 100, true)), Format: media.PNG},
		},
	})
}

func mustRender(t testing.TB, text string, original []byte) media.Image {
	t.Helper()
	img, err := render(t, text, original)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return img
}

// TestGolden renders each chain and compares the picture with the one in
// testdata/golden. After a deliberate change run
//
//	make golden
//
// and look at every picture git says has changed.
func TestGolden(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(240, 160, false))
	clear := imgtest.PNG(t, imgtest.Card(240, 160, true))
	tests := []struct {
		golden, chain string
		original      []byte
	}{
		{"crop/inside", "t.crop(x:20,y:16,w:80,h:60)", card},
		{"crop/cut-to-picture", "t.crop(x:160,y:100,w:500,h:500)", card},
		{"crop/to-the-edges", "t.crop(x:120,y:60)", card},
		{"extract/default", "t.extract()", card},
		{"extract/bbox", "t.extract(bbox:10_20_100_120)", card},
		{"resize/cover", "t.resize(w:80,h:80)", card},
		{"resize/cover-left", "t.resize(w:40,h:80,p:left)", card},
		{"resize/cover-right-bottom", "t.resize(w:90,h:30,p:right_bottom)", card},
		{"resize/contain", "t.resize(w:80,h:80,f:contain,b:ff8800)", card},
		{"resize/contain-top", "t.resize(w:80,h:100,f:contain,p:top,b:ff880080)", card},
		{"resize/fill", "t.resize(w:60,h:100,f:fill)", card},
		{"resize/inside", "t.resize(w:80,h:80,f:inside)", card},
		{"resize/outside", "t.resize(w:80,h:80,f:outside)", card},
		{"resize/width-only", "t.resize(w:77)", card},
		{"resize/enlarged-nearest", "t.resize(h:320,k:nearest)~t.extract(t:0,l:0,w:200,h:120)", card},
		{"resize/dpr", "t.resize(w:50,dpr:2.5)", card},
		{"resize/alpha", "t.resize(w:120)", clear},
		{"rotate/90", "t.rotate(a:90)", card},
		{"rotate/minus-90", "t.rotate(a:-90)", card},
		{"rotate/30", "t.rotate(a:30,b:ffffff)", card},
		{"rotate/30-clear", "t.rotate(a:30,b:00000000)", card},
		{"flip/flip", "t.flip()", card},
		{"flop/flop", "t.flop()", card},
		{"extend/default", "t.extend()", card},
		{"extend/constant", "t.extend(t:20,l:40,b:0,r:5,bc:ff8800)", card},
		{"extend/replicate", "t.extend(t:30,l:30,b:30,r:30,bt:replicate)", card},
		{"extend/reflect", "t.extend(t:50,l:50,b:50,r:50,bt:reflect)", card},
		{"extend/wrap", "t.extend(t:50,l:50,b:50,r:50,bt:wrap)", card},
		{"trim/border", "t.extend(t:20,l:40,b:10,r:5,bc:102030)~t.trim()", card},
		{"trim/clear", "t.extend(t:20,l:40,b:10,r:5,bc:00000000)~t.trim()", clear},
		{"flatten/orange", "t.flatten(b:ff8800)", clear},
		{"negate/card", "t.negate()", card},
		{"normalise/card", "t.linear(a:0.3,b:60)~t.normalise()", card},
		{"linear/levels", "t.linear(a:0.5,b:100)", card},
		{"modulate/default", "t.modulate()", card},
		{"modulate/all", "t.modulate(b:1.4,s:0.4,h:-60)", card},
		{"grey/card", "t.grey()", card},
		{"tint/orange", "t.tint(c:ff8800)", card},
		{"gamma/bright", "t.gamma(g:2.2)", card},
		{"gamma/dark", "t.gamma(g:0.5)", card},
		{"sharpen/soft", "t.blur(s:2)~t.sharpen(s:4)", card},
		{"median/nine", "t.median(s:9)", card},
		{"blur/four", "t.blur(s:4)", card},
		{"blur/alpha", "t.blur(s:6)", clear},
		{"pixelate/twelve", "t.pixelate(s:12)", card},
		{"round/corners", "t.round(r:30)", card},
		{"circle/ellipse", "t.circle()", card},
		{"text/bottom", "t.text(t:SGVsbG8sIDxiPndvcmxkPC9iPiAmIMOcbsOv,s:28)", card},
		{"text/left-top", "t.text(t:TGVmdA,s:40,f:serif-bold,c:ffee00,p:left_top,o:0.6)", card},
		{"watermark/default", "t.watermark(t:U0FNUExF)", card},
		{"merge/overlay", "t.merge(i:c2Vjb25k,w:90,g:southeast)", card},
		{"merge/multiply", "t.merge(i:c2Vjb25k,h:100,g:custom,l:-20,t:30,b:multiply)", card},
		{"merge/tile", "t.merge(i:c2Vjb25k,w:50,r:true)", card},
		{"merge/tr", "t.merge(i:c2Vjb25k,w:120,tr:dC5mbG9wKCl-dC5ncmV5KCk)", card},
		{"merge/underlay", "t.merge(m:underlay,i:c2Vjb25k,w:240,h:160)", clear},
		{"merge/wrap-boxes", "t.merge(m:wrap,i:c2Vjb25k,bboxes:[[10_10_40_60]_[80_120_60_90]])", card},
		{"merge/wrap-polygon", "t.merge(m:wrap,i:c2Vjb25k,polys:[[[20_20]_[220_40]_[180_150]_[40_120]]])", card},
		{"merge/background", "t.merge(i:c2Vjb25k,w:90,b:dest-out,bg:00ff00)", card},
		{"rotate/part-of-a-degree", "t.rotate(a:7.5,b:00000000)", card},
		{"merge/centered-across", "t.merge(i:c2Vjb25k,w:90,g:custom,cx:true,l:7,t:10)", card},
		{"oilpaint/two", "t.oilpaint(r:1.5)", card},
		{"oilpaint/alpha", "t.oilpaint(r:5)", clear},
		{"scale/larger", "t.scale(p:150)", card},
		{"resample/other-ways", "t.resample(x:36,y:108)", card},
		{"chop/middle", "t.chop(x:60,y:40,w:80,h:60)", card},
		{"chop/columns", "t.chop(x:200,w:80)", card},
		{"extent/window", "t.extent(w:100,h:80,x:-60,y:-30)", card},
		{"extent/clear", "t.extent(w:300,h:200,x:20,y:-30,c:00000000)", card},
		{"blurRegions/alpha", "t.blurRegions(bboxes:[[40_30_80_120]],s:8)", clear},
		{"drawLines/edges", "t.drawLines(l:[[0_0_239_0]_[239_0_500_300]_[20_80_20_80]],c:ff0000,w:8,o:0.5)", card},
		{"drawRectangles/outside", "t.drawRectangles(bboxes:[[100_180_200_200]_[0_0_20_20]],c:0000ff80,f:ffff00,w:10)", card},
		{"caption/top", "t.caption(t:T25lIGRvZXMgbm90IHNpbXBseSB3cml0ZSDDhMOWw5wgJiA8Yj4,p:top,oc:000000)", card},
		{"caption/thick", "t.caption(t:VGhpY2sKbGluZXM,p:center,f:serif-bold,s:40,c:ffee00,oc:102030,w:6,o:1)", card},
		{"caption/baseline", "t.drawLines(l:[[0_60_240_60]_[20_0_20_160]],c:ff0000,w:1)~t.caption(t:eGc,p:custom,x:20,y:60,s:32,f:sans)~t.caption(t:w4VIZwoybmQ,p:custom,x:130,y:60,s:32,f:mono-bold)", card},
		{"chain/five", "t.crop(x:20,y:10,w:200,h:140)~t.resize(w:120,h:120)~t.rotate(a:90)~t.flip()~t.extract(t:10,l:10,w:100,h:80)", card},
	}
	for _, tt := range tests {
		t.Run(tt.golden, func(t *testing.T) {
			imgtest.Golden(t, tt.golden, mustRender(t, tt.chain, tt.original).Data)
		})
	}
}

// TestExamples renders the example of each operation. The manual shows the golden
// pictures.
func TestExamples(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(240, 160, false))
	for _, s := range transform.Catalog() {
		if !s.Shows() {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			made := mustRender(t, s.Example, card)
			imgtest.Golden(t, "example/"+s.Name, mustRender(t, "t.toFormat(f:png)", made.Data).Data)
		})
	}
}

// TestExact holds operations that move pixels and do not mix them to the
// standard library's idea of the same.
func TestExact(t *testing.T) {
	card := imgtest.Card(97, 61, true)
	original := imgtest.PNG(t, card)
	tests := []struct {
		chain string
		want  image.Image
	}{
		{"t.crop(x:7,y:5,w:31,h:23)", card.SubImage(image.Rect(7, 5, 38, 28))},
		{"t.extract(t:5,l:7,w:31,h:23)", card.SubImage(image.Rect(7, 5, 38, 28))},
		{"t.flip()~t.flip()", card},
		{"t.flop()~t.rotate(a:180)~t.flip()", card},
		{"t.rotate(a:90)~t.rotate(a:270)", card},
		{"t.rotate(a:450)~t.rotate(a:-90)", card},
		{"t.resize(w:97)", card},
		{"t.toFormat(f:png)", card},
	}
	for _, tt := range tests {
		t.Run(tt.chain, func(t *testing.T) {
			got := imgtest.Decode(t, mustRender(t, tt.chain, original).Data)
			if got.Bounds().Size() != tt.want.Bounds().Size() {
				t.Fatalf("size %v, want %v", got.Bounds().Size(), tt.want.Bounds().Size())
			}
			if d := imgtest.Distance(got, tt.want); d != 0 {
				t.Errorf("differs by %v of 255, want no difference", d)
			}
		})
	}
}

// TestOrientation takes the same card, turned every way a camera can be held.
func TestOrientation(t *testing.T) {
	card := imgtest.Card(120, 80, false)
	turned := map[int]string{ // what undoes the orientation's own turn
		2: "t.flop()", 3: "t.rotate(a:180)", 4: "t.flip()",
		5: "t.flop()~t.rotate(a:270)", 6: "t.rotate(a:270)", 7: "t.flop()~t.rotate(a:90)", 8: "t.rotate(a:90)",
	}
	for o := range 9 {
		t.Run(strconv.Itoa(o), func(t *testing.T) {
			stored := card
			var img image.Image = stored
			if chain, ok := turned[o]; ok {
				img = imgtest.Decode(t, mustRender(t, chain, imgtest.PNG(t, card)).Data)
			}
			original := imgtest.JPEG(t, img, o)
			for _, chain := range []string{
				"t.toFormat(f:png)",
				"t.crop(x:10,y:8,w:60,h:40)~t.toFormat(f:png)",
				"t.resize(w:60)~t.toFormat(f:png)",
				"t.resize(w:60,h:20,p:bottom)~t.toFormat(f:png)",
				"t.resize(w:31,h:31,p:left)~t.toFormat(f:png)",
				"t.resize(w:30,h:60,f:inside)~t.toFormat(f:png)",
			} {
				got := imgtest.Decode(t, mustRender(t, chain, original).Data)
				want := imgtest.Decode(t, mustRender(t, chain, imgtest.PNG(t, card)).Data)
				if got.Bounds().Size() != want.Bounds().Size() {
					t.Fatalf("%s: size %v, want %v", chain, got.Bounds().Size(), want.Bounds().Size())
				}
				if d := imgtest.Distance(got, want); d > 3 {
					t.Errorf("%s: differs by %.2f of 255 from the upright card", chain, d)
				}
			}
		})
	}
}

// TestFormats encodes in every format that this libvips can make. All of them can
// make these.
func TestFormats(t *testing.T) {
	for _, f := range []media.Format{media.JPEG, media.PNG, media.WebP, media.AVIF, media.GIF, media.TIFF, media.BMP, media.JXL} {
		if !slices.Contains(transform.Encodable(), f) {
			t.Errorf("%v cannot be made", f)
		}
	}
	for _, alpha := range []bool{false, true} {
		original := imgtest.PNG(t, imgtest.Card(64, 48, alpha))
		for _, format := range transform.Encodable() {
			if !format.CanDecode() {
				continue
			}
			t.Run(fmt.Sprintf("%v/%v", format, alpha), func(t *testing.T) {
				img := mustRender(t, "t.resize(w:32)~t.toFormat(f:"+format.String()+",q:90)", original)
				if got, ok := media.Sniff(img.Data); !ok || got != format || img.Format != format {
					t.Fatalf("made %v, sniffed as %v; want %v", img.Format, got, format)
				}
				back := mustRender(t, "t.toFormat(f:png)", img.Data)
				got := imgtest.Decode(t, back.Data)
				want := imgtest.Card(32, 24, alpha && format.HasAlpha() && format != media.GIF)
				if got.Bounds() != want.Bounds() {
					t.Fatalf("size %v, want %v", got.Bounds(), want.Bounds())
				}
				if d := imgtest.Distance(got, want); d > 25 {
					t.Errorf("differs by %.2f of 255", d)
				}
			})
		}
	}
}

// TestOnePass counts decodes and encodes of a chain of five.
func TestOnePass(t *testing.T) {
	plan, err := newCompiler().Compile(calls(
		"t.crop(x:10,y:10,w:100,h:100)~t.resize(w:50)~t.rotate(a:45)~t.flip()~t.flop()"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	r := transform.NewRenderer(transform.Config{Workers: 1})
	original := media.Image{Data: imgtest.PNG(t, imgtest.Card(200, 150, false)), Format: media.PNG}
	if _, err := r.Render(t.Context(), transform.Job{Plan: plan, Original: original, Limits: limits()}); err != nil {
		t.Fatal(err)
	}
	if s := r.Stats(); s.Decodes != 1 || s.Encodes != 1 {
		t.Errorf("%d decodes and %d encodes, want one of each", s.Decodes, s.Encodes)
	}
}

func TestRenderErrors(t *testing.T) {
	card := imgtest.PNG(t, imgtest.Card(64, 48, false))
	photo := imgtest.JPEG(t, imgtest.Card(640, 480, false), 0)
	tests := []struct {
		name, chain string
		original    []byte
		kind        fault.Kind
		message     string
	}{
		{"crop outside", "t.crop(x:64,y:0,w:5,h:5)", card, fault.Invalid, "t.crop: the rectangle at x:64, y:0 is outside the picture of 64x48 pixels"},
		{"extract across the edge", "t.extract(t:40,l:0,w:10,h:10)", card, fault.Invalid, "t.extract: 10x10 pixels at l:0, t:40 are not inside the picture of 64x48 pixels"},
		{"a step too large", "t.resize(w:9000,h:9000,f:fill)~t.resize(w:5)", card, fault.Invalid, "a step makes 9000x9000 pixels; at most 10000 a side and 4000000 in all are allowed"},
		{"cut off", "t.resize(w:100)", photo[:len(photo)/2], fault.Unprocessable, "the picture ends too early"},
		{"damaged", "t.resize(w:100)", withoutHalf(photo, media.JPEG, photo[len(photo)-2:]), fault.Unprocessable, "the picture is damaged or of a kind that cannot be read"},
		{"nothing but a header", "t.flip()", photo[:20], fault.Unprocessable, "the picture is damaged: it ends too early"},
		{"too many pixels", "t.flip()", imgtest.PNG(t, image.NewGray(image.Rect(0, 0, 3000, 3000))), fault.Unprocessable, "the original has 3000x3000 pixels; at most 4000 a side and 4000000 in all are allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := render(t, tt.chain, tt.original)
			if fault.Of(err) != tt.kind || fault.Message(err) != tt.message {
				t.Errorf("%v: %s\nwant %v: %s", fault.Of(err), fault.Message(err), tt.kind, tt.message)
			}
		})
	}
}

// TestOriginal is delivered as it is, whatever it is.
func TestOriginal(t *testing.T) {
	r := transform.NewRenderer(transform.Config{Workers: 1})
	in := media.Image{Data: []byte("<svg/>"), Format: media.SVG}
	out, err := r.Render(t.Context(), transform.Job{Original: in, Limits: limits()})
	if err != nil || string(out.Data) != "<svg/>" || out.Format != media.SVG {
		t.Errorf("Render = %q, %v", out.Data, err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	r := transform.NewRenderer(transform.Config{Workers: 1, Queue: 0})
	const frames = 100
	most := transform.Limits{MaxPixels: 50_000_000, MaxSide: 4000, MaxFrames: frames}
	original := media.Image{Data: moving(t, frames), Format: media.GIF}
	render := func(ctx context.Context, chain string) error {
		plan, err := newCompiler().Compile(calls(chain), transform.Hints{})
		if err != nil {
			return err
		}
		_, err = r.Render(ctx, transform.Job{Plan: plan, Original: original, Limits: most})
		return err
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- render(ctx, "t.resize(w:600,h:400)~t.median(s:10)~t.normalise()~t.median(s:10)") }() // takes minutes
	for r.Stats().Rendering == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := render(t.Context(), "t.resize(w:6)"); fault.Of(err) != fault.Overloaded {
		t.Errorf("got %v, want Overloaded", err)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of who left", err)
	}
	if err := render(t.Context(), "t.resize(w:6)"); err != nil {
		t.Errorf("got %v when there is room again", err)
	}
}

// TestCatalog holds every operation to the house rules.
func TestCatalog(t *testing.T) {
	compiler := newCompiler()
	for _, s := range transform.Catalog() {
		t.Run(s.Name, func(t *testing.T) {
			if !strings.HasSuffix(s.Doc, ".") {
				t.Errorf("doc %q is not a sentence", s.Doc)
			}
			if _, err := compiler.Compile(calls(s.Example), transform.Hints{}); err != nil {
				t.Errorf("the example %s does not compile: %v", s.Example, err)
			}
			seen := make(map[string]bool)
			for _, p := range s.Params() {
				if seen[p.Name] {
					t.Errorf("parameter %s is declared twice", p.Name)
				}
				seen[p.Name] = true
				if !strings.HasSuffix(p.Doc, ".") {
					t.Errorf("parameter %s: doc %q is not a sentence", p.Name, p.Doc)
				}
			}
		})
	}
}

// TestDeadline ends a render in the middle of its pixels.
func TestDeadline(t *testing.T) {
	r := transform.NewRenderer(transform.Config{Workers: 1})
	plan, err := newCompiler().Compile(calls("t.resize(w:9000,h:5000,f:fill)"), transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	original := media.Image{Data: imgtest.PNG(t, imgtest.Card(400, 300, false)), Format: media.PNG}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = r.Render(ctx, transform.Job{Plan: plan, Original: original, Limits: transform.Limits{MaxPixels: 50_000_000, MaxSide: 4000, MaxFrames: 1}})
	t.Logf("ended after %v", time.Since(began))
	if fault.Of(err) != fault.Timeout || r.Stats().Encodes != 0 {
		t.Errorf("Render = %v with %d pictures encoded, want Timeout and none", err, r.Stats().Encodes)
	}
}
