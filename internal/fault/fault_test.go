package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pixedge/internal/fault"
)

func TestOf(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7:443: refused")
	tests := []struct {
		name    string
		err     error
		kind    fault.Kind
		message string
	}{
		{"plain", secret, fault.Internal, "internal error"},
		{"classified", fault.Wrap(secret, fault.Upstream, "origin unreachable"), fault.Upstream, "origin unreachable"},
		{"wrapped again", fmt.Errorf("fetch: %w", fault.Errorf(fault.NotFound, "no such image")), fault.NotFound, "no such image"},
		{"deadline", fmt.Errorf("fetch: %w", context.DeadlineExceeded), fault.Timeout, "timed out"},
		{"internal stays private", fault.Wrap(secret, fault.Internal, "pool %d", 7), fault.Internal, "internal error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.Of(tt.err); got != tt.kind {
				t.Errorf("Of = %v, want %v", got, tt.kind)
			}
			if got := fault.Message(tt.err); got != tt.message {
				t.Errorf("Message = %q, want %q", got, tt.message)
			}
		})
	}
}

func TestEveryKindHasName(t *testing.T) {
	for _, k := range fault.Kinds() {
		if k.String() == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}

func TestWrapNil(t *testing.T) {
	if err := fault.Wrap(nil, fault.Upstream, "origin failed"); err != nil {
		t.Errorf("Wrap(nil) = %v, want nil", err)
	}
}
