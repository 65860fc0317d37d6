package admit

import (
	"fmt"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"pixedge/internal/config"
)

// portion is the part of the memory there is that renders get where nobody says
// otherwise. The rest is for what is kept, for originals, and for estimates that
// are too low.
const portion = 0.6

// Settle returns c with a budget: a Memory of 0 becomes a share of what there is.
func (c Config) Settle() (Config, error) {
	if c.Memory > 0 {
		return c, nil
	}
	all, err := Available()
	if err != nil {
		return c, fmt.Errorf("render_memory: it is not known how much memory there is; set one: %w", err)
	}
	c.Memory = config.Size(float64(all) * portion)
	return c, nil
}

// Available returns how many bytes of memory the program may use: what its cgroup
// (version 1 or 2) allows, or else what the machine has.
func Available() (int64, error) {
	machine, err := memlimit.FromSystem()
	if err != nil {
		return 0, err
	}
	// A cgroup may allow more than there is.
	if allowed, err := memlimit.FromCgroup(); err == nil {
		machine = min(machine, allowed)
	}
	return int64(min(machine, math.MaxInt64)), nil
}
