package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"pixedge/internal/fault"
)

// scratch is the directory, below the root, of files that are being written.
// No key reaches it, since ValidKey allows no backslash, and being on the same
// file system as the objects it allows a rename into place.
const scratch = `tmp\`

// scratchAge is how long a file in scratch may stay where the file system knows no
// locks: what is older was left behind by a crash, as no upload takes this long.
const scratchAge = 24 * time.Hour

// dir keeps objects as files. The os.Root resolves all names, so that neither
// a key nor a symbolic link leads out of the folder.
type dir struct{ root *os.Root }

// NewDir returns a store in the folder at name, which must exist. An object is
// the file of the same name; files that were put there by other means are
// objects too.
//
// A folder keeps no content types: what Put is given is dropped, and what Open
// and Stat return is told by the key's extension. An ETag is made of inode,
// modification time and size. Symbolic links inside of the folder are followed
// by Open and Stat and left out by List. Delete leaves empty directories: they
// may be somebody's.
func NewDir(name string) (Store, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	d := &dir{root}
	d.sweep()
	return d, nil
}

// sweep removes what a crash has left in scratch: the files that nobody holds. It
// does what it can: a folder that may only be read has nothing to sweep.
func (d *dir) sweep() {
	entries, err := fs.ReadDir(d.root.FS(), scratch)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		name := path.Join(scratch, e.Name())
		f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		switch held := hold(f); {
		case held == nil, !errors.Is(held, syscall.EWOULDBLOCK) && time.Since(info.ModTime()) > scratchAge:
			_ = d.root.Remove(name)
		}
		_ = f.Close()
	}
}

// hold locks a file until it is closed, or its process ends. The error is EWOULDBLOCK
// if somebody else holds it.
func hold(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// create makes a file in scratch and holds it. A sweep may come between the two.
func (d *dir) create() (name string, f *os.File, err error) {
	if err := d.root.MkdirAll(scratch, 0o755); err != nil {
		return "", nil, err
	}
	for {
		name = path.Join(scratch, rand.Text())
		f, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return "", nil, err
		}
		swept := errors.Is(hold(f), syscall.EWOULDBLOCK)
		if _, err := d.root.Stat(name); !swept && err == nil {
			return name, f, nil
		}
		_ = f.Close()
	}
}

func (d *dir) Open(_ context.Context, key string, r Range) (*Object, error) {
	f, info, err := d.open(key)
	if err != nil {
		return nil, err
	}
	if r, err = r.resolve(info.Size); err == nil {
		_, err = f.Seek(r.Offset, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	part := struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, r.Length), f}
	return &Object{Info: info, Range: r, ReadCloser: &download{part, r.Length}}, nil
}

func (d *dir) Stat(_ context.Context, key string) (Info, error) {
	f, info, err := d.open(key)
	if err != nil {
		return Info{}, err
	}
	return info, f.Close()
}

// open opens a regular file. Without O_NONBLOCK it would hang on a named pipe.
func (d *dir) open(key string) (*os.File, Info, error) {
	if err := ValidKey(key); err != nil {
		return nil, Info{}, err
	}
	f, err := d.root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, Info{}, failure(err)
	}
	stat, err := f.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, Info{}, failure(err)
	}
	return f, fileInfo(key, stat), nil
}

func fileInfo(key string, stat fs.FileInfo) Info {
	return Info{
		Key:         key,
		Size:        stat.Size(),
		ContentType: contentType(key, ""),
		ETag:        fileTag(stat),
		ModTime:     stat.ModTime(),
	}
}

// fileTag needs the inode because the clock of a file system ticks every few
// milliseconds: two files may follow each other with one size and one time,
// but they exist side by side for a moment, and so differ in their inodes.
func fileTag(stat fs.FileInfo) string {
	var inode uint64
	if s, ok := stat.Sys().(*syscall.Stat_t); ok {
		inode = s.Ino
	}
	return fmt.Sprintf(`"%x-%x-%x"`, inode, stat.ModTime().UnixNano(), stat.Size())
}

func (d *dir) Put(_ context.Context, key string, body io.Reader, o PutOptions) (Info, error) {
	if err := ValidKey(key); err != nil {
		return Info{}, err
	}
	temp, f, err := d.create()
	if err != nil {
		return Info{}, errFailed(err)
	}
	defer f.Close() // not before it is in its place: until then a sweep would take it
	stat, err := write(f, &upload{r: body, want: o.Size})
	if err == nil {
		err = d.place(temp, key)
	}
	if err != nil {
		_ = d.root.Remove(temp)
		return Info{}, err
	}
	return fileInfo(key, stat), nil
}

// write fills a file with body, and sees it to the disk: a rename that got there
// before the bytes would show an empty file after a power cut.
func write(f *os.File, body *upload) (fs.FileInfo, error) {
	if _, err := io.Copy(f, body); err != nil {
		return nil, body.cause(err)
	}
	if err := f.Sync(); err != nil {
		return nil, errFailed(err)
	}
	stat, err := f.Stat()
	return stat, failure(err)
}

// place renames the file called temp to key and sees the new name to the disk,
// as far as the file system can do that for directories; some on a network
// cannot.
func (d *dir) place(temp, key string) error {
	parent := path.Dir(key)
	if err := d.root.MkdirAll(parent, 0o755); err != nil {
		return placeFailure(err)
	}
	if err := d.root.Rename(temp, key); err != nil {
		return placeFailure(err)
	}
	if f, err := d.root.Open(parent); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
	return nil
}

// placeFailure tells a key that runs into a file or directory from a failing
// disk.
func placeFailure(err error) error {
	for _, target := range []error{syscall.ENOTDIR, syscall.EISDIR, syscall.ENOTEMPTY, fs.ErrExist} {
		if errors.Is(err, target) {
			return fault.Wrap(err, fault.Invalid, "another object is in the way of this name")
		}
	}
	return errFailed(err)
}

func (d *dir) Delete(_ context.Context, key string) error {
	f, _, err := d.open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errFailed(err)
	}
	return nil
}

func (d *dir) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) { d.walk(ctx, "", prefix, yield) }
}

// walk yields the objects below parent, which is empty or ends in a slash, and
// reports whether to go on.
func (d *dir) walk(ctx context.Context, parent, prefix string, yield func(Info, error) bool) bool {
	entries, err := d.entries(parent)
	if err != nil {
		yield(Info{}, errFailed(err))
		return false
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			yield(Info{}, err)
			return false
		}
		more := true
		switch {
		case strings.HasSuffix(e.key, "/"):
			if strings.HasPrefix(e.key, prefix) || strings.HasPrefix(prefix, e.key) {
				more = d.walk(ctx, e.key, prefix, yield)
			}
		case strings.HasPrefix(e.key, prefix):
			more = yieldFile(e, yield)
		}
		if !more {
			return false
		}
	}
	return true
}

type dirEntry struct {
	key string // with a slash at the end if it is a directory
	fs.DirEntry
}

// entries returns the files and directories in parent by the order of the keys
// in and below them: "a.b" comes before "a/b", though "a" comes before "a.b".
func (d *dir) entries(parent string) ([]dirEntry, error) {
	list, err := fs.ReadDir(d.root.FS(), path.Join(".", parent))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var entries []dirEntry
	for _, e := range list {
		key := parent + e.Name()
		switch {
		case ValidKey(key) != nil:
		case e.IsDir():
			entries = append(entries, dirEntry{key + "/", e})
		case e.Type().IsRegular():
			entries = append(entries, dirEntry{key, e})
		}
	}
	slices.SortFunc(entries, func(a, b dirEntry) int { return strings.Compare(a.key, b.key) })
	return entries, nil
}

func yieldFile(e dirEntry, yield func(Info, error) bool) bool {
	stat, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return true // removed since the directory was read
	}
	if err != nil {
		yield(Info{}, errFailed(err))
		return false
	}
	info := fileInfo(e.key, stat)
	info.ContentType = ""
	return yield(info, nil)
}
