package library_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
	"pixedge/internal/library"
	"pixedge/internal/media"
)

func TestPut(t *testing.T) {
	check := func(_ context.Context, f media.Format, file *os.File, size int64) (width, height int, err error) {
		data, err := io.ReadAll(file)
		if int64(len(data)) != size || f != media.JPEG {
			return 0, 0, fmt.Errorf("check is given %d bytes as %d of %v", len(data), size, f)
		}
		return 640, 480, err
	}
	for kind, open := range both(library.Rules{Check: check}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			expires := time.Now().Add(time.Hour)
			data := picture(strings.Repeat("sea ", 100_000))
			put := e.put(t, library.Upload{
				Folder: "/summer 26//isla", Name: "my photo.PNG", Access: library.Private, Tags: []string{"sea", "Sky", "sea"},
				Metadata: []byte(`{ "by": "me" }`), Comment: "a view", Owner: "key1", Expires: expires,
			}, data)
			sum := sha256.Sum256([]byte(data))
			if put.Path != "summer_26/isla/my_photo.jpeg" || put.Folder != "summer_26/isla" || put.Name != "my_photo" || put.Format != "jpeg" ||
				put.Size != int64(len(data)) || put.Width != 640 || put.Height != 480 || put.Checksum != hex.EncodeToString(sum[:]) || put.Cloud != "demo" ||
				put.Access != library.Private || !slices.Equal(put.Tags, []string{"sea", "Sky"}) || string(put.Metadata) != `{"by":"me"}` ||
				put.Comment != "a view" || put.Owner != "key1" || !put.Expires.Equal(expires.Truncate(time.Millisecond)) || len(put.ID) != 26 {
				t.Errorf("Put = %+v", put)
			}
			found, err := e.Find(t.Context(), put.Path)
			byID, idErr := e.ByID(t.Context(), put.ID)
			if fmt.Sprint(found) != fmt.Sprint(put) || fmt.Sprint(byID) != fmt.Sprint(put) {
				t.Errorf("Find = %+v, %v\nByID = %+v, %v\nPut  = %+v", found, err, byID, idErr, put)
			}
			e.wantBytes(t, put.Path, data)
			e.wantUsage(t, int64(len(data)), 1)
			if told := e.told.take(); !slices.Equal(told, []string{"demo:" + put.Path}) {
				t.Errorf("told %q: that nothing was there is to be forgotten", told)
			}
			if files, err := os.ReadDir(e.spool); err != nil || len(files) != 0 || e.leftovers(t) != 0 {
				t.Errorf("%d files, %d leftovers (%v)", len(files), e.leftovers(t), err)
			}
		})
	}
}

func TestPutWithoutName(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			a, b := e.put(t, library.Upload{}, picture("a")), e.put(t, library.Upload{}, picture("b"))
			if len(a.Name) != 26 || a.Name == b.Name || a.Name != a.ID || a.Path != a.Name+".jpeg" {
				t.Errorf("names %q and %q, want such as nobody can guess", a.Path, b.Path)
			}
			if a.Access != library.Public || a.Tags == nil || string(a.Metadata) != "{}" {
				t.Errorf("%+v, want public, no tags, an empty object", a)
			}
		})
	}
}

