package blobtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

// reads holds the checks of what does not change a store.
type reads struct {
	open func(*testing.T, map[string]string) blob.Store // returns a store of these objects
}

func (r reads) run(t *testing.T) {
	t.Helper()
	t.Run("stat", r.stat)
	t.Run("ranges", r.ranges)
	t.Run("list", r.list)
	t.Run("missing", r.missing)
	t.Run("odd keys", r.oddKeys)
	t.Run("hostile keys", r.hostileKeys)
}

func (r reads) stat(t *testing.T) {
	s := r.open(t, map[string]string{"photo.png": "not really", "other.png": "something else", "empty": ""})
	got, err := s.Stat(t.Context(), "photo.png")
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != "photo.png" || got.Size != 10 || got.ContentType != "image/png" {
		t.Errorf("Stat = %+v", got)
	}
	if !strings.HasPrefix(got.ETag, `"`) || !strings.HasSuffix(got.ETag, `"`) || len(got.ETag) < 8 {
		t.Errorf("ETag %s is not a strong entity tag", got.ETag)
	}
	if age := time.Since(got.ModTime); age < -time.Minute || age > time.Hour {
		t.Errorf("ModTime is %v ago", age)
	}
	o, _, err := get(t.Context(), s, "photo.png", blob.Range{})
	if err != nil {
		t.Fatal(err)
	}
	if o.ETag != got.ETag || !o.ModTime.Equal(got.ModTime) || o.ContentType != got.ContentType {
		t.Errorf("Open and Stat differ: %+v and %+v", o.Info, got)
	}
	if other, err := s.Stat(t.Context(), "other.png"); err != nil || other.ETag == got.ETag {
		t.Errorf("Stat of another object = %+v, %v; want another ETag", other, err)
	}
	wantObject(t, s, "empty", "")
}

func (r reads) ranges(t *testing.T) {
	s := r.open(t, map[string]string{"digits": "0123456789", "empty": ""})
	tests := []struct {
		r    blob.Range
		want string
		at   blob.Range
	}{
		{blob.Range{}, "0123456789", blob.Range{Length: 10}},
		{blob.Range{Length: 1}, "0", blob.Range{Length: 1}},
		{blob.Range{Offset: 3, Length: 4}, "3456", blob.Range{Offset: 3, Length: 4}},
		{blob.Range{Offset: 3}, "3456789", blob.Range{Offset: 3, Length: 7}},
		{blob.Range{Offset: 9, Length: 1}, "9", blob.Range{Offset: 9, Length: 1}},
		{blob.Range{Offset: 8, Length: 100}, "89", blob.Range{Offset: 8, Length: 2}},
		{blob.Range{Length: 1 << 40}, "0123456789", blob.Range{Length: 10}},
	}
	for _, tt := range tests {
		o, got, err := get(t.Context(), s, "digits", tt.r)
		if err != nil {
			t.Errorf("Open(%v): %v", tt.r, err)
			continue
		}
		if got != tt.want || o.Range != tt.at || o.Size != 10 {
			t.Errorf("Open(%v) = %q, range %v, size %d; want %q, range %v, size 10", tt.r, got, o.Range, o.Size, tt.want, tt.at)
		}
	}
	outside := []blob.Range{{Offset: 10}, {Offset: 10, Length: 1}, {Offset: 1 << 40}, {Offset: -1}, {Length: -1}, {Offset: 2, Length: -1}}
	for _, part := range outside {
		_, _, err := get(t.Context(), s, "digits", part)
		wantKind(t, "Open of a range outside", err, fault.Invalid)
	}
	_, _, err := get(t.Context(), s, "empty", blob.Range{Length: 1})
	wantKind(t, "Open of a range of nothing", err, fault.Invalid)
}

// list uses keys around the slash: '.' sorts before it and '0' after it, so a
// driver that sorts directory by directory gets the order wrong.
func (r reads) list(t *testing.T) {
	objects := map[string]string{}
	for _, key := range []string{
		"a.jpg", "a/b.jpg", "a/b/c.jpg", "a/b/d.jpg", "a/c.jpg", "a0.jpg", "b/a.jpg", "b/a/a.jpg", "ü.jpg", "Z.jpg",
	} {
		objects[key] = key
	}
	s := r.open(t, objects)
	for _, prefix := range []string{"", "a", "a/", "a/b", "a/b/", "a/b/c.jpg", "a/b/c.jpg/", "b", "z", "ü", "../", "/", "a//", "."} {
		want := slices.DeleteFunc(sortedKeys(objects), func(key string) bool { return !strings.HasPrefix(key, prefix) })
		if got := list(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
	first := ""
	for info, err := range s.List(t.Context(), "a/") {
		first = info.Key
		stat, statErr := s.Stat(t.Context(), info.Key)
		if err != nil || statErr != nil {
			t.Fatal(err, statErr)
		}
		if stat.ContentType = ""; stat.Size != info.Size || stat.ETag != info.ETag || info.ContentType != "" {
			t.Errorf("List yields %+v, Stat returns %+v", info, stat)
		}
		break
	}
	if first != "a/b.jpg" {
		t.Errorf("first of a/ is %q", first)
	}
	if got := list(t, r.open(t, nil), ""); len(got) != 0 {
		t.Errorf("List of an empty store = %q", got)
	}
}

func (r reads) missing(t *testing.T) {
	s := r.open(t, map[string]string{"a/b.jpg": "x", "file": "x"})
	for _, key := range []string{"no", "a", "a/b", "a/b.jp", "a/b.jpgg", "A/B.JPG", "file/below", "no/such/key"} {
		_, _, err := get(t.Context(), s, key, blob.Range{})
		wantMissing(t, "Open "+key, err)
		_, err = s.Stat(t.Context(), key)
		wantMissing(t, "Stat "+key, err)
	}
}

func (r reads) oddKeys(t *testing.T) {
	objects := map[string]string{}
	for _, key := range oddKeys() {
		objects[key] = "body of " + key
	}
	s := r.open(t, objects)
	for key, want := range objects {
		wantObject(t, s, key, want)
	}
	if got, want := list(t, s, ""), sortedKeys(objects); !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}

func (r reads) hostileKeys(t *testing.T) {
	s := r.open(t, nil)
	for _, key := range hostileKeys() {
		_, _, err := get(t.Context(), s, key, blob.Range{})
		wantKind(t, "Open", err, fault.Invalid)
		_, err = s.Stat(t.Context(), key)
		wantKind(t, "Stat", err, fault.Invalid)
	}
}
