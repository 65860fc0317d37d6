package metrics_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/background"
	"pixedge/internal/cache"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/rendition"
	"pixedge/internal/transform"
	"pixedge/internal/web"
	"pixedge/internal/worker"
)

// has fails the test unless the metrics have all the lines, as Prometheus reads
// them.
func has(t *testing.T, m *metrics.Metrics, lines ...string) {
	t.Helper()
	recorded := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorded, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if recorded.Code != http.StatusOK {
		t.Fatalf("status %d", recorded.Code)
	}
	text := "\n" + recorded.Body.String()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "edge_") && !strings.Contains(line, "_bucket") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

func TestWatchRenditions(t *testing.T) {
	m := metrics.New()
	m.WatchRenditions(func() rendition.Stats {
		return rendition.Stats{Hits: 5, Made: 4, Evicted: 3, Count: 1, Bytes: 1000}
	})
	has(t, m, "edge_rendition_hits_total 5", "edge_renditions_made_total 4", "edge_renditions_evicted_total 3", "edge_renditions 1", "edge_rendition_bytes 1000")
}

func TestRecord(t *testing.T) {
	m := metrics.New()
	for _, o := range []web.Observation{
		{Route: "delivery", Status: 200, Cache: "hit", Bytes: 1000, Elapsed: time.Second},
		{Route: "delivery", Status: 200, Cache: "miss", Bytes: 500, Elapsed: time.Second},
		{Route: "delivery", Status: 304, Cache: "hit", Elapsed: time.Second},
		{Route: "delivery", Status: 404, Bytes: 100, Elapsed: time.Second},
		{Route: "health", Status: 200, Bytes: 3, Elapsed: time.Second},
		{Route: "delivery", Status: 999, Cache: "hit"},
	} {
		m.Record(o)
	}
	has(t, m,
		`edge_requests_total{route="delivery",status="200"} 2`,
		`edge_requests_total{route="delivery",status="304"} 1`,
		`edge_requests_total{route="delivery",status="404"} 1`,
		`edge_requests_total{route="delivery",status="999"} 1`,
		`edge_requests_total{route="health",status="200"} 1`,
		`edge_request_duration_seconds_count 4`,
		`edge_request_duration_seconds_sum 3`,
		`edge_sent_bytes_total 1603`,
	)
}

// TestRecordTogether counts from many goroutines, which meet at the first
// request of a status.
func TestRecordTogether(t *testing.T) {
	m := metrics.New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				m.Record(web.Observation{Route: "delivery", Status: 200, Cache: "hit", Bytes: 1})
			}
		})
	}
	wg.Wait()
	has(t, m, `edge_requests_total{route="delivery",status="200"} 800`, `edge_sent_bytes_total 800`)
}

func TestRecordDoesNotAllocate(t *testing.T) {
	m := metrics.New()
	hit := web.Observation{Route: "delivery", Status: 200, Cache: "hit", Bytes: 1000, Elapsed: time.Millisecond}
	m.Record(hit)
	if n := testing.AllocsPerRun(1000, func() { m.Record(hit) }); n != 0 {
		t.Errorf("Record allocates %v times", n)
	}
	has(t, m, `edge_requests_total{route="delivery",status="200"} 1002`)
}

// A stage answers with what it holds.
type stage struct{ err error }

func (s stage) Fetch(context.Context, string) (origin.Original, error) {
	if s.err != nil {
		return origin.Original{}, s.err
	}
	return origin.Original{Data: make([]byte, 300), Format: media.PNG}, nil
}

func (s stage) Inspect(context.Context, media.Image, transform.Limits) (transform.Info, error) {
	return transform.Info{}, s.err
}

func (s stage) Render(context.Context, transform.Job) (media.Image, error) {
	return media.Image{Format: media.WebP}, s.err
}

