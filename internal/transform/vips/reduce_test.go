package vips_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/transform/vips"
)

// sizes are of pictures and of what becomes of them.
func sizes() [][4]int {
	return [][4]int{
		{100, 75, 80, 60},
		{101, 75, 80, 61},
		{333, 200, 222, 133},
		{640, 480, 320, 240},
		{997, 613, 250, 307},
		{10001, 3, 10000, 2},
		{640, 480, 639, 479},
		{33, 17, 32, 16},
		{5, 400, 3, 399},
		{1000, 30, 999, 29},
		{1, 1, 1, 1},
		{1, 50, 1, 20},
		{50, 1, 20, 1},
		{1, 999, 1, 7},
		{999, 1, 7, 1},
		{64, 64, 63, 1},
		{64, 64, 1, 63},
		{500, 300, 125, 100},
		{500, 300, 100, 125},
		{333, 200, 20, 10},
		{1000, 1001, 50, 50},
		{2000, 40, 9, 40},
		{40, 2000, 40, 9},
		{300, 200, 150, 400},
		{300, 200, 600, 100},
	}
}

// noise returns channels of all values, with many black and white ones, which make
// kernels that swing overflow.
func noise(w, h, bands int) []byte {
	pixels := make([]byte, w*h*bands)
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for i := range pixels {
		pixels[i] = byte(max(0, min(255, random.IntN(512)-128)))
	}
	return pixels
}

// scaled returns the pixels that change makes of noise.
func scaled(t *testing.T, w, h, bands int, change func(*vips.Image) error) []byte {
	t.Helper()
	img, err := vips.FromPixels(noise(w, h, bands), w, h, bands)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := change(img); err != nil {
		t.Fatal(err)
	}
	return pixels(t, img)
}

// eachReduction calls check with what Scale makes of each kind of picture, and with
// how to make the same by libvips.
func eachReduction(t *testing.T, check func(name string, got []byte, libvips func() []byte)) {
	t.Helper()
	for _, kernel := range []vips.Kernel{vips.Lanczos3, vips.Lanczos2, vips.Cubic, vips.Mitchell} {
		for bands := 1; bands <= 4; bands++ {
			for _, s := range sizes() {
				h, v := float64(s[2])/float64(s[0]), float64(s[3])/float64(s[1])
				got := scaled(t, s[0], s[1], bands, func(m *vips.Image) error { return m.Scale(h, v, kernel) })
				check(fmt.Sprintf("%s, %d channels, %v", kernel, bands, s), got, func() []byte {
					return scaled(t, s[0], s[1], bands, func(m *vips.Image) error { return m.LibvipsResize(h, v, kernel) })
				})
			}
		}
	}
}

// TestReduce holds reductions with the processor's vectors to those without, which a
// process of its own holds to libvips: its switch is for the whole process.
func TestReduce(t *testing.T) {
	if os.Getenv("VIPS_NOVECTOR") != "" {
		t.Skip("vectors are off")
	}
	plain := exec.Command(os.Args[0], "-test.run=^TestReducePlain$", "-test.v")
	plain.Env = append(os.Environ(), "VIPS_NOVECTOR=1")
	out, err := plain.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eachReduction(t, func(name string, got []byte, _ func() []byte) {
		if line := digest(name, got); !strings.Contains(string(out), line) {
			t.Errorf("%s: other pixels with vectors than without", name)
		}
	})
}

// TestReducePlain holds reductions without vectors to what libvips makes without: the
// same up to 8.16. Later ones cut off what they average of 3 pixels or more, in each
// direction.
func TestReducePlain(t *testing.T) {
	if os.Getenv("VIPS_NOVECTOR") == "" {
		t.Skip("TestReduce begins it with vectors switched off")
	}
	allowed := 2
	if v := vips.Version(); strings.HasPrefix(v, "8.14.") || strings.HasPrefix(v, "8.15.") || strings.HasPrefix(v, "8.16.") {
		allowed = 0
	}
	eachReduction(t, func(name string, got []byte, libvips func() []byte) {
		fmt.Println(digest(name, got))
		if d := farthest(got, libvips()); d > allowed {
			t.Errorf("%s: differs from libvips by %d", name, d)
		}
	})
}

