package main

import (
	"fmt"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"pixedge/internal/admit"
	"pixedge/internal/config"
)

// reserve is the part of the memory there is, one in so many, that is left to what
// nobody counts: stacks, codecs, what the kernel keeps for us.
const reserve = 10

// limitMemory divides the memory there is: it gives renders their budget, if s
// leaves it open, and tells the Go runtime to stay within what is left, so that it
// collects garbage before the kernel kills. It returns the runtime's limit, which a
// GOMEMLIMIT in the environment overrides.
func limitMemory(s *settings) (config.Size, error) {
	var err error
	if s.Admit, err = s.Admit.Settle(); err != nil {
		return 0, err
	}
	all, err := admit.Available()
	if err != nil {
		return 0, nil //nolint:nilerr // render_memory is set, and without a limit the runtime does as ever
	}
	limit, err := memlimit.Set(
		memlimit.WithProvider(memlimit.Limit(goMemory(s, uint64(all)))), //nolint:gosec // memory is not negative
		memlimit.WithRatio(1),
	)
	if err != nil {
		return 0, fmt.Errorf("memory limit: %w", err)
	}
	return config.Size(limit), nil
}

// goMemory is what the Go runtime may use of all there is: what renders and renditions leave, but
// not so little that it would do nothing but collect garbage, with all the pictures
// that are kept.
func goMemory(s *settings, all uint64) uint64 {
	usable := all - all/reserve
	taken := uint64(s.Admit.Memory) + uint64(s.Rendition.Memory) //nolint:gosec // sizes are not negative
	left := usable - min(usable, taken)
	kept := uint64(s.Cache.Size) //nolint:gosec // the same
	return min(max(left, kept+kept/4+64<<20), usable)
}