func TestStages(t *testing.T) {
	m := metrics.New()
	notFound := fault.Errorf(fault.NotFound, "no such picture")
	for _, err := range []error{nil, nil, notFound, errors.New("a bug")} {
		o, got := m.Fetcher(stage{err}).Fetch(t.Context(), "a.png")
		if !errors.Is(got, err) || err == nil && len(o.Data) != 300 {
			t.Errorf("Fetch = %d bytes, %v; want what the stage gave, and %v", len(o.Data), got, err)
		}
		img, got := m.Renderer(stage{err}).Render(t.Context(), transform.Job{})
		if !errors.Is(got, err) || img.Format != media.WebP {
			t.Errorf("Render = %v, %v; want what the stage gave, and %v", img.Format, got, err)
		}
	}
	has(t, m,
		`edge_stage_duration_seconds_count{result="ok",stage="fetch"} 2`,
		`edge_stage_duration_seconds_count{result="not_found",stage="fetch"} 1`,
		`edge_stage_duration_seconds_count{result="internal",stage="fetch"} 1`,
		`edge_stage_duration_seconds_count{result="ok",stage="render"} 2`,
		`edge_stage_duration_seconds_count{result="not_found",stage="render"} 1`,
		`edge_fetched_bytes_total 600`,
	)
}

func TestWatch(t *testing.T) {
	m := metrics.New()
	m.WatchCache(func() cache.Stats { return cache.Stats{Hits: 1, Misses: 2, Coalesced: 3, Entries: 4, Bytes: 5} })
	m.WatchRenderer(func() transform.Stats {
		return transform.Stats{Rendering: 6, Waiting: 7, Decodes: 8, Encodes: 9, Pixels: 12}
	})
	m.WatchVips(func() (now, peak int64) { return 10, 11 })
	m.WatchWorkers(func() worker.Stats {
		return worker.Stats{Peak: 13, Ended: [6]int64{worker.Deadline: 14}}
	})
	m.WatchBackground(func() background.Stats {
		return background.Stats{Waiting: 17, Working: 18, Done: 19, Failed: 20, Dropped: 21}
	})
	m.WatchClients(func() web.ClientStats { return web.ClientStats{Connections: 15, Refused: 16} })
	m.WatchRepeats(func() web.RepeatStats { return web.RepeatStats{Answered: 22, Bytes: 23} })
	has(t, m,
		"edge_worker_peak_bytes 13",
		`edge_workers_ended_total{cause="deadline"} 14`,
		"# TYPE edge_cache_hits_total counter", "edge_cache_hits_total 1",
		"edge_cache_misses_total 2",
		"edge_cache_coalesced_total 3",
		"# TYPE edge_cache_entries gauge", "edge_cache_entries 4",
		"edge_cache_bytes 5",
		"# TYPE edge_renders_in_flight gauge", "edge_renders_in_flight 6",
		"edge_render_queue 7",
		"edge_decodes_total 8",
		"edge_decoded_pixels_total 12",
		"edge_encodes_total 9",
		"edge_vips_memory_bytes 10",
		"edge_connections 15",
		"# TYPE edge_repeats_total counter", "edge_repeats_total 22", "edge_repeats_bytes 23",
		"# TYPE edge_connections_refused_total counter", "edge_connections_refused_total 16",
		"edge_vips_memory_peak_bytes 11",
		"edge_background_queue 17", "edge_background_in_flight 18",
		"# TYPE edge_background_total counter", `edge_background_total{result="done"} 19`,
		`edge_background_total{result="failed"} 20`, `edge_background_total{result="dropped"} 21`,
	)
}

func TestWatchHosts(t *testing.T) {
	m := metrics.New()
	m.WatchHosts(func(k origin.Kind) origin.Stats {
		if k != origin.KindHTTP {
			return origin.Stats{}
		}
		return origin.Stats{Attempts: 1, Retries: 2, Waiting: 3, Changes: [...]int64{origin.Closed: 4, origin.HalfOpen: 5, origin.Open: 6}}
	})
	has(t, m,
		"# TYPE edge_fetch_attempts_total counter", `edge_fetch_attempts_total{source="http"} 1`, `edge_fetch_attempts_total{source="s3"} 0`,
		`edge_fetch_retries_total{source="http"} 2`, `edge_fetch_retries_total{source="remote"} 0`,
		"# TYPE edge_fetches_waiting gauge", `edge_fetches_waiting{source="http"} 3`,
		`edge_breaker_changes_total{source="http",state="closed"} 4`,
		`edge_breaker_changes_total{source="http",state="half_open"} 5`,
		`edge_breaker_changes_total{source="http",state="open"} 6`,
		`edge_breaker_changes_total{source="s3",state="open"} 0`,
	)
}

