package delivery

import (
	"context"
	"errors"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// TestJoinAfterLeaving has two wait for a fetch that is refused for its first one's sake.
// One of them begins the next fetch and leaves it before the other comes to share it.
func TestJoinAfterLeaving(t *testing.T) {
	own := fault.Own(fault.Errorf(fault.Overloaded, "too many are waiting"))
	broken := fault.Errorf(fault.Upstream, "broken")
	for _, tt := range []struct {
		name   string
		ends   func(ctx context.Context) error // the next fetch
		shared bool
	}{
		{"by leaving", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, false},
		{"by a refusal after leaving", func(ctx context.Context) error {
			<-ctx.Done()
			return fault.Own(fault.Wrap(ctx.Err(), fault.Overloaded, "there was no room"))
		}, false},
		{"by itself", func(context.Context) error { return broken }, true},
	} {
		var l originals
		join := func(refused *shared, fetch func(context.Context) error) *shared {
			o, _ := l.join(t.Context(), "a", refused, false, func(ctx context.Context) ([]origin.Original, error) {
				return nil, fetch(ctx)
			})
			return o
		}
		first := join(nil, func(context.Context) error { return own })
		if err := first.wait(t.Context()); !errors.Is(err, own) {
			t.Fatalf("%s: the first fetch: %v", tt.name, err)
		}
		next := join(first, tt.ends)
		if !tt.shared {
			next.release()
		}
		<-next.done
		last := join(first, func(context.Context) error { return nil })
		if (last == next) != tt.shared {
			t.Errorf("the next fetch ended %s: shared %t, want %t", tt.name, last == next, tt.shared)
		}
		<-last.done
	}
}
