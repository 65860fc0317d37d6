// Package fault classifies errors by what went wrong, not by where.
//
// A stage that knows why it failed returns a fault with a [Kind] and a message
// that is safe to show to the caller. Everything else about the failure (the
// wrapped error, file names, upstream hosts) is for the log. The web layer, and
// only the web layer, turns a Kind into an HTTP status.
//
// An error that carries no Kind is [Internal]: forgetting to classify is safe.
//
// The package knows no HTTP, writes no log and retries nothing.
package fault

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"
)

// A Kind says what went wrong.
type Kind uint8

// The kinds of failure. A new kind needs a row in the table in web/status.go;
// TestEveryKindHasStatus fails without it.
const (
	Internal      Kind = iota // a bug, or something nobody classified
	Invalid                   // the request can never succeed as written
	Unauthorized              // bad, missing or expired signature
	Forbidden                 // understood, and refused: a host or address that is not allowed
	NotFound                  // no such picture, cloud, zone or route
	NotAllowed                // the route exists, the method does not
	TooLong                   // the request line is over its limit
	TooLarge                  // the source has more bytes than the limit
	Unsupported               // a format or operation that is not there
	Unprocessable             // a damaged picture, or more pixels than the limit
	TooMany                   // this caller asks too often
	Overloaded                // try again later
	Upstream                  // the origin failed
	Timeout                   // a deadline passed
	Loop                      // the request is one of our own, come back
	Storage                   // there is no room to keep what was sent
	numKinds
)

// Kinds lists every Kind, for tests that must cover them all.
func Kinds() []Kind {
	kinds := make([]Kind, numKinds)
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

type fault struct {
	kind  Kind
	msg   string        // shown to the caller
	err   error         // logged; may be nil
	after time.Duration // when to try again; 0 if nobody knows
	own   bool          // see Own
}

func (f *fault) Error() string {
	if f.err == nil {
		return f.msg
	}
	return f.msg + ": " + f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// Errorf returns an error of the given kind whose message is safe to show.
func Errorf(kind Kind, format string, args ...any) error {
	return &fault{kind: kind, msg: fmt.Sprintf(format, args...)}
}

// Wrap gives err a kind and a message that is safe to show. It returns nil if
// err is nil.
func Wrap(err error, kind Kind, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &fault{kind: kind, msg: fmt.Sprintf(format, args...), err: err}
}

// Panic returns the error of a panic that was recovered: Internal, with the stack of
// the goroutine for the log.
func Panic(p any) error {
	return Wrap(fmt.Errorf("panic: %v\n%s", p, debug.Stack()), Internal, "internal error")
}

// After returns a fault that also says how long the caller should wait before it
// tries again. An err that is no fault is returned as it is.
func After(err error, wait time.Duration) error {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return err
	}
	again := *f
	again.after = wait
	return &again
}

// RetryAfter returns how long the caller should wait before it tries again, or 0
// if err does not say.
func RetryAfter(err error) time.Duration {
	if f, ok := errors.AsType[*fault](err); ok {
		return f.after
	}
	return 0
}

// Own returns a fault that is the caller's own, as when it was not its turn: somebody
// else who asks for the same may well get it. An err that is no fault is returned as
// it is.
func Own(err error) error {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		return err
	}
	own := *f
	own.own = true
	return &own
}

// IsOwn reports whether err is its caller's own; see [Own].
func IsOwn(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.own
}

// Of reports the kind of err: that of the outermost fault in its chain, Timeout
// for an expired deadline, and Internal for everything else.
func Of(err error) Kind {
	if f, ok := errors.AsType[*fault](err); ok {
		return f.kind
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return Internal
}

// NoRoom reports whether err says that a disk is full, or a share of it.
func NoRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// Message returns what the caller may read about err.
func Message(err error) string {
	f, ok := errors.AsType[*fault](err)
	switch {
	case ok && f.kind != Internal:
		return f.msg
	case Of(err) == Timeout:
		return "timed out"
	}
	return "internal error"
}

// String returns the name used in metrics, logs and JSON errors.
func (k Kind) String() string {
	return [numKinds]string{
		Internal: "internal", Invalid: "invalid", Unauthorized: "unauthorized", Forbidden: "forbidden",
		NotFound: "not_found", NotAllowed: "not_allowed", TooLong: "too_long", TooLarge: "too_large",
		Unsupported: "unsupported", Unprocessable: "unprocessable", TooMany: "too_many",
		Overloaded: "overloaded", Upstream: "upstream", Timeout: "timeout", Loop: "loop", Storage: "storage",
	}[k]
}
