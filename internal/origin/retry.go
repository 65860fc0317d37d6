package origin

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"

	"pixedge/internal/fault"
)

const (
	// maxAttempts includes the first. A fault that three attempts within
	// seconds do not outlast is one that more of them would only feed.
	maxAttempts = 3

	// Between attempts is a random part of twice firstPause, then of four
	// times; that is full jitter, so that those who failed together do not
	// come back together.
	firstPause = 100 * time.Millisecond

	// maxRetryAfter is how long a source may make us wait. A client would not
	// wait longer; it may as well hear at once that there is no picture now.
	maxRetryAfter = 2 * time.Second
)

// pauses returns how long to wait after each attempt.
func pauses() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: 2, MaxInterval: time.Second,
		RandomizationFactor: 1, // from nothing to twice the interval
	}
}

// A lost attempt failed in a way that passes: the same request may succeed.
type lost struct {
	error

	host *host
	wait time.Duration // as the host asked for; 0: it did not
	sent int           // requests that the host saw of it
}

func (l *lost) Unwrap() error { return l.error }

// again returns the error that tells package backoff whether there is to be
// another attempt, and counts in sent what the host has seen.
func again(err error, sent *int) error {
	l, ok := errors.AsType[*lost](err)
	if !ok {
		return backoff.Permanent(err)
	}
	*sent += max(1, l.sent)
	if *sent >= maxAttempts || !l.host.retry() {
		return backoff.Permanent(err)
	}
	if l.wait > 0 {
		// Not all of those whom it asked to wait at the same moment.
		wait := l.wait + rand.N(firstPause) //nolint:gosec // how long we wait is no secret
		return fmt.Errorf("%w; %w", err, &backoff.RetryAfterError{Duration: wait})
	}
	return err
}

// passing reports whether err, of a request or of reading its answer, is that
// of a connection that may be better the next time. What took too long is not:
// the source has had its time.
func passing(err error) bool {
	if timedOut(err) || fault.Of(err) != fault.Internal {
		return false // the second: we refused it ourselves
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary
	}
	for _, target := range []error{
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED,
		syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// busy reports whether status says that the request may succeed later.
func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter reads the header of this name (RFC 9110, 10.2.3): seconds or a
// date. It is 0 for a time that has come, and for text that is neither.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// A budget says how often requests to a host may be repeated: one for every ten
// requests, and a few more, so that a host that is rarely asked gets its second
// chance and one that is dead not three times the load.
type budget struct {
	mu      sync.Mutex
	balance float64 // in retries
	at      time.Time
}

const (
	perRequest = 0.1 // retries that a request pays in
	perSecond  = 1   // retries that a second pays in, up to fewRetries
	fewRetries = 10
	maxRetries = 100 // saved up at most, by 1000 recent requests
)

func newBudget() budget { return budget{balance: fewRetries, at: time.Now()} }

// deposit counts a request, first or repeated.
func (b *budget) deposit() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	b.balance = min(maxRetries, b.balance+perRequest)
}

// withdraw reports whether a request may be repeated, and counts it if so.
func (b *budget) withdraw() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill()
	const cost = 1 + perRequest // with what the repeated request will pay in
	if b.balance < cost {
		return false
	}
	b.balance -= cost
	return true
}

func (b *budget) refill() {
	now := time.Now()
	earned := now.Sub(b.at).Seconds() * perSecond
	b.at = now
	if b.balance < fewRetries {
		b.balance = min(fewRetries, b.balance+earned)
	}
}
