// Package blobtest holds the drivers of package blob to their contract.
//
// A driver's test calls [Run], or [RunReadOnly] if the driver cannot write;
// reads.go and writes.go hold the checks. [StartS3] starts a real S3 server,
// for the S3 driver and for tests of the whole program.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

// Run holds a driver to the whole contract. Each call of open returns an empty
// store.
func Run(t *testing.T, open func(*testing.T) blob.Store) {
	t.Helper()
	seeded := func(t *testing.T, objects map[string]string) blob.Store {
		t.Helper()
		s := open(t)
		for key, data := range objects {
			put(t, s, key, data)
		}
		return s
	}
	reads{seeded}.run(t)
	writes{open}.run(t)
}

// RunReadOnly holds a driver that cannot write to the part of the contract
// about reading, and to its refusing of the rest. Each call of open returns a
// store that holds just the given objects.
func RunReadOnly(t *testing.T, open func(*testing.T, map[string]string) blob.Store) {
	t.Helper()
	reads{open}.run(t)
	t.Run("refuses writes", func(t *testing.T) {
		s := open(t, map[string]string{"a": "old"})
		_, err := s.Put(t.Context(), "a", strings.NewReader("new"), blob.PutOptions{})
		wantKind(t, "Put", err, fault.NotAllowed)
		wantKind(t, "Delete", s.Delete(t.Context(), "a"), fault.NotAllowed)
		wantObject(t, s, "a", "old")
	})
}

// oddKeys are valid and hold what careless escaping breaks.
func oddKeys() []string {
	return []string{
		"plain.jpg",
		"deep/er/and/deeper/still.jpg",
		"with space/and another .jpg",
		"100%/50%25.jpg",
		"a+b=c&d;e,f.jpg",
		"what?/number#1.jpg",
		"quotes'\"`/<tag>.jpg",
		"brackets[1]{2}(3)!*~@:$^|.jpg",
		"größe/日本語/кириллица.jpg",
		"e\u0301 is not \u00e9.jpg",
		"\U0001f600.jpg",
		".hidden/...",
		"..a/a..",
		"-rf",
		strings.Repeat("l", 200) + ".jpg",
	}
}

// hostileKeys are not valid.
func hostileKeys() []string {
	return []string{
		"", "/", ".", "..", "/a", "a/", "a//b", "./a", "../a", "a/..", "a/../b", "a/./b",
		"/etc/passwd", "../../etc/passwd", "https://host/a.jpg",
		`a\b`, `..\a`, "tmp\\", "tmp\\/a",
		"a\x00b", "a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\u0085b",
		"\xff", "a\xc0\xaf..", "\xed\xa0\x80",
		strings.Repeat("a/", 512) + "a",
		strings.Repeat("l", 256),
	}
}

// randomData returns size bytes that are the same for the same seed.
func randomData(seed byte, size int) string {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data) // never fails
	return string(data)
}

// stream hides what a reader can do besides reading, as a network does.
type stream struct{ io.Reader }

func put(t *testing.T, s blob.Store, key, data string) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), key, stream{strings.NewReader(data)}, blob.PutOptions{Size: int64(len(data))})
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return info
}

func get(ctx context.Context, s blob.Store, key string, r blob.Range) (*blob.Object, string, error) {
	o, err := s.Open(ctx, key, r)
	if err != nil {
		return nil, "", err
	}
	data, err := io.ReadAll(o)
	return o, string(data), errors.Join(err, o.Close())
}

func wantObject(t *testing.T, s blob.Store, key, want string) {
	t.Helper()
	o, got, err := get(t.Context(), s, key, blob.Range{})
	if err != nil {
		t.Fatalf("Open(%q): %v", key, err)
	}
	if got != want {
		t.Errorf("Open(%q) yields %d bytes, %.20q…; want %d bytes, %.20q…", key, len(got), got, len(want), want)
	}
	if n := int64(len(want)); o.Size != n || o.Range != (blob.Range{Length: n}) || o.Key != key {
		t.Errorf("Open(%q) = size %d, range %v, key %q", key, o.Size, o.Range, o.Key)
	}
}

func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if got := fault.Of(err); err == nil || got != want {
		t.Errorf("%s: error %v is of kind %v, want %v", what, err, got, want)
	}
}

func wantMissing(t *testing.T, what string, err error) {
	t.Helper()
	wantKind(t, what, err, fault.NotFound)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: error %v does not wrap fs.ErrNotExist", what, err)
	}
}

func list(t *testing.T, s blob.Store, prefix string) []string {
	t.Helper()
	keys := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q): %v", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

func sortedKeys(objects map[string]string) []string { return slices.Sorted(maps.Keys(objects)) }

// failing yields some bytes, then an error.
func failing(err error) io.Reader {
	return io.MultiReader(bytes.NewReader(make([]byte, 100)), errorReader{err})
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }
