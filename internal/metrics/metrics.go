// Package metrics turns what happens into Prometheus metrics.
//
// It wraps the stages from outside: a wrapper is a stage that times the stage
// it holds. No other package imports the Prometheus client, and no stage knows
// that it is measured. The names are listed in docs/metrics.md.
package metrics

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/rendition"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/web"
	"pixedge/internal/worker"
)

// Metrics holds what is measured.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration prometheus.Histogram
	out, in  prometheus.Counter
	stage    *prometheus.HistogramVec
	weight   weights
	replaced prometheus.Histogram
	served   *[600]atomic.Pointer[prometheus.Counter] // delivery requests by status: no hashing on a hit
}

// New returns metrics that have measured nothing.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "edge_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "edge_request_duration_seconds", Help: "Time from a request's arrival to its picture.",
			Buckets: prometheus.ExponentialBuckets(.00005, 2, 20),
		}),
		out: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "edge_sent_bytes_total", Help: "Bytes of the bodies sent to clients.",
		}),
		in: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "edge_fetched_bytes_total", Help: "Bytes of the originals fetched.",
		}),
		stage: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "edge_stage_duration_seconds", Help: "Time spent in a stage, by how it ended.",
			Buckets: prometheus.ExponentialBuckets(.0005, 2, 16),
		}, []string{"stage", "result"}),
		weight: newWeights(),
		replaced: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "edge_worker_replacement_seconds", Help: "Time that a worker process which has ended was missing: 0 where a spare one took its place.",
			Buckets: []float64{.001, .025, .05, .075, .1, .15, .25, .5, 1, 5},
		}),
		served: new([600]atomic.Pointer[prometheus.Counter]),
	}
	m.registry.MustRegister(m.requests, m.duration, m.out, m.in, m.stage,
		m.weight.estimate, m.weight.peak, m.weight.ratio, m.replaced,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Record measures a request. It is a method of web.Recorder.
func (m *Metrics) Record(o web.Observation) {
	m.counter(o).Inc()
	if o.Cache != "" {
		m.duration.Observe(o.Elapsed.Seconds())
	}
	m.out.Add(float64(o.Bytes))
}

func (m *Metrics) counter(o web.Observation) prometheus.Counter {
	if o.Cache == "" || o.Status >= len(m.served) {
		return m.requests.WithLabelValues(o.Route, strconv.Itoa(o.Status))
	}
	slot := &m.served[o.Status]
	if c := slot.Load(); c != nil {
		return *c
	}
	c := m.requests.WithLabelValues(o.Route, strconv.Itoa(o.Status))
	slot.Store(&c)
	return c
}

// A Gauge is a number that is read when it is asked for.
type Gauge struct {
	Name, Help string
	Counter    bool // it only grows
	Read       func() float64
}

// Watch adds gauges.
func (m *Metrics) Watch(gauges ...Gauge) {
	for _, g := range gauges {
		if g.Counter {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: g.Name, Help: g.Help}, g.Read))
			continue
		}
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.Name, Help: g.Help}, g.Read))
	}
}

// WatchCache adds what a cache counts.
func (m *Metrics) WatchCache(stats func() cache.Stats) {
	m.Watch(
		Gauge{"edge_cache_hits_total", "Pictures found in memory.", true, func() float64 { return float64(stats().Hits) }},
		Gauge{"edge_cache_misses_total", "Pictures that had to be made.", true, func() float64 { return float64(stats().Misses) }},
		Gauge{"edge_cache_coalesced_total", "Requests that waited for a picture another request was making.", true, func() float64 { return float64(stats().Coalesced) }},
		Gauge{"edge_cache_entries", "Pictures in memory.", false, func() float64 { return float64(stats().Entries) }},
		Gauge{"edge_cache_bytes", "Memory of the pictures kept.", false, func() float64 { return float64(stats().Bytes) }},
	)
}

// WatchClients adds what a site counts of its connections.
func (m *Metrics) WatchClients(stats func() web.ClientStats) {
	m.Watch(
		Gauge{"edge_connections", "Connections of clients.", false, func() float64 { return float64(stats().Connections) }},
		Gauge{"edge_connections_refused_total", "Connections closed because there were too many.", true, func() float64 { return float64(stats().Refused) }},
	)
}

// WatchRepeats adds what is counted of requests that came before.
func (m *Metrics) WatchRepeats(stats func() web.RepeatStats) {
	m.Watch(
		Gauge{"edge_repeats_total", "Requests answered without being parsed, since the same bytes came before.", true, func() float64 { return float64(stats().Answered) }},
		Gauge{"edge_repeats_bytes", "Memory of the requests remembered for that.", false, func() float64 { return float64(stats().Bytes) }},
	)
}

