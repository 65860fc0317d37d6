//go:build !race

// The race detector takes memory of its own.

package transform_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// errandKey is the variable that makes this binary render one picture and say
// what that took.
const errandKey = "PIXEDGE_TEST_ERRAND"

// An errand is what such a process is told, in JSON.
type errand struct {
	File   string // of the original
	Chain  string
	Output string // the arguments of t.toFormat
}

// A toll is what it answers.
type toll struct {
	Peak int64         // bytes of resident memory over what it held before
	CPU  time.Duration // of all threads
}

// runErrand carries out the errand that this process was started for.
func runErrand(text string) error {
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	t, err := e.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

// run renders and measures. What the codecs hold once they have been used counts
// as held before.
func (e errand) run() (t toll, err error) {
	data, err := os.ReadFile(e.File)
	if err != nil {
		return t, err
	}
	small, err := os.ReadFile(filepath.Join("..", "demo", "photos", "card.png"))
	if err != nil {
		return t, err
	}
	output := "t.toFormat(" + e.Output + ")"
	if err := e.render("t.resize(w:64)~"+output, small); err != nil {
		return t, err
	}
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // what is held now is the peak
		return t, err
	}
	held, cpu := highWater(), spent()
	err = e.render(strings.TrimPrefix(e.Chain+"~"+output, "~"), data)
	return toll{Peak: highWater() - held, CPU: spent() - cpu}, err
}

func (e errand) render(chain string, original []byte) error {
	// Not newCompiler, which tries every encoder.
	all := transform.NewCompiler(transform.Catalog(), media.Formats(media.Format.CanEncode))
	plan, err := all.Compile(calls(chain), transform.Hints{})
	if err != nil {
		return err
	}
	format, _ := media.Sniff(original)
	_, err = transform.NewRenderer(transform.Config{Workers: 1}).Render(context.Background(), transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format},
		Limits: transform.Limits{MaxPixels: 100_000_000, MaxSide: 30_000, MaxFrames: 300},
	})
	return err
}

// highWater is the most memory that this process held, in bytes; 0 if the system
// does not tell.
func highWater() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	word, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, _ := strconv.ParseInt(word, 10, 64)
	return kib << 10
}

func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// weigh runs an errand in a process of its own.
func (e errand) weigh(t *testing.T) (got toll) {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEstimate$")
	cmd.Env = append(os.Environ(), errandKey+"="+string(text))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(out)).Decode(&got)
	}
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	return got
}

// originals makes the pictures that are rendered, in a folder.
type originals struct {
	mu       sync.Mutex
	dir      string
	photo    []byte
	compiler *transform.Compiler
}

// An original is how one of them is made: as large, in the format that the
// arguments of t.toFormat name.
type original struct {
	name   string
	w, h   int
	output string
	also   string // more operations
	shape  transform.Shape
}

