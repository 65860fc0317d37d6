package main

import (
	"testing"

	"pixedge/internal/admit"
	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/origin"
)

func TestGoMemory(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	for _, tt := range []struct {
		renders, kept config.Size
		all, want     uint64
	}{
		{6 * gib, 256 * mib, 10 * gib, 3 * gib},       // what is left
		{9 * gib, 256 * mib, 10 * gib, 384 * mib},     // what is kept needs as much
		{600 * mib, 256 * mib, 1000 * mib, 384 * mib}, // the same
		{300 * mib, 2 * gib, 500 * mib, 450 * mib},    // no more than there is
		{20 * gib, 256 * mib, 10 * gib, 384 * mib},    // more was set than there is
		{6 * gib, 4 * gib, 10 * gib, 5*gib + 64*mib},  // a large cache
	} {
		s := &settings{Admit: admit.Config{Memory: tt.renders}, Cache: cache.Config{Size: tt.kept}}
		if got := goMemory(s, tt.all); got>>10 != tt.want>>10 { // of whole KiB: shares are not
			t.Errorf("of %v, with %v for renders and %v kept, Go gets %v, want %v",
				config.Size(tt.all), tt.renders, tt.kept, config.Size(got), config.Size(tt.want))
		}
	}
}

func TestSourceMemory(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		set, original config.Size
		workers       int
		want          config.Size
	}{
		{0, 32 * mib, 1, 96 * mib}, // three originals
		{0, 32 * mib, 8, 384 * mib},
		{0, 100 * mib, 2, 300 * mib},
		{70 * mib, 32 * mib, 8, 70 * mib}, // as it is set
	} {
		s := &settings{SourceMemory: tt.set, Origin: origin.Limits{MaxBytes: tt.original}}
		if got := s.sourceMemory(tt.workers); got != tt.want {
			t.Errorf("with %v set, %d workers and originals of %v: %v, want %v", tt.set, tt.workers, tt.original, got, tt.want)
		}
	}
}