// WatchRenderer adds what a renderer counts.
func (m *Metrics) WatchRenderer(stats func() transform.Stats) {
	m.Watch(
		Gauge{"edge_renders_in_flight", "Pictures being rendered.", false, func() float64 { return float64(stats().Rendering) }},
		Gauge{"edge_render_queue", "Pictures waiting for a worker.", false, func() float64 { return float64(stats().Waiting) }},
		Gauge{"edge_decodes_total", "Originals decoded.", true, func() float64 { return float64(stats().Decodes) }},
		Gauge{"edge_decoded_pixels_total", "Pixels of the originals decoded, as small as they were decoded.", true, func() float64 { return float64(stats().Pixels) }},
		Gauge{"edge_encodes_total", "Results encoded.", true, func() float64 { return float64(stats().Encodes) }},
	)
}

// WatchVips adds the memory of libvips in this process.
func (m *Metrics) WatchVips(memory func() (now, peak int64)) {
	m.Watch(
		Gauge{"edge_vips_memory_bytes", "Memory that libvips holds for pixels.", false, func() float64 { now, _ := memory(); return float64(now) }},
		Gauge{"edge_vips_memory_peak_bytes", "Most memory that libvips ever held for pixels.", false, func() float64 { _, peak := memory(); return float64(peak) }},
	)
}

// WatchWorkers adds what a pool of worker processes counts besides its renders.
func (m *Metrics) WatchWorkers(stats func() worker.Stats) {
	m.Watch(Gauge{"edge_worker_peak_bytes", "Largest resident memory that a worker has come to.", false, func() float64 { return float64(stats().Peak) }})
	for _, cause := range worker.Causes() {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "edge_workers_ended_total", Help: "Worker processes that have ended, by cause.", ConstLabels: prometheus.Labels{"cause": cause.String()},
		}, func() float64 { return float64(stats().Ended[cause]) }))
	}
}

// Replaced notes for how long a worker that has ended was missing.
func (m *Metrics) Replaced(missing time.Duration) { m.replaced.Observe(missing.Seconds()) }

// WatchRenditions adds what a store of renditions counts.
func (m *Metrics) WatchRenditions(stats func() rendition.Stats) {
	m.Watch(
		Gauge{"edge_rendition_hits_total", "Times that pixels which were kept of an original saved a decoding or a resizing.", true, func() float64 { return float64(stats().Hits) }},
		Gauge{"edge_renditions_made_total", "Renditions made: pixels of originals in demand.", true, func() float64 { return float64(stats().Made) }},
		Gauge{"edge_renditions_evicted_total", "Renditions given up for others, or because nobody asked for them.", true, func() float64 { return float64(stats().Evicted) }},
		Gauge{"edge_renditions", "Renditions in memory.", false, func() float64 { return float64(stats().Count) }},
		Gauge{"edge_rendition_bytes", "Memory of the renditions kept.", false, func() float64 { return float64(stats().Bytes) }},
	)
}

// WatchShared adds what there is of memory that workers see.
func (m *Metrics) WatchShared(stats func() shm.Stats) {
	m.Watch(
		Gauge{"edge_shared_bytes", "Memory of originals that workers see, in use.", false, func() float64 { return float64(stats().Live) }},
		Gauge{"edge_shared_idle_bytes", "Memory kept for the next originals.", false, func() float64 { return float64(stats().Idle) }},
	)
}

// Fetcher measures next.
func (m *Metrics) Fetcher(next delivery.Fetcher) delivery.Fetcher { return fetcher{m, next} }

// Renderer measures next.
func (m *Metrics) Renderer(next delivery.Renderer) delivery.Renderer { return renderer{m, next} }

type fetcher struct {
	m    *Metrics
	next delivery.Fetcher
}

func (f fetcher) Fetch(ctx context.Context, name string) (o origin.Original, err error) {
	defer f.m.observe("fetch", time.Now(), &err)
	o, err = f.next.Fetch(ctx, name)
	f.m.in.Add(float64(len(o.Data)))
	return o, err
}

type renderer struct {
	m    *Metrics
	next delivery.Renderer
}

// Render measures what is done once there is room: neither the waiting for that, nor
// what was refused because of it.
func (r renderer) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	began, refused := time.Now(), false
	if admit := job.Admit; admit != nil {
		job.Admit = func(ctx context.Context, n transform.Need) (leave func(done bool), err error) {
			asked := time.Now()
			leave, err = admit(ctx, n)
			began, refused = began.Add(time.Since(asked)), err != nil
			return leave, err
		}
	}
	img, err := r.next.Render(ctx, job)
	if !refused {
		r.m.observe("render", began, &err)
	}
	return img, err
}

func (r renderer) Inspect(ctx context.Context, picture media.Image, most transform.Limits) (info transform.Info, err error) {
	defer r.m.observe("inspect", time.Now(), &err)
	return r.next.Inspect(ctx, picture, most)
}

func (m *Metrics) observe(stage string, start time.Time, err *error) {
	result := "ok"
	if *err != nil {
		result = fault.Of(*err).String()
	}
	m.stage.WithLabelValues(stage, result).Observe(time.Since(start).Seconds())
}
