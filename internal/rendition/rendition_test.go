package rendition_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/rendition"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips/vipstest"
)

func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// A counter is a renderer that notes what it is asked for.
type counter struct {
	rendition.Renderer

	mu     sync.Mutex
	jobs   map[string]int // by what they are
	before func(ctx context.Context, what string) error
}

// What a job is: with the whole road, or a part of it.
const (
	plain    = "plain"    // from the original to a file
	reduced  = "reduced"  // from the original to fewer pixels
	finished = "finished" // from the original to finished pixels
	further  = "further"  // from fewer pixels to finished ones
	encoded  = "encoded"  // from finished pixels to a file
)

func what(job transform.Job) string {
	from, to := job.Original.Format == media.Pixels, job.Plan.Format() == media.Pixels
	switch {
	case !from && !to:
		return plain
	case from && !to:
		return encoded
	case from:
		return further
	case len(job.Plan.Steps()) == 0:
		return reduced
	}
	return finished
}

func (c *counter) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	kind := what(job)
	c.mu.Lock()
	c.jobs[kind]++
	before := c.before
	c.mu.Unlock()
	if before != nil {
		if err := before(ctx, kind); err != nil {
			return media.Image{}, err
		}
	}
	return c.Renderer.Render(ctx, job)
}

// wants fails the test unless there were just these jobs since it was last called.
func (c *counter) wants(t *testing.T, want map[string]int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if fmt.Sprint(c.jobs) != fmt.Sprint(want) {
		t.Errorf("jobs %v, want %v", c.jobs, want)
	}
	c.jobs = make(map[string]int)
}

func newStore(t *testing.T, cfg rendition.Config) (*rendition.Store, *counter) {
	t.Helper()
	if cfg.Time == 0 {
		cfg.Time = time.Minute
	}
	c := &counter{Renderer: transform.NewRenderer(transform.Config{Workers: 4, Queue: 100}), jobs: make(map[string]int)}
	pool := shm.NewPool(0)
	s := rendition.New(cfg, c, pool)
	t.Cleanup(func() {
		s.Close()
		if live := pool.Stats().Live; live != 0 {
			t.Errorf("%d bytes of memory were not released", live)
		}
		if got := s.Stats(); got.Bytes != 0 || got.Count != 0 {
			t.Errorf("after Close: %+v", got)
		}
	})
	return s, c
}

