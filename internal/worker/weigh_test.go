package worker_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"pixedge/internal/transform"
	"pixedge/internal/worker"
)

// TestWeighed has one worker render one thing after the other. What some of the renders
// took is compared with the estimates, however much the worker kept of those before.
func TestWeighed(t *testing.T) {
	const few, enough = 6 << 20, 10                     // what takes less is not compared, as in TestEstimate
	runtime.KeepAlive(bytes.Repeat([]byte{1}, 100<<20)) // what its server held is not a worker's
	var ratios []float64
	renders := 0
	p := newPoolOf(t, worker.Config{}, 1, worker.Watcher{Weighed: func(estimate, peak int64) {
		renders++
		if peak > few {
			ratios = append(ratios, float64(estimate)/float64(peak))
		}
	}}, "worker")
	var jobs []transform.Job
	for _, photo := range []string{"bird.jpg", "square.jpg", "turned.jpg"} {
		data, err := os.ReadFile(filepath.Join("..", "demo", "photos", photo))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{
			"t.resize(w:800)~t.toFormat(f:webp)", "t.crop(x:100,y:100,w:145,h:145)", "t.resize(w:2000)", "t.resize(w:400)",
			"t.resize(w:640)~t.toFormat(f:avif)", "t.toFormat(f:webp)", "t.blur(s:3)", "t.resize(w:1200)~t.toFormat(f:png)",
		} {
			j := job(t, p.Formats(), text, data)
			shape, err := transform.ShapeOf(j.Original, j.Limits)
			if err != nil {
				t.Fatal(err)
			}
			j.Need = j.Plan.Estimate(shape, nil)
			jobs = append(jobs, j)
		}
	}
	for began := time.Now(); len(ratios) < enough; {
		if time.Since(began) > 2*patience {
			t.Fatalf("of %d renders %d were measured that took much", renders, len(ratios))
		}
		for _, j := range jobs {
			if _, err := p.Render(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
	}
	slices.Sort(ratios)
	t.Logf("%d of %d renders, estimate over true: %.2f", len(ratios), renders, ratios)
	far := func(ratio float64) bool { return ratio < 0.5 || ratio > 2 }
	if n := len(slices.DeleteFunc(slices.Clone(ratios), func(r float64) bool { return !far(r) })); n > len(ratios)/5 {
		t.Errorf("%d of %d estimates are not within a factor of 2: %.2f", n, len(ratios), ratios)
	}
}
