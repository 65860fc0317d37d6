package sandbox_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/gif"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/transform"
)

type job struct {
	Name, Chain string
	Original    []byte
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="80"><rect width="200" height="80" fill="#124"/>` +
	`<text x="10" y="50" font-family="serif" font-weight="bold" font-size="30" fill="#fff">Words</text></svg>`

// TestRenders compares what a process makes inside with what another makes
// outside: every operation, every format both ways, text in fonts that were not
// read before, and threads of encoders.
func TestRenders(t *testing.T) {
	jobs := everyJob(t)
	want := mustPlay(t, "render", message{Jobs: jobs, Free: true}).Outcomes
	got := mustPlay(t, "render", message{Jobs: jobs}).Outcomes
	for _, j := range jobs {
		if sum := want[j.Name]; len(sum) != 64 {
			t.Errorf("%s outside: %s", j.Name, sum)
		}
		if got[j.Name] != want[j.Name] {
			t.Errorf("%s inside: %s, outside: %s", j.Name, got[j.Name], want[j.Name])
		}
	}
}

// everyJob has the example of each operation, each format as a result of a
// drawing and of a photograph, and each as the original.
func everyJob(t *testing.T) []job {
	t.Helper()
	card := imgtest.PNG(t, imgtest.Card(240, 160, true))
	photo, err := os.ReadFile("../demo/photos/bird.jpg")
	if err != nil {
		t.Logf("a drawing instead of a photograph: %v", err)
		photo = imgtest.JPEG(t, imgtest.Card(1200, 800, false), 1)
	}
	jobs := []job{
		{"svg", "t.resize(w:300)", []byte(drawing)},
		{"gif", "t.resize(w:30)", roll(t)},
		{"gif to webp", "t.resize(w:30)~t.toFormat(f:webp)", roll(t)},
		{"enlarge", "t.resize(w:1500)", card},
		{"fonts", "t.text(t:V29yZHM,s:40,f:serif-bold)~t.text(t:V29yZHM,s:20,f:mono)", card},
	}
	for _, s := range transform.Catalog() {
		jobs = append(jobs, job{"example " + s.Name, s.Example, card})
	}
	for _, f := range transform.Encodable() {
		if f == media.JSON {
			continue
		}
		to := "t.toFormat(f:" + f.String() + ")"
		made, err := picture(t.Context(), job{Chain: to, Original: card})
		if err != nil {
			t.Fatalf("%s: %v", to, err)
		}
		jobs = append(jobs, job{"card to " + f.String(), to, card}, job{"photo to " + f.String(), "t.resize(w:640)~" + to, photo})
		if made.Format.CanDecode() {
			jobs = append(jobs, job{"from " + f.String(), "t.resize(w:77)~t.toFormat(f:png)", made.Data})
		}
	}
	return jobs
}

// roll is a moving picture.
func roll(t *testing.T) []byte {
	t.Helper()
	var frames gif.GIF
	for i := range 3 {
		ink := color.RGBA{uint8(80 * i), 40, 200, 255}
		frames.Image = append(frames.Image, image.NewPaletted(image.Rect(0, 0, 60, 40), color.Palette{ink, color.White}))
		frames.Delay = append(frames.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &frames); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func picture(ctx context.Context, j job) (media.Image, error) {
	pipeline, err := op.Parse(j.Chain)
	if err != nil {
		return media.Image{}, err
	}
	plan, err := transform.NewCompiler(transform.Catalog(), media.Formats(media.Format.CanEncode)).Compile(pipeline, transform.Hints{})
	if err != nil {
		return media.Image{}, err
	}
	format, _ := media.Sniff(j.Original)
	original := media.Image{Data: j.Original, Format: format}
	files := make(map[string]media.Image)
	for _, name := range plan.Files() {
		files[name] = original
	}
	return transform.NewRenderer(transform.Config{Workers: 2, Queue: 10}).Render(ctx, transform.Job{
		Plan: plan, Original: original, Files: files,
		Limits: transform.Limits{MaxPixels: 50_000_000, MaxSide: 10_000, MaxFrames: 10},
	})
}

func sum(j job) string {
	made, err := picture(context.Background(), j)
	if err != nil {
		return err.Error()
	}
	digest := sha256.Sum256(made.Data)
	return hex.EncodeToString(digest[:])
}

func render(in message) (out message, err error) {
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	out.Outcomes = make(map[string]string)
	for _, j := range in.Jobs {
		out.Outcomes[j.Name] = sum(j)
	}
	return out, nil
}

// BenchmarkCost compares renders of processes that entered and of others. The
// small picture is the worst case for a filter of system calls: many calls for
// few pixels. The large one shows whether orc still compiles libvips' vector loops:
// VIPS_NOVECTOR=1 shows what it takes without.
func BenchmarkCost(b *testing.B) {
	for name, j := range map[string]job{
		"small":  {"", "t.resize(w:16)", imgtest.PNG(b, imgtest.Card(32, 32, false))},
		"vector": {"", "t.resize(w:900,f:fill,h:500)~t.blur(s:6)~t.toFormat(f:bmp)", imgtest.JPEG(b, imgtest.Card(1000, 800, false), 1)},
	} {
		b.Run(name, func(b *testing.B) {
			var outside, inside time.Duration
			for b.Loop() {
				outside += timed(b, message{Free: true, Jobs: []job{j}})
				inside += timed(b, message{Jobs: []job{j}})
			}
			b.ReportMetric(float64(outside.Nanoseconds())/float64(b.N), "outside-cpu-ns")
			b.ReportMetric(float64(inside.Nanoseconds())/float64(b.N), "inside-cpu-ns")
			b.ReportMetric(float64(inside)/float64(outside), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func timed(b *testing.B, in message) time.Duration {
	b.Helper()
	d, err := time.ParseDuration(mustPlay(b, "cost", in).Outcomes["render"])
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// cost tells how much CPU a render takes, all threads together: the least of many
// rounds, as other work on the machine only adds.
func cost(in message) (out message, err error) {
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	least := time.Hour
	for range 20 {
		runtime.GC()
		before, err := used()
		if err != nil {
			return out, err
		}
		for range 10 {
			if _, err := picture(context.Background(), in.Jobs[0]); err != nil {
				return out, err
			}
		}
		after, err := used()
		if err != nil {
			return out, err
		}
		least = min(least, (after-before)/10)
	}
	out.Outcomes = map[string]string{"render": least.String()}
	return out, nil
}

// used is the CPU time of this process so far.
func used() (time.Duration, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &now)
	return time.Duration(now.Nano()), err
}
