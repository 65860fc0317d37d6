package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"pixedge/internal/admit"
)

// WatchGate adds what a gate counts, under the label gate.
func (m *Metrics) WatchGate(gate string, stats func() admit.Stats) {
	labels := prometheus.Labels{"gate": gate}
	gauge := func(name, help string, read func(admit.Stats) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return read(stats()) }))
	}
	counter := func(name, help string, labels prometheus.Labels, read func(admit.Stats) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return read(stats()) }))
	}
	gauge("edge_admission_budget_bytes", "Memory that work behind the gate may take together.",
		func(s admit.Stats) float64 { return float64(s.Budget) })
	gauge("edge_admission_held_bytes", "Memory of the work let in, by estimate.",
		func(s admit.Stats) float64 { return float64(s.Held) })
	gauge("edge_admission_in_flight", "Work let in and not done.",
		func(s admit.Stats) float64 { return float64(s.Working) })
	gauge("edge_admission_queue", "Work waiting to be let in.",
		func(s admit.Stats) float64 { return float64(s.Waiting) })
	counter("edge_admission_admitted_total", "Work let in.", labels,
		func(s admit.Stats) float64 { return float64(s.Admitted) })
	counter("edge_admission_wait_seconds_total", "Time that the work let in had waited, all together.", labels,
		func(s admit.Stats) float64 { return s.Waited.Seconds() })
	for _, why := range admit.Causes() {
		counter("edge_admission_refused_total", "Work refused, by cause.",
			prometheus.Labels{"gate": gate, "cause": why.String()},
			func(s admit.Stats) float64 { return float64(s.Refused[why]) })
	}
}

// weights compare what renders were thought to take with what they took.
type weights struct{ estimate, peak, ratio prometheus.Histogram }

func newWeights() weights {
	const mebibyte = 1 << 20
	return weights{
		estimate: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "edge_render_estimate_bytes", Help: "Memory that renders were estimated to take.",
			Buckets: prometheus.ExponentialBuckets(4*mebibyte, 2, 10),
		}),
		peak: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "edge_render_peak_bytes", Help: "Memory that renders took at their peak, of a sample: those whose worker held nothing of others.",
			Buckets: prometheus.ExponentialBuckets(4*mebibyte, 2, 10),
		}),
		ratio: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "edge_render_estimate_ratio", Help: "Estimated memory over that taken, of those of the sample that took more than 6 MiB.",
			Buckets: []float64{.125, .25, .5, .71, 1, 1.41, 2, 4, 8},
		}),
	}
}

// slight is how many bytes are too few for a ratio: what an allocator happens to have
// left is as much.
const slight = 6 << 20

// Weigh notes how much memory, in bytes, a render was estimated to take, and how
// much it took at its peak; 0 if that was not measured.
func (m *Metrics) Weigh(estimate, peak int64) {
	m.weight.estimate.Observe(float64(estimate))
	if peak > 0 {
		m.weight.peak.Observe(float64(peak))
	}
	if peak > slight {
		m.weight.ratio.Observe(float64(estimate) / float64(peak))
	}
}