// TestNames holds the names to the conventions of Prometheus: a prefix, and
// _total for what only grows.
func TestNames(t *testing.T) {
	m := metrics.New()
	m.Record(web.Observation{Route: "delivery", Status: 200, Cache: "hit"})
	recorded := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorded, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	types := 0
	for line := range strings.Lines(recorded.Body.String()) {
		rest, ok := strings.CutPrefix(line, "# TYPE edge_")
		if !ok {
			continue
		}
		types++
		name, kind, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if strings.HasSuffix(name, "_total") != (kind == "counter") {
			t.Errorf("%s is a %s", name, kind)
		}
	}
	if types == 0 || !strings.Contains(recorded.Body.String(), "\ngo_goroutines ") {
		t.Error("the page lacks our metrics or those of the Go runtime")
	}
}

func TestWatchGate(t *testing.T) {
	m := metrics.New()
	stats := admit.Stats{Budget: 1000, Held: 300, Working: 2, Waiting: 5, Admitted: 7, Waited: 1500 * time.Millisecond}
	stats.Refused[admit.Full], stats.Refused[admit.Left] = 3, 1
	m.WatchGate("render", func() admit.Stats { return stats })
	m.WatchGate("fetch", func() admit.Stats { return admit.Stats{Budget: 50} })
	has(t, m,
		`edge_admission_budget_bytes{gate="fetch"} 50`,
		`edge_admission_budget_bytes{gate="render"} 1000`,
		`edge_admission_held_bytes{gate="render"} 300`,
		`edge_admission_in_flight{gate="render"} 2`,
		`edge_admission_queue{gate="render"} 5`,
		`edge_admission_admitted_total{gate="render"} 7`,
		`edge_admission_wait_seconds_total{gate="render"} 1.5`,
		`edge_admission_refused_total{cause="queue_full",gate="render"} 3`,
		`edge_admission_refused_total{cause="left",gate="render"} 1`,
		`edge_admission_refused_total{cause="too_big",gate="render"} 0`,
		`edge_admission_refused_total{cause="timeout",gate="fetch"} 0`,
	)
}

func TestReplaced(t *testing.T) {
	m := metrics.New()
	m.Replaced(0)
	m.Replaced(80 * time.Millisecond)
	has(t, m,
		`edge_worker_replacement_seconds_bucket{le="0.001"} 1`,
		`edge_worker_replacement_seconds_bucket{le="0.1"} 2`,
		"edge_worker_replacement_seconds_sum 0.08",
	)
}

func TestWeigh(t *testing.T) {
	m := metrics.New()
	m.Weigh(20<<20, 16<<20)
	m.Weigh(5<<20, 0)      // not measured
	m.Weigh(5<<20, 100000) // too little to compare
	has(t, m,
		"edge_render_estimate_bytes_count 3",
		"edge_render_peak_bytes_count 2",
		"edge_render_estimate_ratio_sum 1.25",
		`edge_render_estimate_ratio_bucket{le="1.41"} 1`,
		`edge_render_estimate_ratio_bucket{le="1"} 0`,
	)
}

// waiting is a renderer that waits for room as it should.
type waiting struct{ stage }

func (w waiting) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	leave, err := job.Enter(ctx)
	if err != nil {
		return media.Image{}, err
	}
	defer leave(true)
	return w.stage.Render(ctx, job)
}

// TestRoom counts no render that there was no room for, and no time spent waiting.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := metrics.New()
		refusal := fault.Errorf(fault.Overloaded, "too many")
		for _, err := range []error{nil, refusal} {
			job := transform.Job{Admit: func(context.Context, transform.Need) (func(bool), error) {
				time.Sleep(time.Minute)
				return func(bool) {}, err
			}}
			if _, got := m.Renderer(waiting{}).Render(t.Context(), job); !errors.Is(got, err) {
				t.Errorf("Render = %v, want %v", got, err)
			}
		}
		has(t, m, `edge_stage_duration_seconds_count{result="ok",stage="render"} 1`, `edge_stage_duration_seconds_sum{result="ok",stage="render"} 0`)
		recorded := httptest.NewRecorder()
		m.Handler().ServeHTTP(recorded, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		if strings.Contains(recorded.Body.String(), `result="overloaded"`) {
			t.Error("a refusal counts as a render")
		}
	})
}