// farthest returns how far apart two numbers in the same place are, at most.
func farthest(a, b []byte) int {
	if len(a) != len(b) {
		return 256
	}
	most := 0
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

func digest(name string, pixels []byte) string {
	return fmt.Sprintf("%s: %d bytes, %x", name, len(pixels), sha256.Sum256(pixels))
}

// TestReduceParts asks for parts of reduced pictures, which are to be those of the
// whole: of one in memory, and of one that is decoded row by row.
func TestReduceParts(t *testing.T) {
	data := photo(t, 601, 403, 3, "")
	for _, to := range []image.Point{{480, 300}, {301, 200}, {90, 45}} {
		h, v := float64(to.X)/601, float64(to.Y)/403
		whole := open(t, data, 1)
		if err := whole.Resize(h, v, vips.Lanczos3); err != nil {
			t.Fatal(err)
		}
		all := pixels(t, whole)
		for _, part := range parts(to.X, to.Y)[1:] {
			for _, settled := range []bool{false, true} {
				img := open(t, data, 1)
				if settled {
					if err := img.Settle(); err != nil {
						t.Fatal(err)
					}
				}
				if err := img.Resize(h, v, vips.Lanczos3); err != nil {
					t.Fatal(err)
				}
				if err := img.Extract(part.Min.X, part.Min.Y, part.Dx(), part.Dy()); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(pixels(t, img), cut(all, to.X, 3, part)) {
					t.Errorf("%v of %v, settled %t: other pixels than those of the whole", part, to, settled)
				}
			}
		}
	}
}

// TestReduceTogether has a step after a reduction ask for rows several times.
func TestReduceTogether(t *testing.T) {
	data := photo(t, 601, 403, 3, "")
	for _, scale := range []float64{0.8, 0.5, 0.12} {
		streamed, settled := open(t, data, 1), open(t, data, 1)
		if err := settled.Settle(); err != nil {
			t.Fatal(err)
		}
		for _, img := range []*vips.Image{streamed, settled} {
			if err := img.Resize(scale, scale, vips.Lanczos3); err != nil {
				t.Fatal(err)
			}
			if err := img.Sharpen(1.5); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(pixels(t, streamed), pixels(t, settled)) {
			t.Errorf("scale %g: other pixels row by row than from memory", scale)
		}
	}
}

// TestReduceDamaged reduces a file that ends early, and a picture that nobody waits
// for any more.
func TestReduceDamaged(t *testing.T) {
	data := photo(t, 601, 403, 3, "")
	for _, scale := range []float64{0.8, 0.12} {
		img := open(t, data[:len(data)/2], 1)
		if err := img.Resize(scale, scale, vips.Lanczos3); err != nil {
			t.Fatal(err)
		}
		if _, err := img.Pixels(); err == nil {
			t.Errorf("scale %g: half a file is served as a whole", scale)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	img := open(t, photo(t, 8000, 6000, 1, ""), 1)
	if err := img.Resize(0.9, 0.9, vips.Lanczos3); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := img.Raw(ctx, func([]byte) error { return nil }); err == nil {
		t.Error("computed though nobody waits for it")
	}
}

// BenchmarkReduce compares the CPU of reductions of pictures in memory with that of
// libvips' own: ratio is the least of ours over the least of libvips', as other work on
// the machine only adds.
func BenchmarkReduce(b *testing.B) {
	for _, s := range [][5]int{
		{1000, 750, 800, 600, 3},
		{2000, 1500, 1920, 1440, 3},
		{2000, 1500, 1280, 960, 3},
		{2000, 1500, 960, 720, 3},
		{2000, 1500, 640, 480, 3},
		{960, 540, 640, 360, 3},
		{1333, 1000, 666, 500, 3},
		{800, 600, 400, 300, 4},
		{4000, 3000, 800, 600, 3},
	} {
		b.Run(fmt.Sprintf("%dx%d-%dx%d-%d", s[0], s[1], s[2], s[3], s[4]), func(b *testing.B) {
			h, v := float64(s[2])/float64(s[0]), float64(s[3])/float64(s[1])
			data, ours, theirs := noise(s[0], s[1], s[4]), time.Hour, time.Hour
			for b.Loop() {
				theirs = min(theirs, cost(b, data, s, func(m *vips.Image) error { return m.LibvipsResize(h, v, vips.Lanczos3) }))
				ours = min(ours, cost(b, data, s, func(m *vips.Image) error { return m.Scale(h, v, vips.Lanczos3) }))
			}
			b.ReportMetric(float64(theirs.Nanoseconds()), "libvips-cpu-ns")
			b.ReportMetric(float64(ours.Nanoseconds()), "cpu-ns")
			b.ReportMetric(float64(ours)/float64(theirs), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cost tells how much CPU it takes to change a picture and compute it.
func cost(b *testing.B, data []byte, size [5]int, change func(*vips.Image) error) time.Duration {
	b.Helper()
	img, err := vips.FromPixels(data, size[0], size[1], size[4])
	if err != nil {
		b.Fatal(err)
	}
	defer img.Close()
	before := used(b)
	if err := change(img); err != nil {
		b.Fatal(err)
	}
	if _, err := img.Pixels(); err != nil {
		b.Fatal(err)
	}
	return used(b) - before
}

func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
