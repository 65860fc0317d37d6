package worker_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color/palette"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
	"pixedge/internal/worker"
)

// TestMain lets this binary be a worker, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "rogue" {
		fmt.Fprintln(os.Stderr, worker.Rogue(os.Args[2]))
		os.Exit(1)
	}
	if err := vips.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) == 2 && os.Args[1] == "worker" {
		if err := worker.Serve(bare{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// bare is a sandbox without walls.
type bare struct{}

func (bare) Enter(int64) ([]string, error) { return []string{"everything"}, nil }
func (bare) Budget(time.Duration) error    { return nil }

func newPool(t *testing.T, cfg worker.Config) *worker.Pool {
	t.Helper()
	return newPoolOf(t, cfg, 2, worker.Watcher{}, "worker")
}

// newPoolOf starts workers that are this program with the given arguments.
func newPoolOf(t *testing.T, cfg worker.Config, count int, watcher worker.Watcher, args ...string) *worker.Pool {
	t.Helper()
	memory := shm.NewPool(8 << 20)
	if cfg.Time == 0 {
		cfg.Time = 10 * patience
	}
	if cfg.Jobs == 0 {
		cfg.Jobs = 1000
	}
	if cfg.Grown == 0 {
		cfg.Grown = 1 << 30
	}
	command := worker.Command{Path: "/proc/self/exe", Args: append([]string{"edge"}, args...), Env: append(os.Environ(), worker.Allocator()...)}
	p, err := worker.New(cfg, count, command, memory, watcher)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if live := memory.Stats().Live; live != 0 {
			t.Errorf("%d bytes of shared memory were not released", live)
		}
		memory.Close()
	})
	return p
}

func job(t *testing.T, formats []media.Format, text string, original []byte) transform.Job {
	t.Helper()
	pipeline, err := op.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := transform.NewCompiler(transform.Catalog(), formats).Compile(pipeline, transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, _ := media.Sniff(original)
	return transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format},
		Limits: transform.Limits{MaxPixels: 50_000_000, MaxSide: 30000, MaxFrames: 10},
	}
}

// large returns a picture that takes long to render. It has a palette: a PNG of it is
// made quickly.
func large(t *testing.T) []byte {
	t.Helper()
	const side = 3000
	img := image.NewPaletted(image.Rect(0, 0, side, side), palette.Plan9)
	for i := range img.Pix {
		img.Pix[i] = byte(i % side / 9)
	}
	return imgtest.PNG(t, img)
}

