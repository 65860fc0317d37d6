package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/blob/blobtest"
	"pixedge/internal/fault"
)

func TestS3Config(t *testing.T) {
	tests := []struct {
		name string
		c    blob.S3Config
		want string // part of the error
	}{
		{"no bucket", blob.S3Config{}, "bucket"},
		{"half of the keys", blob.S3Config{Bucket: "b", AccessKey: "a"}, "secret key"},
		{"other half", blob.S3Config{Bucket: "b", SecretKey: "s"}, "access key"},
		{"bad prefix", blob.S3Config{Bucket: "b", Prefix: "a/../b"}, "prefix"},
		{"endpoint without scheme", blob.S3Config{Bucket: "b", Endpoint: "127.0.0.1:9000"}, "endpoint"},
		{"endpoint of another scheme", blob.S3Config{Bucket: "b", Endpoint: "ftp://127.0.0.1"}, "endpoint"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := blob.NewS3(t.Context(), tt.c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("NewS3 = %v, want an error about %s", err, tt.want)
			}
		})
	}
}

func TestS3Prefix(t *testing.T) {
	server := blobtest.StartS3(t)
	write(t, filepath.Join(server.Dir, "outside.jpg"), "outside")
	for _, prefix := range []string{"photos", "/photos/", "photos/"} {
		s := newS3(t, server.Config(prefix))
		if _, err := s.Put(t.Context(), "a/b.jpg", strings.NewReader(prefix), blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(server.Dir, "photos", "a", "b.jpg")); string(got) != prefix {
			t.Errorf("prefix %q: the bucket holds %q, %v", prefix, got, err)
		}
		if got := keys(t, s); !slices.Equal(got, []string{"a/b.jpg"}) {
			t.Errorf("prefix %q: List = %q", prefix, got)
		}
	}
	if got := keys(t, newS3(t, server.Config(""))); !slices.Equal(got, []string{"outside.jpg", "photos/a/b.jpg"}) {
		t.Errorf("List of the whole bucket = %q", got)
	}
}

func TestS3Refused(t *testing.T) {
	server := blobtest.StartS3(t)
	wrongKey := server.Config("")
	wrongKey.SecretKey = "not the secret"
	noBucket := server.Config("")
	noBucket.Bucket = "other-bucket"
	for _, c := range []blob.S3Config{wrongKey, noBucket} {
		s := newS3(t, c)
		_, err := s.Open(t.Context(), "key", blob.Range{})
		wantUpstream(t, "Open", err, server.Endpoint)
		_, err = s.Put(t.Context(), "key", strings.NewReader("x"), blob.PutOptions{})
		wantUpstream(t, "Put", err, server.Endpoint)
		for _, err := range s.List(t.Context(), "") {
			wantUpstream(t, "List", err, server.Endpoint)
		}
	}
}

func wantUpstream(t *testing.T, what string, err error, endpoint string) {
	t.Helper()
	host := strings.TrimPrefix(endpoint, "http://")
	if fault.Of(err) != fault.Upstream || errors.Is(err, fs.ErrNotExist) || strings.Contains(fault.Message(err), host) {
		t.Errorf("%s: %v of kind %v, message %q; want a failure of the store", what, err, fault.Of(err), fault.Message(err))
	}
}