func (o *originals) file(t *testing.T, r original) string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	path := filepath.Join(o.dir, r.name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	var data []byte
	switch r.output {
	case "animation":
		data = animation(t, r.w, r.h, r.shape.Frames)
	case "svg":
		data = fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"><rect width="100%%" height="90%%" fill="#35a"/><circle cx="40%%" cy="50%%" r="30%%" fill="#e83"/></svg>`, r.w, r.h)
	case "deep":
		data = deep(t, r.w, r.h)
	default:
		data = o.encode(t, r)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (o *originals) encode(t *testing.T, r original) []byte {
	t.Helper()
	source := o.photo
	chain := fmt.Sprintf("t.resize(w:%d,h:%d,f:fill)%s~t.toFormat(%s)", r.w, r.h, r.also, r.output)
	if frames := r.shape.Frames; frames > 1 {
		source, chain = animation(t, r.w, r.h, frames), "t.toFormat("+r.output+")"
	}
	plan, err := o.compiler.Compile(calls(chain), transform.Hints{})
	if err != nil {
		t.Skip(err) // this libvips has no such encoder
	}
	format, _ := media.Sniff(source)
	got, err := transform.NewRenderer(transform.Config{Workers: 1}).Render(t.Context(), transform.Job{
		Plan: plan, Original: media.Image{Data: source, Format: format},
		Limits: transform.Limits{MaxPixels: 100_000_000, MaxSide: 30_000, MaxFrames: 300},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.Data
}

func animation(t *testing.T, w, h, frames int) []byte {
	t.Helper()
	var g gif.GIF
	for i := range frames {
		img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White, color.RGBA{200, 80, 20, 255}, color.RGBA{20, 80, 200, 255}})
		for y := range h {
			for x := range w {
				img.SetColorIndex(x, y, uint8((x/16+y/16+i)%4))
			}
		}
		g.Image, g.Delay = append(g.Image, img), append(g.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func deep(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA64(x, y, color.NRGBA64{uint16(x * 31), uint16(y * 57), uint16(x + y), 0xffff})
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sources are the originals by the short names that the cases below have.
func sources() map[string]original {
	all := make(map[string]original)
	add := func(name string, w, h int, output, also string, s transform.Shape) {
		s.Width, s.Height = w, h
		s.Subsampled = s.Format == media.JPEG || s.Format == media.WebP
		s.Bands, s.Depth, s.Frames = cmp.Or(s.Bands, 3), cmp.Or(s.Depth, 8), cmp.Or(s.Frames, 1)
		all[name] = original{name, w, h, output, also, s}
	}
	for _, size := range []struct {
		mark string
		w, h int
	}{{"S", 387, 258}, {"M", 1732, 1155}, {"L", 4240, 2832}} {
		w, h := size.w, size.h
		add("jpeg"+size.mark, w, h, "f:jpeg", "", transform.Shape{Format: media.JPEG})
		add("pjpeg"+size.mark, w, h, "f:jpeg,progressive:true", "", transform.Shape{Format: media.JPEG, Progressive: true})
		add("png"+size.mark, w, h, "f:png", "", transform.Shape{Format: media.PNG})
		add("ipng"+size.mark, w, h, "f:png,progressive:true", "", transform.Shape{Format: media.PNG, Progressive: true})
		add("apng"+size.mark, w, h, "f:png", "~t.circle()", transform.Shape{Format: media.PNG, Bands: 4, Alpha: true})
		add("deep"+size.mark, w, h, "deep", "", transform.Shape{Format: media.PNG, Depth: 16})
		add("webp"+size.mark, w, h, "f:webp", "", transform.Shape{Format: media.WebP})
		add("awebp"+size.mark, w, h, "f:webp", "~t.circle()", transform.Shape{Format: media.WebP, Bands: 4, Alpha: true})
		add("avif"+size.mark, w, h, "f:avif", "~t.blur(s:8)", transform.Shape{Format: media.AVIF})
		add("heif"+size.mark, w, h, "f:heif", "~t.blur(s:8)", transform.Shape{Format: media.HEIF})
		add("jxl"+size.mark, w, h, "f:jxl", "~t.blur(s:8)", transform.Shape{Format: media.JXL})
		add("tiff"+size.mark, w, h, "f:tiff", "", transform.Shape{Format: media.TIFF})
		add("bmp"+size.mark, w, h, "f:bmp", "", transform.Shape{Format: media.BMP})
		add("svg"+size.mark, w, h, "svg", "", transform.Shape{Format: media.SVG, Bands: 4, Alpha: true})
		add("gif"+size.mark, w, h, "animation", "", transform.Shape{Format: media.GIF})
	}
	// As large as a PNG may be that is decoded at once.
	add("apngW", 2310, 1810, "f:png", "~t.circle()", transform.Shape{Format: media.PNG, Bands: 4, Alpha: true})
	add("pngW", 2750, 2030, "f:png", "~t.sharpen()", transform.Shape{Format: media.PNG})
	moving := transform.Shape{Frames: 24}
	moving.Format = media.GIF
	add("anim", 480, 360, "animation", "", moving)
	moving.Format = media.WebP
	add("animwebp", 480, 360, "f:webp", "", moving)
	return all
}

// burdens are what is weighed: an original, operations, the format of the result.
func burdens() []string {
	return strings.Split(strings.TrimSpace(`
jpegS | | f:jpeg
jpegS | t.resize(w:100) | f:webp
jpegM | | f:jpeg
jpegM | | f:webp
jpegM | | f:png
jpegM | | f:avif
jpegM | | f:gif
jpegM | | f:tiff
jpegM | | f:bmp
jpegM | | f:jxl
jpegM | t.resize(w:900) | f:heif
jpegM | t.blur(s:0.5) | f:png,palette:true
jpegM | | f:webp,lossless:true
jpegM | | f:jpeg,progressive:true
jpegL | | f:jpeg
jpegL | | f:jpeg,progressive:true
jpegL | | f:webp
jpegL | | f:bmp
jpegL | | f:tiff
jpegL | t.resize(w:200) | f:jpeg
jpegL | t.resize(w:500,h:500) | f:jpeg
jpegL | t.resize(w:2000) | f:jpeg
jpegL | t.resize(w:2000) | f:webp
jpegL | t.resize(w:800) | f:avif
jpegL | t.resize(w:2000) | f:avif
jpegL | t.resize(w:1600) | f:png
jpegL | t.resize(w:1600) | f:gif
jpegL | t.crop(x:100,y:100,w:500,h:500) | f:jpeg
jpegL | t.crop(x:3000,y:2200,w:900,h:500) | f:jpeg
jpegL | t.blur(s:4) | f:jpeg
jpegM | t.blur(s:30) | f:jpeg
jpegM | t.sharpen() | f:jpeg
jpegL | t.rotate(a:90) | f:jpeg
jpegL | t.rotate(a:17) | f:jpeg
jpegL | t.flip() | f:jpeg
jpegM | t.trim() | f:jpeg
jpegL | t.resize(w:1000,h:1000,p:attention) | f:jpeg
apngS | t.resize(w:120,h:150,p:entropy) | f:png
apngM | t.resize(w:200,h:1100,p:entropy) | f:png
deepS | t.resize(w:120,h:150,p:entropy) | f:png
jpegL | t.resize(w:1000)~t.rotate(a:17)~t.blur(s:3) | f:webp
jpegM | t.modulate(b:1.2) | f:jpeg
jpegL | t.grey() | f:jpeg
jpegM | t.circle() | f:webp
jpegM | t.normalise() | f:jpeg
jpegM | t.pixelate(s:10) | f:jpeg
jpegM | t.median(s:3) | f:jpeg
jpegM | t.resize(w:4000) | f:jpeg
jpegM | t.text(t:SGVsbG8sIHdvcmxk) | f:jpeg
jpegM | t.watermark(t:U0FNUExF) | f:jpeg
jpegM | t.oilpaint(r:3) | f:jpeg
jpegM | t.oilpaint(r:10) | f:jpeg
jpegL | t.scale(p:20) | f:jpeg
jpegM | t.resample(x:200) | f:jpeg
jpegM | t.chop(x:300,y:300,w:300,h:300) | f:jpeg
jpegM | t.extent(w:3000,h:2500,x:200,y:-300) | f:jpeg
jpegM | t.blurRegions(bboxes:[[100_100_400_400]_[500_900_400_500]],s:15) | f:jpeg
jpegM | t.drawLines(l:[[0_0_1700_1100]]) | f:jpeg
jpegM | t.drawRectangles(bboxes:[[100_100_400_400]]) | f:jpeg
jpegM | t.caption(t:SGVsbG8sIHdvcmxk,oc:000000,s:300) | f:jpeg
jpegM | | f:ico
pjpegM | t.resize(w:500) | f:jpeg
pjpegL | | f:jpeg
pjpegL | t.resize(w:500) | f:jpeg
pjpegL | t.resize(w:2000) | f:jpeg
pjpegL | t.crop(x:100,y:100,w:500,h:500) | f:jpeg
pngS | t.resize(w:100) | f:png
pngM | t.resize(w:500) | f:png
pngL | t.resize(w:500) | f:jpeg
pngL | t.rotate(a:90) | f:jpeg
pngL | | f:jpeg
ipngM | t.resize(w:500) | f:jpeg
pngW | t.resize(w:500) | f:jpeg
pngW | | f:png
pngW | t.flip() | f:jpeg
pngW | t.crop(x:100,y:100,w:500,h:500) | f:png
pngW | t.crop(x:900,y:1500,w:500,h:500) | f:png
apngW | t.resize(w:400) | f:png
apngW | | f:png
apngM | | f:png
apngM | t.resize(w:400) | f:png
apngM | t.resize(w:1000) | f:webp
deepM | t.resize(w:500) | f:jpeg
deepM | t.rotate(a:90) | f:jpeg
deepM | | f:png
webpS | | f:webp
webpM | t.resize(w:500) | f:webp
webpL | t.resize(w:500) | f:jpeg
webpL | | f:jpeg
awebpM | t.resize(w:900) | f:png
avifS | t.resize(w:100) | f:jpeg
avifM | t.resize(w:500) | f:jpeg
avifL | t.resize(w:500) | f:jpeg
avifL | t.crop(x:100,y:100,w:500,h:500) | f:webp
heifM | t.resize(w:500) | f:jpeg
jxlM | t.resize(w:500) | f:jpeg
tiffM | t.resize(w:500) | f:jpeg
tiffL | t.resize(w:500) | f:jpeg
bmpM | t.resize(w:500) | f:jpeg
bmpL | t.resize(w:500) | f:jpeg
svgM | | f:png
svgM | | f:webp
svgL | t.resize(w:500) | f:png
svgS | t.resize(w:4000) | f:jpeg
gifM | t.resize(w:500) | f:png
gifL | | f:jpeg
anim | | f:gif
anim | | f:webp
anim | t.resize(w:240) | f:webp
anim | t.resize(w:240) | f:gif
anim | t.blur(s:3) | f:webp
anim | t.resize(w:240) | f:jpeg
animwebp | t.resize(w:240) | f:webp
animwebp | | f:gif
jpegM | t.resize(w:3872,h:2581,f:fill) | f:avif
jpegM | t.resize(w:3872,h:2581,f:fill) | f:jxl
jpegM | t.resize(w:3872,h:2581,f:fill) | f:webp
jpegM | t.resize(w:3872,h:2581,f:fill) | f:bmp
jpegM | t.resize(w:3872,h:2581,f:fill) | f:png
jpegM | t.resize(w:6124,h:4082,f:fill) | f:avif
jpegM | t.resize(w:6124,h:4082,f:fill) | f:jxl
jpegM | t.resize(w:6124,h:4082,f:fill) | f:webp
jpegM | t.resize(w:6124,h:4082,f:fill) | f:bmp
jpegM | t.resize(w:6124,h:4082,f:fill) | f:png
jpegM | t.resize(w:3872,h:2581,f:fill) | f:avif,q:95
jpegM | t.resize(w:3872,h:2581,f:fill) | f:gif
jpegM | t.resize(w:3872,h:2581,f:fill) | f:heif
jpegM | t.resize(w:3872,h:2581,f:fill) | f:webp,lossless:true
jpegM | t.resize(w:3872,h:2581,f:fill) | f:png,palette:true
apngM | t.resize(w:3872,h:2581,f:fill) | f:webp
apngM | t.resize(w:3872,h:2581,f:fill) | f:jxl
deepM | t.resize(w:3872,h:2581,f:fill) | f:avif
jpegM | | f:jxl,lossless:true
jpegM | | f:avif,lossless:true
jpegL | | f:avif
jpegL | t.rotate(a:90) | f:avif
jpegL | t.metadata() | f:avif
deepL | t.rotate(a:90) | f:png
`), "\n")
}

// slack is how many bytes the estimate may be off besides: what the allocator
// happens to have left over from the warming up, or does not give back.
const slack = 6 << 20

// TestEstimate weighs renders, each in a process of its own, and compares.
func TestEstimate(t *testing.T) {
	if text, ok := os.LookupEnv(errandKey); ok {
		if err := runErrand(text); err != nil {
			t.Fatal(err)
		}
		return
	}
	if highWater() == 0 {
		t.Skip("the system does not tell how much memory a process held")
	}
	photo, err := os.ReadFile(filepath.Join("..", "demo", "photos", "bird.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	all := sources()
	made := &originals{dir: t.TempDir(), photo: photo, compiler: newCompiler()}
	var mu sync.Mutex
	var ratios []float64
	t.Cleanup(func() {
		slices.Sort(ratios)
		t.Logf("%d renders, estimate over true: least %.2f, median %.2f, most %.2f, those under %d MiB left out",
			len(ratios), ratios[0], ratios[len(ratios)/2], ratios[len(ratios)-1], slack>>20)
	})
	for _, line := range burdens() {
		words := strings.Split(line, "|")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		t.Run(strings.ReplaceAll(line, " ", ""), func(t *testing.T) {
			t.Parallel()
			o, chain, output := all[words[0]], words[1], words[2]
			plan, err := made.compiler.Compile(calls(strings.TrimPrefix(chain+"~t.toFormat("+output+")", "~")), transform.Hints{})
			if err != nil {
				t.Skip(err) // this libvips has no such encoder
			}
			got := errand{made.file(t, o), chain, output}.weigh(t)
			if ratio := compare(t, plan.Estimate(o.shape, nil), got); got.Peak > slack {
				mu.Lock()
				defer mu.Unlock()
				ratios = append(ratios, ratio)
			}
		})
	}
}

// compare holds an estimate to what a render took and returns their ratio.
func compare(t *testing.T, need transform.Need, got toll) (ratio float64) {
	t.Helper()
	const mib = 1 << 20
	ratio = float64(need.Bytes) / float64(got.Peak)
	t.Logf("%.2f: estimate %5.1f MiB, true %5.1f MiB; %4d ms, true %4d ms", ratio,
		float64(need.Bytes)/mib, float64(got.Peak)/mib, need.Time.Milliseconds(), got.CPU.Milliseconds())
	if need.Bytes > 2*got.Peak+slack || got.Peak > 2*need.Bytes+slack {
		t.Errorf("the estimate of %d MiB is not within a factor of 2 of %d MiB", need.Bytes/mib, got.Peak/mib)
	}
	return ratio
}