// TestSameAsHere renders in a worker and in this process, and compares the bytes.
func TestSameAsHere(t *testing.T) {
	p := newPool(t, worker.Config{})
	here := transform.NewRenderer(transform.Config{})
	original := imgtest.PNG(t, imgtest.Card(200, 120, false))
	for _, text := range []string{
		"t.resize(w:50)", "t.crop(x:3,y:4,w:50,h:60)~t.toFormat(f:webp)", "t.toFormat(f:bmp)", "t.blur(s:3)~t.toFormat(f:avif,q:40)",
		"t.text(t:SGVsbG8)", "t.rotate(a:17)~t.toFormat(f:gif)", "t.resize(w:900,h:900)~t.toFormat(f:tiff)",
	} {
		j := job(t, p.Formats(), text, original)
		got, err := p.Render(t.Context(), j)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		want, err := here.Render(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if got.Format != want.Format || string(got.Data) != string(want.Data) {
			t.Errorf("%s: %d bytes of %v, want %d of %v", text, len(got.Data), got.Format, len(want.Data), want.Format)
		}
	}
	j := job(t, p.Formats(), "t.merge(i:Y2FyZC5wbmc,w:20)", original)
	j.Files = map[string]media.Image{"card.png": j.Original}
	if _, err := p.Render(t.Context(), j); err != nil {
		t.Errorf("merge: %v", err)
	}
	info, err := p.Inspect(t.Context(), j.Original, j.Limits)
	if err != nil || info.Width != 200 || info.Height != 120 {
		t.Errorf("Inspect = %+v, %v", info, err)
	}
	if s := p.Stats(); s.Encodes != 8 || s.Decodes < 9 || s.Pixels == 0 {
		t.Errorf("Stats = %+v", s)
	}
}

// TestPixels passes pixels from job to job, put where the server wants them.
func TestPixels(t *testing.T) {
	p := newPool(t, worker.Config{})
	here := transform.NewRenderer(transform.Config{})
	j := job(t, p.Formats(), "t.resize(w:160)~t.toFormat(f:webp)", imgtest.JPEG(t, imgtest.Card(1000, 800, false), 6))
	want, err := here.Render(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	steps, rest := j.Plan.Frozen(media.JPEG)
	for _, plan := range []transform.Plan{transform.Reduced(4), steps, rest} {
		var placed []byte
		j.Plan, j.Place = plan, func(n int) ([]byte, error) {
			placed = make([]byte, n)
			return placed, nil
		}
		if j.Original, err = p.Render(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if &placed[0] != &j.Original.Data[0] {
			t.Errorf("%v: the result is somewhere else", j.Original.Format)
		}
	}
	if string(j.Original.Data) != string(want.Data) || j.Original.Format != want.Format {
		t.Errorf("%d bytes of %v, want %d of %v", len(j.Original.Data), j.Original.Format, len(want.Data), want.Format)
	}
	full := errors.New("no room")
	j.Place = func(int) ([]byte, error) { return nil, full }
	j.Plan, j.Original = transform.Reduced(2), media.Image{Data: imgtest.JPEG(t, imgtest.Card(64, 64, false), 1), Format: media.JPEG}
	if _, err := p.Render(t.Context(), j); !errors.Is(err, full) {
		t.Errorf("without room: %v", err)
	}
}

// TestFaultsTravel has a worker refuse, and sees that kind and words arrive.
func TestFaultsTravel(t *testing.T) {
	p := newPool(t, worker.Config{})
	whole := imgtest.PNG(t, imgtest.Card(200, 120, false))
	_, err := p.Render(t.Context(), job(t, p.Formats(), "t.resize(w:50)", whole[:len(whole)/2]))
	if fault.Of(err) != fault.Unprocessable {
		t.Errorf("half a picture: %v, want unprocessable", err)
	}
	_, err = p.Render(t.Context(), job(t, p.Formats(), "t.extract(l:500,t:0,w:10,h:10)", whole))
	if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "t.extract") {
		t.Errorf("a part outside: %v, want invalid", err)
	}
	deep := []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">` + strings.Repeat("<g>", 200) + strings.Repeat("</g>", 200) + "</svg>")
	_, err = p.Render(t.Context(), job(t, p.Formats(), "t.resize(w:50)~t.toFormat(f:png)", deep))
	if fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "nested deeper") {
		t.Errorf("a deep drawing: %v, want unprocessable", err)
	}
	if s := p.Stats(); s.Ended != [len(s.Ended)]int64{} {
		t.Errorf("workers have ended: %v", s.Ended)
	}
}

// TestDeadline gives a render less time than it needs: its worker is ended, and
// the next render finds another.
func TestDeadline(t *testing.T) {
	p := newPool(t, worker.Config{Time: 2 * time.Second}) // enough for the small picture
	_, err := p.Render(t.Context(), job(t, p.Formats(), "t.blur(s:100)~t.blur(s:100)~t.median(s:10)~t.toFormat(f:avif,lossless:true)", large(t)))
	if fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too long") {
		t.Errorf("err = %v, want unprocessable", err)
	}
	for range 4 {
		if _, err := p.Render(t.Context(), job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}
	within(t, "a worker ended by the deadline", func() bool { return p.Stats().Ended[worker.Deadline] == 1 })
}

// TestEnds ends workers in every way that a picture or the system may, in the
// middle of a render: that render gets the right kind of failure, and those after it
// find a worker.
func TestEnds(t *testing.T) {
	p := newPool(t, worker.Config{})
	slow := job(t, p.Formats(), "t.toFormat(f:avif,lossless:true)", large(t))
	quick := job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
	for _, tt := range []struct {
		signal syscall.Signal
		kind   fault.Kind
		cause  worker.Cause
	}{
		{syscall.SIGKILL, fault.Overloaded, worker.Killed},
		{syscall.SIGSEGV, fault.Unprocessable, worker.Crashed},
		{syscall.SIGABRT, fault.Unprocessable, worker.Crashed},
	} {
		within(t, "two workers", func() bool { return len(p.PIDs()) == 2 })
		all := p.PIDs()
		failed := make(chan error, 1)
		go func() {
			_, err := p.Render(context.Background(), slow)
			failed <- err
		}()
		within(t, "one at work", func() bool { return p.Stats().Rendering == 1 && len(p.PIDs()) == 1 })
		time.Sleep(50 * time.Millisecond) // it is in the codec
		idle := p.PIDs()
		for _, pid := range all {
			if !slices.Contains(idle, pid) {
				if err := syscall.Kill(pid, tt.signal); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := <-failed; fault.Of(err) != tt.kind {
			t.Errorf("%v: %v, want %v", tt.signal, err, tt.kind)
		}
		if _, err := p.Render(t.Context(), quick); err != nil {
			t.Errorf("after %v: %v", tt.signal, err)
		}
	}
	for c, n := range map[worker.Cause]int64{worker.Killed: 1, worker.Crashed: 2} {
		within(t, fmt.Sprintf("%d workers counted as %v", n, c), func() bool { return p.Stats().Ended[c] == n })
	}
}

// TestDeadWhileIdle ends the worker that the next job goes to, a moment before: nobody
// notices.
func TestDeadWhileIdle(t *testing.T) {
	p := newPool(t, worker.Config{})
	j := job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
	for range 10 {
		within(t, "everybody there", func() bool { return len(p.PIDs()) == 2 })
		if err := syscall.Kill(p.PIDs()[1], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Render(t.Context(), j); err != nil {
			t.Error(err)
		}
	}
}

// stopped reports whether no thread of a process runs (proc_pid_stat(5)).
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	return !slices.ContainsFunc(threads, func(name string) bool {
		stat, err := os.ReadFile(name)
		_, state, _ := strings.Cut(string(stat), ") ")
		return err == nil && !strings.HasPrefix(state, "T")
	})
}

// TestUntaken sends a job to a worker that stands still, and ends that before it has
// read the job: another one is given it.
func TestUntaken(t *testing.T) {
	p := newPoolOf(t, worker.Config{}, 1, worker.Watcher{}, "worker")
	j := job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))
	pid := p.PIDs()[0]
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	within(t, "the worker standing still", func() bool { return stopped(t, pid) })
	answer := make(chan error, 1)
	go func() {
		_, err := p.Render(context.Background(), j)
		answer <- err
	}()
	within(t, "the worker given a job", func() bool { return len(p.PIDs()) == 0 })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Ended[worker.Killed] != 1 || s.Encodes != 1 {
		t.Errorf("Stats = %+v", s)
	}
}

// TestGreedy has a render take much more than it was estimated to: its worker is
// ended, and the next render finds another.
func TestGreedy(t *testing.T) {
	p := newPool(t, worker.Config{})
	j := job(t, p.Formats(), "t.toFormat(f:avif)", large(t))
	j.Need.Bytes = 1 << 20
	_, err := p.Render(t.Context(), j)
	if fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "too much memory") {
		t.Errorf("err = %v, want unprocessable", err)
	}
	j.Need.Bytes = 400 << 20
	if _, err := p.Render(t.Context(), j); err != nil {
		t.Errorf("with enough memory: %v", err)
	}
	within(t, "a worker ended for its memory", func() bool { return p.Stats().Ended[worker.Starved] == 1 })
}

// TestRecycled replaces each worker after two renders.
func TestRecycled(t *testing.T) {
	p := newPool(t, worker.Config{Jobs: 2})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, err := p.Render(t.Context(), job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false)))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	within(t, "three workers replaced", func() bool { return p.Stats().Ended[worker.Retired] >= 3 })
}

// TestWaits ends the wait for a worker with the client's patience.
func TestWaits(t *testing.T) {
	p := newPool(t, worker.Config{Time: 2 * time.Second})
	var busy sync.WaitGroup
	defer busy.Wait()
	slow := job(t, p.Formats(), "t.toFormat(f:avif,lossless:true)", large(t))
	for range 2 {
		busy.Go(func() { _, _ = p.Render(t.Context(), slow) })
	}
	within(t, "both at work", func() bool { return p.Stats().Rendering == 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.Render(ctx, job(t, p.Formats(), "t.resize(w:50)", imgtest.PNG(t, imgtest.Card(90, 90, false))))
	if fault.Of(err) != fault.Overloaded {
		t.Errorf("err = %v, want overloaded", err)
	}
}