// TestS3Faults has a server that fails in all the ways a server can.
func TestS3Faults(t *testing.T) {
	tests := []struct {
		name     string
		answer   http.HandlerFunc
		kind     fault.Kind
		requests int32 // how many the store should make
	}{
		{"error", status(500, "<Error><Code>InternalError</Code></Error>"), fault.Upstream, 3},
		{"slow down", status(503, "<Error><Code>SlowDown</Code></Error>"), fault.Upstream, 3},
		{"refused", status(403, "<Error><Code>AccessDenied</Code></Error>"), fault.Upstream, 1},
		{"absent", status(404, "<Error><Code>NoSuchKey</Code></Error>"), fault.NotFound, 1},
		{"no bucket", status(404, "<Error><Code>NoSuchBucket</Code></Error>"), fault.Upstream, 1},
		{"garbage", status(400, "\x00\xff<<<"), fault.Upstream, 1},
		{"reset", reset, fault.Upstream, 3},
		{"truncated", truncated, fault.Upstream, 1},
		{"wrong checksum", wrongChecksum, fault.Upstream, 1},
		{"no range", status(200, "the whole"), fault.Upstream, 1},
		{"silent", silent, fault.Timeout, 1},
		{"stalled body", stalled, fault.Timeout, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				tt.answer(w, r)
			})
			ctx := t.Context()
			if tt.kind == fault.Timeout {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 2*time.Second) // the request must be there by then
				defer cancel()
			}
			r := blob.Range{}
			if tt.name == "no range" {
				r.Offset = 1
			}
			err := readAll(ctx, s, r)
			if err == nil || fault.Of(err) != tt.kind || requests.Load() != tt.requests {
				t.Errorf("%v of kind %v after %d requests, want kind %v after %d", err, fault.Of(err), requests.Load(), tt.kind, tt.requests)
			}
		})
	}
}

func TestS3Recovers(t *testing.T) {
	var requests atomic.Int32
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) < 3 {
			http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		if string(body) != "the body" {
			t.Errorf("attempt has body %q", body)
		}
	})
	// The reader cannot be read twice; the store must.
	_, err := s.Put(t.Context(), "key", io.LimitReader(strings.NewReader("the body"), 100), blob.PutOptions{})
	if err != nil || requests.Load() != 3 {
		t.Errorf("Put = %v after %d requests, want success after 3", err, requests.Load())
	}
}

// TestS3Temporaries puts bodies that do not fit in memory.
func TestS3Temporaries(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	sent := 0
	s := fakeS3(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		sent = int(n)
		if r.URL.Path == "/media/refused" {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	body := strings.Repeat("x", 5<<20)
	if _, err := s.Put(t.Context(), "key", strings.NewReader(body), blob.PutOptions{}); err != nil || sent != len(body) {
		t.Errorf("Put = %v, and the server got %d bytes", err, sent)
	}
	if _, err := s.Put(t.Context(), "refused", strings.NewReader(body), blob.PutOptions{}); fault.Of(err) != fault.Upstream {
		t.Errorf("Put = %v, want it refused", err)
	}
	cause := errors.New("the client has gone")
	broken := io.MultiReader(strings.NewReader(body), iotest.ErrReader(cause))
	if _, err := s.Put(t.Context(), "broken", broken, blob.PutOptions{}); !errors.Is(err, cause) {
		t.Errorf("Put = %v, want the error of the body", err)
	}
	if left := files(t, temp); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Setenv("TMPDIR", filepath.Join(temp, "full"))
	if _, err := s.Put(t.Context(), "key", strings.NewReader(body), blob.PutOptions{}); fault.Message(err) != "storage failed" {
		t.Errorf("Put without a place for temporaries = %v, message %q", err, fault.Message(err))
	}
}

func TestS3HeaderTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(silent))
	t.Cleanup(server.Close)
	s := newS3(t, blob.S3Config{
		Bucket: "media", Endpoint: server.URL, PathStyle: true, AccessKey: "a", SecretKey: "s",
		HeaderTimeout: 20 * time.Millisecond,
	})
	if err := readAll(t.Context(), s, blob.Range{}); fault.Of(err) != fault.Timeout {
		t.Errorf("error %v is of kind %v, want timeout", err, fault.Of(err))
	}
}

func fakeS3(t *testing.T, answer http.HandlerFunc) blob.Store {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return newS3(t, blob.S3Config{Bucket: "media", Endpoint: server.URL, PathStyle: true, AccessKey: "a", SecretKey: "s"})
}

func readAll(ctx context.Context, s blob.Store, r blob.Range) error {
	o, err := s.Open(ctx, "key", r)
	if err != nil {
		return err
	}
	defer o.Close()
	_, err = io.Copy(io.Discard, o)
	return err
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, "only this")
}

func wrongChecksum(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	fmt.Fprint(w, "not a body with a sum of zero")
}

func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func stalled(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, "some")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}
