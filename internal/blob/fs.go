package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"pixedge/internal/fault"
)

// readOnly serves the files of an fs.FS.
type readOnly struct{ files fs.FS }

// NewFS returns a store that reads from files and refuses Put and Delete with
// fault.NotAllowed. It is meant for a few small files, such as those of an
// [embed.FS]: every Open, Stat and step of List reads the whole file, because
// the ETag is a hash of its bytes. Files in an embed.FS have no modification
// time that would do.
func NewFS(files fs.FS) Store { return readOnly{files} }

func (s readOnly) read(key string) (Info, []byte, error) {
	if err := ValidKey(key); err != nil {
		return Info{}, nil, err
	}
	stat, err := fs.Stat(s.files, key)
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, nil, failure(err)
	}
	data, err := fs.ReadFile(s.files, key)
	if err != nil {
		return Info{}, nil, failure(err)
	}
	return Info{
		Key:         key,
		Size:        int64(len(data)),
		ContentType: contentType(key, ""),
		ETag:        hashTag(data),
		ModTime:     stat.ModTime(),
	}, data, nil
}

func (s readOnly) Open(_ context.Context, key string, r Range) (*Object, error) {
	info, data, err := s.read(key)
	if err != nil {
		return nil, err
	}
	return inMemory(info, data, r)
}

func (s readOnly) Stat(_ context.Context, key string) (Info, error) {
	info, _, err := s.read(key)
	return info, err
}

func (s readOnly) List(_ context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		keys, err := s.keys(prefix)
		if err != nil {
			yield(Info{}, errFailed(err))
			return
		}
		for _, key := range keys {
			info, _, err := s.read(key)
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since, or not a plain file
			}
			info.ContentType = ""
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

func (s readOnly) keys(prefix string) ([]string, error) {
	var keys []string
	err := fs.WalkDir(s.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasPrefix(name, prefix) && ValidKey(name) == nil {
			keys = append(keys, name)
		}
		return err
	})
	slices.Sort(keys) // a walk sorts each directory by itself: "a/b" before "a.b"
	return keys, err
}

func (s readOnly) Put(context.Context, string, io.Reader, PutOptions) (Info, error) {
	return Info{}, errReadOnly()
}

func (s readOnly) Delete(context.Context, string) error { return errReadOnly() }

func errReadOnly() error { return fault.Errorf(fault.NotAllowed, "store is read-only") }
