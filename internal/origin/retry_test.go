package origin_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// TestRetry has a host that fails a few times and then has the picture.
func TestRetry(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, value := range header {
				w.Header().Set("Retry-After", value)
			}
			w.WriteHeader(code)
		}
	}
	soon := time.Now().Add(time.Second).UTC().Format(http.TimeFormat)
	tests := []struct {
		name     string
		fails    http.HandlerFunc
		times    int32 // that it fails
		kind     fault.Kind
		requests int32
	}{
		{"502", status(502), 2, fault.Internal, 3},
		{"503", status(503), 1, fault.Internal, 2},
		{"504", status(504), 1, fault.Internal, 2},
		{"429", status(429), 1, fault.Internal, 2},
		{"503 too often", status(503), 3, fault.Upstream, 3},
		{"500", status(500), 1, fault.Upstream, 1},
		{"403", status(403), 1, fault.Upstream, 1},
		{"404", status(404), 1, fault.NotFound, 1},
		{"after a second", status(503, "1"), 1, fault.Internal, 2},
		{"after a date", status(503, soon), 1, fault.Internal, 2},
		{"after a minute", status(503, "60"), 1, fault.Upstream, 1},
		{"after nonsense", status(503, "-1 whenever"), 1, fault.Internal, 2},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 2, fault.Internal, 3},
		{"short", resetWithin, 2, fault.Internal, 3},
		{"page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, 1, fault.Unsupported, 1},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(picture, 1000)) }, 1, fault.TooLarge, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) <= tt.times {
					tt.fails(w, r)
					return
				}
				fmt.Fprint(w, picture)
			})
			o, err := remote(t, origin.Limits{MaxBytes: 10_000, Timeout: patience}, s.URL).Fetch(t.Context(), s.URL)
			if tt.kind == fault.Internal && (err != nil || string(o.Data) != picture) {
				t.Errorf("Fetch = %q, %v; want the picture", o.Data, err)
			}
			if tt.kind != fault.Internal && fault.Of(err) != tt.kind || requests.Load() != tt.requests {
				t.Errorf("Fetch = %v of kind %v after %d requests, want %v after %d", err, fault.Of(err), requests.Load(), tt.kind, tt.requests)
			}
		})
	}
}

// TestRetryAfterIsHeeded holds that the host is left alone for as long as it
// asked for.
func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	var first time.Time
	var waited time.Duration
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if first.IsZero() {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		waited = time.Since(first)
		fmt.Fprint(w, picture)
	})
	if _, err := remote(t, roomy(), s.URL).Fetch(t.Context(), s.URL); err != nil || waited < time.Second {
		t.Errorf("Fetch = %v after %v, want the picture after a second", err, waited)
	}
}

// TestRetryWithinDeadline holds that nothing is waited for that would come too
// late, and that the failure is then that of the host.
func TestRetryWithinDeadline(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := remote(t, origin.Limits{MaxBytes: 1000, Timeout: 1900 * time.Millisecond}, s.URL).Fetch(t.Context(), s.URL)
	wantFault(t, err, fault.Upstream, "origin failed")
}

// TestRetryRefusedConnection has nobody listen.
func TestRetryRefusedConnection(t *testing.T) {
	t.Parallel()
	const address = "127.0.0.1:1" // a free port may be another test's in a moment
	h := hosts()
	source, err := origin.Remote(h, []string{address}, local())
	if err != nil {
		t.Fatal(err)
	}
	_, err = origin.New(roomy(), source).Fetch(t.Context(), "http://"+address)
	wantFault(t, err, fault.Upstream, "origin failed")
	if s := h.Stats(origin.KindRemote); s.Attempts != 3 || s.Retries != 2 {
		t.Errorf("%d attempts, %d of them retries; want 3 and 2", s.Attempts, s.Retries)
	}
}

