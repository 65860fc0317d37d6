package metrics

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// WatchLibrary measures how much a cloud's library holds. usage is asked with each
// reading; ok is false if nobody knows.
func (m *Metrics) WatchLibrary(cloud string, usage func() (bytes, assets int64, ok bool)) {
	for name, of := range map[string]struct {
		help string
		read func(bytes, assets int64) int64
	}{
		"edge_library_bytes":  {"Bytes of the assets in a cloud's library.", func(bytes, _ int64) int64 { return bytes }},
		"edge_library_assets": {"Assets in a cloud's library.", func(_, assets int64) int64 { return assets }},
	} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name, Help: of.help, ConstLabels: prometheus.Labels{"cloud": cloud},
		}, func() float64 {
			bytes, assets, ok := usage()
			if !ok {
				return math.NaN()
			}
			return float64(of.read(bytes, assets))
		}))
	}
}