func job(t *testing.T, text string, original []byte) transform.Job {
	t.Helper()
	pipeline, err := op.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := transform.NewCompiler(transform.Catalog(), transform.Encodable()).Compile(pipeline, transform.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, _ := media.Sniff(original)
	return transform.Job{
		Plan: plan, Original: media.Image{Data: original, Format: format}, Tenant: "demo", Derived: new(bool),
		Limits: transform.Limits{MaxPixels: 50_000_000, MaxSide: 30000, MaxFrames: 10, MaxMemory: 192 << 20},
	}
}

func render(t *testing.T, s *rendition.Store, j transform.Job) media.Image {
	t.Helper()
	img, err := s.Render(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func photo(t *testing.T) []byte {
	t.Helper()
	return imgtest.JPEG(t, imgtest.Card(800, 600, false), 1)
}

// TestSet asks for a set of sizes and formats: one plain render, one decoding at 1/2,
// and everything else of what is there.
func TestSet(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	original := photo(t)
	derived := 0
	for _, format := range []string{"jpeg", "png"} {
		for _, w := range []int{50, 100, 150, 200} {
			j := job(t, fmt.Sprintf("t.resize(w:%d)~t.toFormat(f:%s)", w, format), original)
			made := render(t, s, j)
			want, err := c.Renderer.Render(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if d := imgtest.Distance(imgtest.Decode(t, made.Data), imgtest.Decode(t, want.Data)); made.Format != want.Format || d > 2 {
				t.Errorf("%s at %d: %v and %v, %.1f apart", format, w, made.Format, want.Format, d)
			}
			if *j.Derived {
				derived++
			}
		}
	}
	c.wants(t, map[string]int{plain: 1, reduced: 1, further: 4, encoded: 7})
	if derived != 6 {
		t.Errorf("%d answers were made of what was there, want 6", derived)
	}
	if got := s.Stats(); got.Made != 5 || got.Hits != 6 || got.Count != 5 || got.Bytes < 800*600*3/4 {
		t.Errorf("%+v", got)
	}
}

// TestOthers has what does not shrink as it is decoded: the finished pixels are shared.
func TestOthers(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	original := imgtest.PNG(t, imgtest.Card(300, 200, true))
	for _, text := range []string{"t.resize(w:40)", "t.resize(w:50)", "t.resize(w:50)~t.toFormat(f:webp)", "t.resize(w:50)~t.toFormat(f:webp,q:3)"} {
		render(t, s, job(t, text, original))
	}
	c.wants(t, map[string]int{plain: 1, finished: 1, encoded: 3})
}

// TestPlain has what is never made of a rendition.
func TestPlain(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	off, none := newStore(t, rendition.Config{})
	for range 3 {
		for _, text := range []string{"t.crop(w:30)", "t.toFormat(f:png)", "t.resize(w:30)~t.metadata()"} {
			render(t, s, job(t, text, photo(t)))
		}
		render(t, off, job(t, "t.resize(w:30)", photo(t)))
	}
	c.wants(t, map[string]int{plain: 9})
	none.wants(t, map[string]int{plain: 3})
}

// TestTenants keeps what one has apart from another with the same picture, and from
// the same one under other limits.
func TestTenants(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	j := job(t, "t.resize(w:60)", photo(t))
	render(t, s, j)
	render(t, s, j)
	c.wants(t, map[string]int{plain: 1, reduced: 1, further: 1, encoded: 1})
	j.Tenant = "other"
	render(t, s, j)
	c.wants(t, map[string]int{plain: 1})
	j.Tenant = "demo"
	j.Limits.MaxPixels--
	render(t, s, j)
	c.wants(t, map[string]int{reduced: 1, further: 1, encoded: 1})
	j.Limits.MaxPixels = 100
	if _, err := s.Render(t.Context(), j); fault.Of(err) != fault.Unprocessable {
		t.Errorf("over the limit: %v, want unprocessable", err)
	}
}

// TestBudget has more originals in demand than there is room for.
func TestBudget(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 1 << 20})
	for i := range 6 {
		original := imgtest.JPEG(t, imgtest.Card(700+i, 500, false), 1)
		for _, w := range []int{50, 60, 60} {
			render(t, s, job(t, fmt.Sprintf("t.resize(w:%d)", w), original))
		}
		if got := s.Stats(); got.Bytes > 1<<20 {
			t.Fatalf("%d bytes are held", got.Bytes)
		}
	}
	c.wants(t, map[string]int{plain: 6, reduced: 6, further: 6, encoded: 12})
	if got := s.Stats(); got.Evicted == 0 || got.Made != 12 {
		t.Errorf("%+v", got)
	}
	// One that takes more than half of it is decoded smaller, or not at all.
	big := imgtest.JPEG(t, imgtest.Card(1600, 1200, false), 1)
	render(t, s, job(t, "t.resize(w:100)", big))
	render(t, s, job(t, "t.resize(w:300)", big))
	c.wants(t, map[string]int{plain: 1, reduced: 1, further: 1, encoded: 1})
	render(t, s, job(t, "t.resize(w:790)", big))
	c.wants(t, map[string]int{plain: 1})
}

// TestTime forgets what nobody asks for.
func TestTime(t *testing.T) {
	original := photo(t)
	synctest.Test(t, func(t *testing.T) {
		s, c := newStore(t, rendition.Config{Memory: 8 << 20, Time: time.Minute})
		j := job(t, "t.resize(w:60)", original)
		render(t, s, j)
		time.Sleep(50 * time.Second)
		render(t, s, j)
		c.wants(t, map[string]int{plain: 1, reduced: 1, further: 1, encoded: 1})
		if s.Stats().Bytes == 0 {
			t.Error("nothing is kept of what is in demand")
		}
		time.Sleep(2 * time.Minute)
		if s.Stats().Bytes != 0 {
			t.Errorf("%+v is still there", s.Stats())
		}
		render(t, s, j)
		c.wants(t, map[string]int{plain: 1})
	})
}

// TestTogether has many wait for one rendition.
func TestTogether(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	original := photo(t)
	render(t, s, job(t, "t.resize(w:30)", original))
	var all sync.WaitGroup
	for i := range 16 {
		j := job(t, fmt.Sprintf("t.resize(w:%d)", 40+i/2), original)
		all.Go(func() {
			if _, err := s.Render(t.Context(), j); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.wants(t, map[string]int{plain: 1, reduced: 1, further: 8, encoded: 16})
}

// TestLeaves has the one who makes a rendition leave, and one who waits make it.
func TestLeaves(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	original := photo(t)
	render(t, s, job(t, "t.resize(w:30)", original))
	began, once := make(chan struct{}), sync.Once{}
	c.before = func(ctx context.Context, kind string) error {
		first := false
		if kind == reduced {
			once.Do(func() { first = true })
		}
		if !first {
			return nil
		}
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	maker, waiter := job(t, "t.resize(w:40)", original), job(t, "t.resize(w:50)", original)
	go func() {
		_, err := s.Render(ctx, maker)
		gone <- err
	}()
	<-began
	impatient, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if _, err := s.Render(impatient, waiter); fault.Of(err) != fault.Overloaded {
		t.Errorf("one who cannot wait: %v, want overloaded", err)
	}
	made := make(chan error, 1)
	go func() {
		_, err := s.Render(t.Context(), waiter)
		made <- err
	}()
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left: %v", err)
	}
	if err := <-made; err != nil {
		t.Errorf("the one who waited: %v", err)
	}
	c.wants(t, map[string]int{plain: 1, reduced: 2, further: 1, encoded: 1})
}

// TestErrors are told and not kept.
func TestErrors(t *testing.T) {
	s, c := newStore(t, rendition.Config{Memory: 64 << 20})
	original := photo(t)
	render(t, s, job(t, "t.resize(w:30)", original))
	for _, kind := range []string{reduced, further, encoded} {
		c.before = func(_ context.Context, now string) error {
			if now == kind {
				return fault.Errorf(fault.Unprocessable, "%s", kind)
			}
			return nil
		}
		_, err := s.Render(t.Context(), job(t, "t.resize(w:40)", original))
		if fault.Message(err) != kind {
			t.Errorf("%s fails: %v", kind, err)
		}
	}
	// What cannot be passed on is made without.
	c.before = func(_ context.Context, now string) error {
		if now == further {
			return fault.Errorf(fault.Unsupported, "not these")
		}
		return nil
	}
	render(t, s, job(t, "t.resize(w:50)", original))
	c.before = nil
	render(t, s, job(t, "t.resize(w:40)", original))
	damaged := append([]byte(nil), original...)
	clear(damaged[len(damaged)/2 : len(damaged)-2])
	for range 3 {
		if _, err := s.Render(t.Context(), job(t, "t.resize(w:40)", damaged)); fault.Of(err) != fault.Unprocessable {
			t.Errorf("a damaged picture: %v", err)
		}
	}
}
