package origin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// counted are buffers that remember what they were asked for and what of it has
// not come back.
type counted struct {
	mu    sync.Mutex
	asked []int64
	out   int64
	most  int64 // that may be out; 0: any
}

func (c *counted) Get(_ context.Context, size int64) (origin.Buffer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, size)
	if c.most > 0 && c.out+size > c.most {
		return nil, fault.Errorf(fault.Overloaded, "no memory")
	}
	c.out += size
	return &lent{c, make([]byte, size), false}, nil
}

type lent struct {
	from     *counted
	bytes    []byte
	released bool
}

func (l *lent) Bytes() []byte { return l.bytes }

func (l *lent) Release() {
	if l.released {
		panic("released twice")
	}
	l.released = true
	clear(l.bytes)
	l.from.mu.Lock()
	defer l.from.mu.Unlock()
	l.from.out -= int64(len(l.bytes))
}

func TestBuffers(t *testing.T) {
	const k = 1 << 10
	long := func(n int) string { return picture + strings.Repeat("x", n-len(picture)) }
	tests := []struct {
		name   string
		source fake
		most   int64 // bytes out at once
		asked  []int64
		kind   fault.Kind // Internal: the picture comes
	}{
		{"announced", fake{body: long(300 * k)}, 0, []int64{300 * k}, fault.Internal},
		{"small, not announced", fake{body: picture, size: -1}, 0, []int64{256 * k}, fault.Internal},
		{"a buffer full", fake{body: long(256 * k), size: -1}, 0, []int64{256 * k, 512 * k}, fault.Internal},
		{"not announced", fake{body: long(700 * k), size: -1}, 0, []int64{256 * k, 512 * k, 1024 * k}, fault.Internal},
		{"largest", fake{body: long(1100 * k), size: -1}, 0, []int64{256 * k, 512 * k, 1024 * k, 1100 * k}, fault.Internal},
		{"too large", fake{body: long(1100*k + 1), size: -1}, 0, []int64{256 * k, 512 * k, 1024 * k, 1100 * k}, fault.TooLarge},
		{"announced too large", fake{body: picture, size: 1100*k + 1}, 0, nil, fault.TooLarge},
		{"nothing", fake{size: -1}, 0, []int64{256 * k}, fault.Unsupported},
		{"short", fake{body: picture, size: 500}, 0, []int64{500}, fault.Upstream},
		{"broken", fake{body: long(300 * k), size: -1, tail: errors.New("reset")}, 0, []int64{256 * k, 512 * k}, fault.Upstream},
		{"no image", fake{body: "<html>"}, 0, []int64{6}, fault.Unsupported},
		{"no memory", fake{body: long(300 * k)}, 299 * k, []int64{300 * k}, fault.Overloaded},
		{"no memory to grow", fake{body: long(300 * k), size: -1}, 767 * k, []int64{256 * k, 512 * k}, fault.Overloaded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			buffers := &counted{most: tt.most}
			limits := origin.Limits{MaxBytes: 1100 * k, Timeout: patience}
			o, err := origin.New(limits, &tt.source).Into(buffers).Fetch(t.Context(), "a.png")
			if tt.kind == fault.Internal && (err != nil || string(o.Data) != tt.source.body) {
				t.Errorf("Fetch = %d bytes, %v; want the picture", len(o.Data), err)
			}
			if tt.kind != fault.Internal && fault.Of(err) != tt.kind {
				t.Errorf("Fetch = %v of kind %v, want %v", err, fault.Of(err), tt.kind)
			}
			if err == nil && buffers.out != int64(len(o.Buffer.Bytes())) {
				t.Errorf("%d bytes are out for a buffer of %d", buffers.out, len(o.Buffer.Bytes()))
			}
			o.Release()
			if buffers.out != 0 || !slices.Equal(buffers.asked, tt.asked) {
				t.Errorf("asked for %d, of which %d bytes are not released; want %d", buffers.asked, buffers.out, tt.asked)
			}
		})
	}
}

// TestBuffersBeforeBytes holds that memory is there before anything is read.
func TestBuffersBeforeBytes(t *testing.T) {
	body := fake{size: 100, tail: errors.New("was read")}
	_, err := origin.New(roomy(), &body).Into(&counted{most: 1}).Fetch(t.Context(), "a.png")
	wantFault(t, err, fault.Overloaded, "no memory")
	if !body.closed {
		t.Error("the body is not closed")
	}
}

