package main

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/alecthomas/kong"

	"pixedge/internal/config"
)

// boundaries are the keys of the settings that bound what a picture, a client or a source
// can take.
func boundaries() []string {
	return []string{
		"render_memory", "rendition_memory", "cache_size", "render_isolation", "worker_memory", "render_timeout",
		"request_timeout", "queue_timeout", "render_queue", "fetch_timeout", "max_misses", "max_fetches_per_host",
		"max_bytes", "max_pixels", "max_side", "max_frames", "max_decode_memory", "max_upload", "header_size",
	}
}

// tellLimits logs what is in force: which formats are let in to which libvips, the limit of
// the Go runtime's memory, and the settings that are boundaries, as edge.yaml has them.
func tellLimits(log *slog.Logger, r *rendering, memory config.Size, flags []*kong.Flag) {
	reads := make([]string, len(r.readable))
	for i, f := range r.readable {
		reads[i] = f.String()
	}
	attrs := []any{"libvips", r.version, "reads", reads, "gomemlimit", memory.String()}
	named := boundaries()
	for _, f := range flags {
		if key, ok := config.KeyOf(f); ok && slices.Contains(named, key) {
			attrs = append(attrs, key, fmt.Sprint(f.Target.Interface()))
		}
	}
	log.Info("limits", attrs...)
}
