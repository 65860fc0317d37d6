package blob_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

func TestNewDirNeedsFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	for _, name := range []string{filepath.Join(t.TempDir(), "no"), file, ""} {
		if _, err := blob.NewDir(name); err == nil {
			t.Errorf("NewDir(%q) succeeds", name)
		}
	}
}

// TestDirKeepsInside has links that lead out of the folder and one that does
// not.
func TestDirKeepsInside(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret")
	write(t, filepath.Join(inside, "plain"), "plain")
	for name, target := range map[string]string{
		"absolute": filepath.Join(outside, "secret"),
		"relative": filepath.Join("..", filepath.Base(outside), "secret"),
		"folder":   outside,
		"within":   "plain",
		"loop":     "loop",
		"dangling": "nothing",
	} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := newDir(t, inside)
	for _, key := range []string{"absolute", "relative", "folder", "folder/secret", "loop", "dangling"} {
		if o, err := s.Open(t.Context(), key, blob.Range{}); err == nil {
			t.Errorf("Open(%q) succeeds: %+v", key, o.Info)
		}
	}
	if got := read(t, s, "within"); got != "plain" {
		t.Errorf("a link inside of the folder yields %q", got)
	}
	if _, err := s.Put(t.Context(), "folder/secret", strings.NewReader("overwritten"), blob.PutOptions{}); err == nil {
		t.Error("Put follows a link out of the folder")
	}
	if err := s.Delete(t.Context(), "folder/secret"); err == nil {
		t.Error("Delete follows a link out of the folder")
	}
	if got, err := os.ReadFile(filepath.Join(outside, "secret")); string(got) != "secret" {
		t.Errorf("the file outside is %q, %v", got, err)
	}
	if got := keys(t, s); !slices.Equal(got, []string{"plain"}) {
		t.Errorf("List = %q, want the plain file", got)
	}
}

// TestDirSpecialFiles opens a named pipe that nobody writes to.
func TestDirSpecialFiles(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newDir(t, folder)
	if _, err := s.Open(t.Context(), "pipe", blob.Range{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a pipe = %v, want that it does not exist", err)
	}
	if got := keys(t, s); len(got) != 0 {
		t.Errorf("List = %q, want nothing", got)
	}
}

// TestDirTemporaries looks into the folder while Put reads a body, and at what
// is left of a crash.
func TestDirTemporaries(t *testing.T) {
	folder := t.TempDir()
	s := newDir(t, folder)
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := s.Put(t.Context(), "a/key", r, blob.PutOptions{})
		done <- err
	}()
	_, _ = io.WriteString(w, "half")
	temps := files(t, folder)
	if len(temps) != 1 {
		t.Fatalf("files while writing: %q", temps)
	}
	if got := keys(t, s); len(got) != 0 {
		t.Errorf("List shows %q", got)
	}
	if _, err := s.Open(t.Context(), temps[0], blob.Range{}); fault.Of(err) != fault.Invalid {
		t.Errorf("Open(%q) = %v, want an invalid key", temps[0], err)
	}
	// Another edge starts, and finds what one that crashed has left.
	scratch := filepath.Join(folder, filepath.Dir(temps[0]))
	write(t, filepath.Join(scratch, "crashed"), "x")
	newDir(t, folder)
	if got := files(t, folder); !slices.Equal(got, temps) {
		t.Errorf("files after the start of another: %q, want %q", got, temps)
	}
	w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := files(t, folder); !slices.Equal(got, []string{"a/key"}) {
		t.Errorf("files after writing: %q", got)
	}
}

// TestDirSweptWhileWritten has stores opened all the time: none may take from another
// what it is about to write.
func TestDirSweptWhileWritten(t *testing.T) {
	folder := t.TempDir()
	s := newDir(t, folder)
	done := make(chan error)
	go func() {
		var err error
		for i := range 200 {
			_, putErr := s.Put(t.Context(), strconv.Itoa(i), strings.NewReader("x"), blob.PutOptions{})
			err = errors.Join(err, putErr)
		}
		done <- err
	}()
	for range 100 { // each keeps its folder open
		newDir(t, folder)
		time.Sleep(time.Millisecond)
	}
	if err := <-done; err != nil || len(files(t, folder)) != 200 {
		t.Errorf("%d files, %v", len(files(t, folder)), err)
	}
}

func TestDirNameInTheWay(t *testing.T) {
	folder := t.TempDir()
	s := newDir(t, folder)
	for _, key := range []string{"file", "folder/file"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x"), blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"file/below", "file/far/below", "folder"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("y"), blob.PutOptions{}); fault.Of(err) != fault.Invalid {
			t.Errorf("Put(%q) = %v, want an invalid key", key, err)
		}
	}
	if got := files(t, folder); !slices.Equal(got, []string{"file", "folder/file"}) {
		t.Errorf("files = %q", got)
	}
}

// TestDirShrinkingFile cuts a file while it is read, as an editor may.
func TestDirShrinkingFile(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "key")
	write(t, name, strings.Repeat("x", 1<<20))
	o, err := newDir(t, folder).Open(t.Context(), "key", blob.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if err := os.Truncate(name, 1000); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(o)
	if !errors.Is(err, io.ErrUnexpectedEOF) || fault.Of(err) != fault.Upstream {
		t.Errorf("read %d bytes, %v; want an unexpected end", len(data), err)
	}
}

// TestDirETag replaces a file by one of the same size and time.
func TestDirETag(t *testing.T) {
	folder := t.TempDir()
	s := newDir(t, folder)
	var tags [2]string
	for i, data := range []string{"one", "two"} {
		if _, err := s.Put(t.Context(), "key", strings.NewReader(data), blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(folder, "key"), time.Time{}, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		info, err := s.Stat(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		tags[i] = info.ETag
	}
	if tags[0] == tags[1] {
		t.Errorf("both have the ETag %s", tags[0])
	}
}

// TestDirMessages holds that what a client may read names no file.
func TestDirMessages(t *testing.T) {
	folder := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "key")); err != nil {
		t.Fatal(err)
	}
	_, err := newDir(t, folder).Open(t.Context(), "key", blob.Range{})
	if got := fault.Message(err); got != "storage failed" {
		t.Errorf("message = %q", got)
	}
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s blob.Store, key string) string {
	t.Helper()
	o, err := s.Open(t.Context(), key, blob.Range{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func keys(t *testing.T, s blob.Store) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// files lists the files below folder as they are on the disk.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
