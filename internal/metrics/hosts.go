package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"pixedge/internal/origin"
)

// WatchHosts adds what is counted of the hosts that originals come from, by the
// kind of source: the names of hosts may be any number, and somebody's secret.
func (m *Metrics) WatchHosts(stats func(origin.Kind) origin.Stats) {
	for _, kind := range origin.Kinds() {
		source := prometheus.Labels{"source": kind.String()}
		m.registry.MustRegister(
			prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "edge_fetch_attempts_total", Help: "Requests for originals, redirects and retries included.", ConstLabels: source,
			}, func() float64 { return float64(stats(kind).Attempts) }),
			prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "edge_fetch_retries_total", Help: "Requests for originals that repeat one that failed.", ConstLabels: source,
			}, func() float64 { return float64(stats(kind).Retries) }),
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "edge_fetches_waiting", Help: "Fetches that wait for their turn at a host.", ConstLabels: source,
			}, func() float64 { return float64(stats(kind).Waiting) }),
		)
		for _, state := range []origin.State{origin.Closed, origin.HalfOpen, origin.Open} {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "edge_breaker_changes_total", Help: "Hosts that are not asked for a while because they only fail (open), tried again (half_open) or back (closed).",
				ConstLabels: prometheus.Labels{"source": kind.String(), "state": state.String()},
			}, func() float64 { return float64(stats(kind).Changes[state]) }))
		}
	}
}
