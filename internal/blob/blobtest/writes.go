package blobtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

// writes holds the checks of Put and Delete.
type writes struct {
	open func(*testing.T) blob.Store // returns an empty store
}

func (w writes) run(t *testing.T) {
	t.Helper()
	t.Run("overwrite", w.overwrite)
	t.Run("content type", w.contentType)
	t.Run("delete", w.deletes)
	t.Run("write hostile keys", w.hostileKeys)
	t.Run("large object", w.large)
	t.Run("failing body", w.failingBody)
	t.Run("body of another size", w.otherSize)
	t.Run("concurrent overwrite", w.concurrentOverwrite)
	t.Run("replaced while read", w.replacedWhileRead)
}

func (w writes) overwrite(t *testing.T) {
	s := w.open(t)
	seen := map[string]string{}
	for _, data := range []string{"one", "two", "three is longer", "", "one more"} {
		info := put(t, s, "dir/key.jpg", data)
		wantObject(t, s, "dir/key.jpg", data)
		stat, err := s.Stat(t.Context(), "dir/key.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if info.Key != "dir/key.jpg" || info.Size != int64(len(data)) || info.ETag != stat.ETag {
			t.Errorf("Put returns %+v, Stat %+v", info, stat)
		}
		if before, ok := seen[info.ETag]; ok {
			t.Errorf("%q has the ETag of %q", data, before)
		}
		seen[info.ETag] = data
	}
	if got := list(t, s, ""); len(got) != 1 {
		t.Errorf("List = %q, want one key", got)
	}
}

// contentType gives a type that the extension says too, since a driver may
// know no more than that.
func (w writes) contentType(t *testing.T) {
	s := w.open(t)
	for key, given := range map[string]string{"a.png": "image/png", "b.webp": "", "c": ""} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x"), blob.PutOptions{ContentType: given}); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]string{"a.png": "image/png", "b.webp": "image/webp", "c": "application/octet-stream"} {
		if info, err := s.Stat(t.Context(), key); err != nil || info.ContentType != want {
			t.Errorf("Stat(%q) = %q, %v; want %q", key, info.ContentType, err, want)
		}
	}
}

func (w writes) deletes(t *testing.T) {
	s := w.open(t)
	put(t, s, "a/b.jpg", "x")
	put(t, s, "a/c.jpg", "y")
	for range 2 { // the second finds nothing, and that is no error
		if err := s.Delete(t.Context(), "a/b.jpg"); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
	if err := s.Delete(t.Context(), "no/such/key"); err != nil {
		t.Errorf("Delete of an absent key: %v", err)
	}
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Errorf("Delete of a mere prefix: %v", err)
	}
	_, err := s.Stat(t.Context(), "a/b.jpg")
	wantMissing(t, "Stat", err)
	wantObject(t, s, "a/c.jpg", "y")
	put(t, s, "a/b.jpg", "again")
	wantObject(t, s, "a/b.jpg", "again")
}

func (w writes) hostileKeys(t *testing.T) {
	s := w.open(t)
	for _, key := range hostileKeys() {
		_, err := s.Put(t.Context(), key, strings.NewReader("x"), blob.PutOptions{})
		wantKind(t, "Put", err, fault.Invalid)
		wantKind(t, "Delete", s.Delete(t.Context(), key), fault.Invalid)
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("List = %q, want nothing", got)
	}
}

func (w writes) large(t *testing.T) {
	s := w.open(t)
	data := randomData(1, 9<<20+1)
	if _, err := s.Put(t.Context(), "large.jpg", stream{strings.NewReader(data)}, blob.PutOptions{Size: -1}); err != nil {
		t.Fatal(err)
	}
	wantObject(t, s, "large.jpg", data)
	_, got, err := get(t.Context(), s, "large.jpg", blob.Range{Offset: 5 << 20, Length: 1000})
	if err != nil || got != data[5<<20:5<<20+1000] {
		t.Errorf("a range of it is wrong; error %v", err)
	}
}

func (w writes) failingBody(t *testing.T) {
	s := w.open(t)
	put(t, s, "key", "old")
	cause := errors.New("the client has gone")
	for _, key := range []string{"key", "new"} {
		if _, err := s.Put(t.Context(), key, failing(cause), blob.PutOptions{}); !errors.Is(err, cause) {
			t.Errorf("Put(%q) = %v, want the error of the body", key, err)
		}
	}
	_, err := s.Put(t.Context(), "key", failing(fault.Errorf(fault.TooLarge, "over the limit")), blob.PutOptions{})
	wantKind(t, "Put", err, fault.TooLarge)
	wantOnlyOld(t, s)
}

func (w writes) otherSize(t *testing.T) {
	s := w.open(t)
	put(t, s, "key", "old")
	for _, size := range []int64{1, 9, 11, 1 << 40} {
		_, err := s.Put(t.Context(), "key", stream{strings.NewReader("0123456789")}, blob.PutOptions{Size: size})
		wantKind(t, fmt.Sprintf("Put of 10 bytes as %d", size), err, fault.Invalid)
	}
	wantOnlyOld(t, s)
}

func wantOnlyOld(t *testing.T, s blob.Store) {
	t.Helper()
	wantObject(t, s, "key", "old")
	if got := list(t, s, ""); len(got) != 1 {
		t.Errorf("List = %q, want the old object only", got)
	}
}

// concurrentOverwrite writes two objects of different sizes under one key in
// turn while others read it.
func (w writes) concurrentOverwrite(t *testing.T) {
	s := w.open(t)
	bodies := []string{randomData(1, 300_000), randomData(2, 500_000)}
	put(t, s, "key", bodies[0])
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				o, got, err := get(t.Context(), s, "key", blob.Range{})
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				if got != bodies[0] && got != bodies[1] || o.Size != int64(len(got)) {
					t.Errorf("read %d bytes of %d that are neither the old object nor the new", len(got), o.Size)
					return
				}
			}
		})
	}
	var writers sync.WaitGroup
	for first := range 2 {
		writers.Go(func() {
			for i := range 15 {
				body := bodies[(first+i)%2]
				if _, err := s.Put(t.Context(), "key", strings.NewReader(body), blob.PutOptions{}); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
}

// replacedWhileRead needs an object that is larger than all buffers between a
// server and its client.
func (w writes) replacedWhileRead(t *testing.T) {
	s := w.open(t)
	old := randomData(3, 9<<20)
	put(t, s, "key", old)
	o, err := s.Open(t.Context(), "key", blob.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	put(t, s, "key", "new")
	if got, err := io.ReadAll(o); err != nil || string(got) != old {
		t.Errorf("read %d bytes, %v; want the old %d", len(got), err, len(old))
	}
	wantObject(t, s, "key", "new")
}
