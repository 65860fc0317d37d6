package main

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

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

// built returns when the last change was made of what this program was built of, if the
// build noted that.
func built() (at time.Time, ok bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}, false
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, err := time.Parse(time.RFC3339, s.Value)
			return at, err == nil
		}
	}
	return time.Time{}, false
}

// tellClock warns of a clock that must be wrong: it is before the program was made. Then
// signatures that have expired are good.
func tellClock(log *slog.Logger, now, built time.Time) {
	if now.Before(built) {
		log.Warn("the clock is before this program was built, and signed URLs expire by it",
			"clock", now.UTC().Format(time.RFC3339), "built", built.UTC().Format(time.RFC3339))
	}
}