func TestPutRefuses(t *testing.T) {
	refuse := func(_ context.Context, _ media.Format, file *os.File, _ int64) (width, height int, err error) {
		if data, _ := io.ReadAll(file); bytes.Contains(data, []byte("bomb")) {
			return 0, 0, fault.Errorf(fault.Unprocessable, "too many pixels")
		}
		return 1, 1, nil
	}
	gone := errors.New("the client has gone")
	tests := []struct {
		name   string
		upload library.Upload
		body   io.Reader
		kind   fault.Kind
		text   string
	}{
		{"empty", library.Upload{}, strings.NewReader(""), fault.Invalid, "empty"},
		{"one byte over", library.Upload{}, strings.NewReader(picture(strings.Repeat("x", 997))), fault.TooLarge, "more than 1000 bytes"},
		{"endless", library.Upload{}, endless{}, fault.TooLarge, "more than 1000 bytes"},
		{"ELF", library.Upload{Name: "a.jpg"}, strings.NewReader("\x7fELF\x02\x01\x01"), fault.Unsupported, "no kind"},
		{"EXE", library.Upload{Name: "a.jpg"}, strings.NewReader("MZ\x90\x00"), fault.Unsupported, "no kind"},
		{"script", library.Upload{Name: "a.jpg"}, strings.NewReader("#!/bin/sh\nid"), fault.Unsupported, "no kind"},
		{"page", library.Upload{Name: "a.svg"}, strings.NewReader("<html><svg/></html>"), fault.Unsupported, "no kind"},
		{"video, not allowed", library.Upload{}, strings.NewReader("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00"), fault.Unsupported, "no kind"},
		{"check", library.Upload{}, strings.NewReader(picture("bomb")), fault.Unprocessable, "too many pixels"},
		{"access", library.Upload{Access: "root"}, strings.NewReader(picture("")), fault.Invalid, "access"},
		{"metadata", library.Upload{Metadata: []byte(`[1]`)}, strings.NewReader(picture("")), fault.Invalid, "metadata"},
		{"tag", library.Upload{Tags: []string{"a\x00"}}, strings.NewReader(picture("")), fault.Invalid, "tags"},
		{"comment", library.Upload{Comment: "\xff"}, strings.NewReader(picture("")), fault.Invalid, "comment"},
		{"folders", library.Upload{Folder: strings.Repeat("a/", 33)}, strings.NewReader(picture("")), fault.Invalid, "folders"},
		{"body", library.Upload{}, io.MultiReader(strings.NewReader(picture("")), failing{gone}), fault.Internal, ""},
		{"body with a kind", library.Upload{}, failing{fault.Wrap(gone, fault.Timeout, "too slow")}, fault.Timeout, "too slow"},
	}
	for kind, open := range both(library.Rules{MaxBytes: 1000, Check: refuse}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			for _, tt := range tests {
				if s, ok := tt.body.(io.Seeker); ok {
					_, _ = s.Seek(0, io.SeekStart)
				}
				_, err := e.Put(t.Context(), tt.upload, tt.body)
				wantKind(t, tt.name, err, tt.kind, tt.text)
			}
			e.put(t, library.Upload{}, picture(strings.Repeat("x", 996))) // the largest that may be
			e.wantUsage(t, 1000, 1)
			e.wantObjects(t, 1)
			if told := e.told.take(); len(told) != 1 || e.leftovers(t) != 0 {
				t.Errorf("told %q, %d leftovers, want those of one upload", told, e.leftovers(t))
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], "\xff\xd8\xff\xe0")
	}
	return len(p), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestVideos(t *testing.T) {
	tests := []struct{ name, data, path string }{
		{"clip.MP4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "clip.mp4"},
		{"clip.mov", "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "clip.mov"},
		{"clip", "\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm", "clip.webm"},
		{"clip.mkv", "\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska", ""},
	}
	for kind, open := range both(library.Rules{Videos: true}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			for _, tt := range tests {
				a, err := e.Put(t.Context(), library.Upload{Name: tt.name}, strings.NewReader(tt.data))
				if a.Path != tt.path || (tt.path == "") != (fault.Of(err) == fault.Unsupported) {
					t.Errorf("%s: path %q (%v), want %q", tt.name, a.Path, err, tt.path)
				}
			}
		})
	}
}

// TestMemory keeps a large upload in a folder, and counts what is allocated meanwhile:
// the same for any size.
func TestMemory(t *testing.T) {
	store, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e := open(t, dbtest.SQLite(t), store, library.Rules{})
	const size, most = 64 << 20, 4 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := e.Put(t.Context(), library.Upload{}, io.LimitReader(endless{}, size))
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; err != nil || a.Size != size || n > most {
		t.Errorf("%d bytes kept (%v) with %d allocated, want at most %d", a.Size, err, n, most)
	}
}

// TestNoSpool has no folder for what comes in, as a disk that fails.
func TestNoSpool(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			e.put(t, library.Upload{Name: "a"}, picture("a"))
			if err := os.Remove(e.spool); err != nil {
				t.Fatal(err)
			}
			_, err := e.Put(t.Context(), library.Upload{}, strings.NewReader(picture("b")))
			wantKind(t, "Put", err, fault.Overloaded, "cannot be written to disk now")
			e.wantBytes(t, "a.jpeg", picture("a"))
			e.wantUsage(t, 5, 1)
		})
	}
}
