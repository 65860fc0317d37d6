package worker

import (
	"testing"
	"time"
)

// TestPause doubles the pauses between workers that come to nothing, and only those.
func TestPause(t *testing.T) {
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		lived   time.Duration
		engaged bool
		last    time.Duration
		want    time.Duration
	}{
		"the first":             {20 * ms, false, 0, 50 * ms},
		"the next":              {20 * ms, false, 50 * ms, 100 * ms},
		"the last of many":      {20 * ms, false, time.Second, time.Second},
		"after a while":         {11 * time.Second, false, time.Second, 0},
		"one that was at work":  {20 * ms, true, time.Second, 0},
		"a long life, and work": {time.Hour, true, 0, 0},
	} {
		if got := pauseAfter(tt.lived, tt.engaged, tt.last); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
