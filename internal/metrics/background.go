package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"pixedge/internal/background"
)

// WatchBackground adds what a queue of jobs counts.
func (m *Metrics) WatchBackground(stats func() background.Stats) {
	m.Watch(
		Gauge{"edge_background_queue", "Pictures that wait to be made in the background.", false, func() float64 { return float64(stats().Waiting) }},
		Gauge{"edge_background_in_flight", "Pictures being made in the background, and workers that wait for a quiet moment.", false, func() float64 { return float64(stats().Working) }},
	)
	for result, read := range map[string]func(background.Stats) int64{
		"done":    func(s background.Stats) int64 { return s.Done },
		"failed":  func(s background.Stats) int64 { return s.Failed },
		"dropped": func(s background.Stats) int64 { return s.Dropped },
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "edge_background_total", Help: "Pictures made in the background, or not, by result.", ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(read(stats())) }))
	}
}
