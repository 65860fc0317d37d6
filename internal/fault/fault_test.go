package fault_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

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

func TestRetryAfter(t *testing.T) {
	busy := fault.After(fault.Wrap(context.DeadlineExceeded, fault.Overloaded, "busy"), 7*time.Second)
	if got := fault.RetryAfter(fmt.Errorf("render: %w", busy)); got != 7*time.Second {
		t.Errorf("RetryAfter = %v, want 7s", got)
	}
	if fault.Of(busy) != fault.Overloaded || fault.Message(busy) != "busy" || !errors.Is(busy, context.DeadlineExceeded) {
		t.Errorf("After changed the fault to %v", busy)
	}
	plain := errors.New("plain")
	if err := fault.After(plain, time.Second); !errors.Is(err, plain) || fault.RetryAfter(err) != 0 {
		t.Errorf("After(plain) = %v, RetryAfter %v", err, fault.RetryAfter(err))
	}
	if got := fault.RetryAfter(fault.Errorf(fault.Overloaded, "busy")); got != 0 {
		t.Errorf("RetryAfter = %v, want 0", got)
	}
}

func TestOwn(t *testing.T) {
	busy := fault.Errorf(fault.Overloaded, "busy")
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"a fault", busy, false},
		{"one's own", fault.Own(busy), true},
		{"wrapped", fmt.Errorf("render: %w", fault.After(fault.Own(busy), time.Second)), true},
		{"the reason of another", fault.Wrap(fault.Own(busy), fault.Upstream, "failed"), false},
		{"no fault", fault.Own(errors.New("plain")), false},
		{"none", nil, false},
	} {
		if got := fault.IsOwn(tt.err); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
	if err := fault.Own(busy); fault.Of(err) != fault.Overloaded || fault.Message(err) != "busy" || fault.IsOwn(busy) {
		t.Errorf("Own changed the fault to %v", err)
	}
}

func TestNoRoom(t *testing.T) {
	for err, want := range map[error]bool{
		nil:             false,
		syscall.ENOSPC:  true,
		syscall.EDQUOT:  true,
		syscall.EFBIG:   true,
		syscall.EACCES:  false,
		errors.New("x"): false,
	} {
		if got := fault.NoRoom(fmt.Errorf("write: %w", err)); got != want {
			t.Errorf("NoRoom(%v) = %v", err, got)
		}
	}
}