// TestRetryOnKeptConnection has net/http itself ask again, and holds that the
// host is not asked more often for that.
func TestRetryOnKeptConnection(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			requests.Add(1)
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, picture)
	})
	f := remote(t, roomy(), s.URL)
	if _, err := f.Fetch(t.Context(), s.URL); err != nil {
		t.Fatal(err)
	}
	_, err := f.Fetch(t.Context(), s.URL+"/gone")
	wantFault(t, err, fault.Upstream, "origin failed")
	if requests.Load() != 3 {
		t.Errorf("%d requests, want 3", requests.Load())
	}
}

// TestRetryBudget holds that a dead host gets hardly more requests than clients
// make.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1)%25 == 0 {
			w.WriteHeader(http.StatusNotFound) // keeps the breaker shut
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	h := hosts()
	f := origin.New(roomy(), webOf(t, h, s.URL, local()))
	const fetches = 300
	began := time.Now()
	for i := range fetches {
		if _, err := f.Fetch(t.Context(), strconv.Itoa(i)); err == nil {
			t.Fatal("Fetch succeeds")
		}
	}
	most := int64(fetches/10 + 10 + 1 + time.Since(began)/time.Second)
	if got := h.Stats(origin.KindHTTP).Retries; got < 10 || got > most {
		t.Errorf("%d retries for %d fetches, want from 10 to %d", got, fetches, most)
	}
}

// TestRetryTLS holds that a certificate that is not trusted is not asked for
// again.
func TestRetryTLS(t *testing.T) {
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(nil)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports each handshake that fails
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	link := "https://localhost:" + port // a name that is not in the certificate
	_, err := remote(t, roomy(), link).Fetch(t.Context(), link)
	wantFault(t, err, fault.Upstream, "origin failed")
	if connections.Load() != 1 {
		t.Errorf("%d connections, want 1", connections.Load())
	}
}

// TestBucketRetry holds that a bucket is asked three times at most, whether the
// answer fails or the body, and that it counts as a host.
func TestBucketRetry(t *testing.T) {
	failing := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, "<Error><Code>SlowDown</Code></Error>")
		}
	}
	tests := []struct {
		name     string
		fails    http.HandlerFunc
		times    int32
		kind     fault.Kind
		requests int32
	}{
		{"slow down", failing(503), 2, fault.Internal, 3},
		{"slow down too often", failing(503), 9, fault.Upstream, 3},
		{"error", failing(500), 1, fault.Internal, 2},
		{"short", resetWithin, 2, fault.Internal, 3},
		{"always short", resetWithin, 9, fault.Upstream, 3},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 2, fault.Internal, 3},
		{"refused", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<Error><Code>AccessDenied</Code></Error>")
		}, 1, fault.Upstream, 1},
		{"absent", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<Error><Code>NoSuchKey</Code></Error>")
		}, 1, fault.NotFound, 1},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, "<<<\xff")
		}, 1, fault.Upstream, 1},
		{"stall", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			stall(w, r)
		}, 1, fault.Timeout, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) <= tt.times {
					tt.fails(w, r)
					return
				}
				_, _ = io.WriteString(w, picture)
			})
			store, err := blob.NewS3(t.Context(), blob.S3Config{
				Bucket: "media", Endpoint: s.URL, PathStyle: true, AccessKey: "a", SecretKey: "s", MaxAttempts: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			h := hosts()
			limits := origin.Limits{MaxBytes: 1 << 20, Timeout: patience}
			if tt.kind == fault.Timeout {
				limits.Timeout = 2 * time.Second // the request must be there by then
			}
			_, err = origin.New(limits, origin.Bucket(h, s.URL, store)).Fetch(t.Context(), "a.png")
			if tt.kind == fault.Internal && err != nil || tt.kind != fault.Internal && fault.Of(err) != tt.kind {
				t.Errorf("Fetch = %v of kind %v, want %v", err, fault.Of(err), tt.kind)
			}
			if n := requests.Load(); n != tt.requests || h.Stats(origin.KindS3).Attempts != int64(n) {
				t.Errorf("%d requests, %d counted; want %d", n, h.Stats(origin.KindS3).Attempts, tt.requests)
			}
		})
	}
}
