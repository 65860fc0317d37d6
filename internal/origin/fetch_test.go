package origin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
)

// picture is enough of a PNG file to be taken for one.
const picture = "\x89PNG\r\n\x1a\nthe rest is for others to look at"

// A fake is a source that answers with what it is.
type fake struct {
	body   string
	size   int64 // 0: as long as body is
	tail   error // instead of the end of body
	err    error
	asks   int
	closed bool
}

func (f *fake) Close() error {
	f.closed = true
	return nil
}

func (f *fake) Open(context.Context, string) (origin.Body, error) {
	f.asks++
	if f.err != nil {
		return origin.Body{}, f.err
	}
	size := f.size
	if size == 0 {
		size = int64(len(f.body))
	}
	body := io.Reader(strings.NewReader(f.body))
	if f.tail != nil {
		body = io.MultiReader(body, iotest.ErrReader(f.tail))
	}
	return origin.Body{ReadCloser: struct {
		io.Reader
		io.Closer
	}{body, f}, Size: size}, nil
}

func TestFetchOrder(t *testing.T) {
	has := &fake{body: picture}
	absent := &fake{err: fmt.Errorf("stat: %w", fs.ErrNotExist)}
	broken := &fake{err: errors.New("dial tcp 10.0.0.1: refused")}
	refuses := &fake{err: fault.Errorf(fault.Forbidden, "host not allowed")}
	page := &fake{body: "<html>"}
	tests := []struct {
		name    string
		sources []origin.Source
		kind    fault.Kind // unless the picture comes
		message string     // empty: the picture comes
	}{
		{"none", nil, fault.NotFound, "no such picture"},
		{"first", []origin.Source{has, broken}, 0, ""},
		{"absent, then there", []origin.Source{absent, absent, has}, 0, ""},
		{"broken, then there", []origin.Source{broken, has}, 0, ""},
		{"not an image, then there", []origin.Source{page, has}, 0, ""},
		{"absent everywhere", []origin.Source{absent, absent}, fault.NotFound, "no such picture"},
		{"broken, then absent", []origin.Source{broken, absent}, fault.Upstream, "origin failed"},
		{"absent, then broken", []origin.Source{absent, broken}, fault.Upstream, "origin failed"},
		{"first failure counts", []origin.Source{refuses, broken}, fault.Forbidden, "host not allowed"},
		{"not an image", []origin.Source{page}, fault.Unsupported, "not an image"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := origin.New(roomy(), tt.sources...).Fetch(t.Context(), "a.png")
			if tt.message == "" {
				if err != nil || string(got.Data) != picture || got.Format != media.PNG {
					t.Errorf("Fetch = %q, %v, %v; want the picture", got.Data, got.Format, err)
				}
				return
			}
			if fault.Of(err) != tt.kind || fault.Message(err) != tt.message {
				t.Errorf("Fetch = %v (%v, %q), want %v, %q", err, fault.Of(err), fault.Message(err), tt.kind, tt.message)
			}
		})
	}
	if has.asks == 0 || absent.asks == 0 {
		t.Error("sources were not asked")
	}
}

func TestFetchStopsAtFirst(t *testing.T) {
	second := &fake{body: picture}
	if _, err := origin.New(roomy(), &fake{body: picture}, second).Fetch(t.Context(), "a"); err != nil || second.asks != 0 {
		t.Errorf("Fetch = %v and asks the second source %d times", err, second.asks)
	}
}

func TestFetchSizes(t *testing.T) {
	const most = 64
	full := picture + strings.Repeat("x", most-len(picture))
	tests := []struct {
		name   string
		source fake
		kind   fault.Kind // Internal: the picture comes
	}{
		{"at the limit", fake{body: full}, fault.Internal},
		{"at the limit, not announced", fake{body: full, size: -1}, fault.Internal},
		{"over the limit", fake{body: full + "x"}, fault.TooLarge},
		{"over the limit, not announced", fake{body: full + "x", size: -1}, fault.TooLarge},
		{"announced over the limit", fake{body: picture, size: most + 1}, fault.TooLarge},
		{"announced far over the limit", fake{body: picture, size: 1 << 62}, fault.TooLarge},
		{"shorter than announced", fake{body: picture, size: int64(len(picture)) + 1}, fault.Upstream},
		{"longer than announced", fake{body: picture, size: int64(len(picture)) - 1}, fault.Upstream},
		{"wrong checksum", fake{body: picture, tail: errors.New("wrong checksum")}, fault.Upstream},
		{"broken, not announced", fake{body: picture, size: -1, tail: errors.New("reset")}, fault.Upstream},
		{"empty", fake{size: -1}, fault.Unsupported},
		{"nothing of what was announced", fake{size: 10}, fault.Upstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := origin.New(origin.Limits{MaxBytes: most, Timeout: patience}, &tt.source).Fetch(t.Context(), "a.png")
			if tt.kind == fault.Internal {
				if err != nil || string(got.Data) != tt.source.body {
					t.Errorf("Fetch = %q, %v; want the picture", got.Data, err)
				}
			} else if fault.Of(err) != tt.kind {
				t.Errorf("Fetch = %v of kind %v, want %v", err, fault.Of(err), tt.kind)
			}
			if !tt.source.closed {
				t.Error("the body is not closed")
			}
		})
	}
}

// waiting is a source that answers only when time is up.
type waiting struct{ err error }

func (w waiting) Open(ctx context.Context, _ string) (origin.Body, error) {
	<-ctx.Done()
	if w.err != nil {
		return origin.Body{}, w.err
	}
	return origin.Body{ReadCloser: io.NopCloser(iotest.ErrReader(ctx.Err())), Size: -1}, nil
}

func TestFetchTimeout(t *testing.T) {
	limits := origin.Limits{MaxBytes: 1 << 20, Timeout: 10 * time.Millisecond}
	// The second source might have had the picture, so "not found" is no answer.
	for _, first := range []origin.Source{waiting{}, waiting{fs.ErrNotExist}} {
		second := &fake{body: picture}
		_, err := origin.New(limits, first, second).Fetch(t.Context(), "a.png")
		if fault.Of(err) != fault.Timeout || second.asks != 0 {
			t.Errorf("Fetch = %v of kind %v, second source asked %d times; want a timeout", err, fault.Of(err), second.asks)
		}
	}
}

func TestFetchCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := origin.New(roomy(), &fake{body: picture}).Fetch(ctx, "a.png"); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch = %v, want that it was canceled", err)
	}
}

func TestStore(t *testing.T) {
	blobs := blob.NewMem()
	info, err := blobs.Put(t.Context(), "dir/a b.png", bytes.NewReader([]byte(picture)), blob.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := origin.New(roomy(), origin.Store(blobs))
	got, err := f.Fetch(t.Context(), "dir/a b.png")
	if err != nil || string(got.Data) != picture || got.Format != media.PNG || !got.ModTime.Equal(info.ModTime) {
		t.Errorf("Fetch = %+v, %v; want the picture", got, err)
	}
	for _, name := range []string{"no.png", "dir", "", "../a", "https://host/a.png", "//host/a.png", `a\b`} {
		if _, err := f.Fetch(t.Context(), name); fault.Of(err) != fault.NotFound {
			t.Errorf("Fetch(%q) = %v of kind %v, want not found", name, err, fault.Of(err))
		}
	}
}

// roomy limits are for tests of other things.
func roomy() origin.Limits { return origin.Limits{MaxBytes: 25 << 20, Timeout: patience} }

// patience is for what an idle machine does in a fraction of a second.
const patience = 30 * time.Second