// TestRetryGetsNewBuffer holds that each attempt gives back what it had.
func TestRetryGetsNewBuffer(t *testing.T) {
	s := serve(t, resetWithin)
	buffers := new(counted)
	_, err := origin.New(roomy(), web(t, s.URL, local())).Into(buffers).Fetch(t.Context(), "a.png")
	wantFault(t, err, fault.Upstream, "origin failed")
	if !slices.Equal(buffers.asked, []int64{1000, 1000, 1000}) || buffers.out != 0 {
		t.Errorf("asked for %d, of which %d bytes are not released", buffers.asked, buffers.out)
	}
}

// A bomb panics when it is read.
type bomb struct{}

func (bomb) Read([]byte) (int, error) { panic("boom") }
func (bomb) Close() error             { return nil }
func (bomb) Open(context.Context, string) (origin.Body, error) {
	return origin.Body{ReadCloser: bomb{}, Size: 100}, nil
}

// TestBodyPanics holds that the buffer of a body is given back all the same.
func TestBodyPanics(t *testing.T) {
	buffers := new(counted)
	defer func() {
		if p := recover(); p != "boom" || buffers.out != 0 {
			t.Errorf("panic %v, %d bytes are not released", p, buffers.out)
		}
	}()
	_, err := origin.New(roomy(), bomb{}).Into(buffers).Fetch(t.Context(), "a.png")
	t.Errorf("no panic, and %v", err)
}

func TestReleaseOfNothing(t *testing.T) {
	origin.Original{}.Release()
	o := origin.Original{Data: []byte(picture)}
	o.Release()
	if string(o.Data) != picture {
		t.Error("the bytes are gone")
	}
}

// TestRate holds bodies to a rate that has to be kept up after a time of grace,
// which is half of a time as short as this.
func TestRate(t *testing.T) {
	tests := []struct {
		name    string
		rate    int // bytes that come in 10 ms on average; in 1 s it is a hundred times that
		least   int // bytes a second
		message string
	}{
		{"slow", 1, 4 << 10, "origin is too slow"},
		{"fast enough", 100, 4 << 10, "picture is larger than 10000 bytes"},
		{"no matter how slow", 1, 0, "origin timed out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(gone)
				began, sent := time.Now(), 0
				for r.Context().Err() == nil {
					due := (1 + int(time.Since(began)/(10*time.Millisecond))) * tt.rate
					fmt.Fprint(w, strings.Repeat("x", due-sent))
					sent = due
					_ = http.NewResponseController(w).Flush()
					time.Sleep(10 * time.Millisecond)
				}
			})
			limits := origin.Limits{MaxBytes: 10_000, Timeout: 2 * time.Second}
			if tt.rate == 100 {
				limits.Timeout = patience
			}
			if err := limits.MinRate.UnmarshalText(fmt.Append(nil, tt.least)); err != nil {
				t.Fatal(err)
			}
			_, err := remote(t, limits, s.URL).Fetch(t.Context(), s.URL)
			if fault.Message(err) != tt.message {
				t.Errorf("Fetch = %v, want %s", err, tt.message)
			}
			select {
			case <-gone:
			case <-time.After(patience):
				t.Error("the connection is still open")
			}
		})
	}
}

// TestRateOfOthers holds that a source is not blamed for memory that comes late.
func TestRateOfOthers(t *testing.T) {
	t.Parallel()
	limits := origin.Limits{MaxBytes: 1000, Timeout: 4 * time.Second, MinRate: 1 << 10}
	slow := lateBuffers(2100 * time.Millisecond) // more than the grace, which is half of the time
	if _, err := origin.New(limits, &fake{body: picture}).Into(slow).Fetch(t.Context(), "a.png"); err != nil {
		t.Errorf("Fetch = %v, want the picture", err)
	}
}

type lateBuffers time.Duration

func (l lateBuffers) Get(ctx context.Context, size int64) (origin.Buffer, error) {
	time.Sleep(time.Duration(l))
	return origin.Memory{}.Get(ctx, size)
}

// TestOneByteReads has a body that comes in the smallest pieces.
func TestOneByteReads(t *testing.T) {
	body := strings.Repeat(picture, 10_000)
	for _, size := range []int64{-1, int64(len(body))} {
		source := pieces{origin.Body{ReadCloser: io.NopCloser(iotest.OneByteReader(strings.NewReader(body))), Size: size}}
		o, err := origin.New(roomy(), source).Fetch(t.Context(), "a.png")
		if err != nil || string(o.Data) != body {
			t.Errorf("Fetch = %d bytes, %v; want %d", len(o.Data), err, len(body))
		}
	}
}

type pieces struct{ body origin.Body }

func (p pieces) Open(context.Context, string) (origin.Body, error) { return p.body, nil }
