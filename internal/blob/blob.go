// Package blob stores named bytes.
//
// [Store] is the contract; read it first. Its drivers are a folder ([NewDir]),
// an S3 bucket ([NewS3]), memory ([NewMem]) and any [fs.FS] for reading only
// ([NewFS]). Package blobtest holds all of them to the contract.
//
// The package does not know what the bytes are, keeps no metadata beyond
// [Info], caches nothing, and has neither folders nor permissions: a slash in a
// key is a byte that [Store.List] can be asked to match.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"mime"
	"net"
	"path"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"pixedge/internal/fault"
)

// A Store keeps objects: bytes under a key. It is safe for concurrent use.
//
// Every method but List and Delete fails on an absent key with an error that
// wraps [fs.ErrNotExist] and is fault.NotFound. A key that [ValidKey] refuses
// is fault.Invalid. A store that fails is fault.Upstream, or fault.Timeout if
// it did not answer in time.
type Store interface {
	// Open returns the object's bytes in r, which the caller closes. Reading
	// them ends with io.EOF only if all of them came; an object that is
	// replaced meanwhile is still read whole, as it was.
	Open(ctx context.Context, key string, r Range) (*Object, error)

	// Put stores all of body under key and replaces what was there. Readers
	// see the old object or the new one, never a part or a mixture. If body
	// fails, Put returns its error and the old object stays. The ModTime it
	// returns is zero if the driver does not learn it.
	//
	// A driver may refuse a key below another ("a/b" where "a" is an object,
	// or the reverse) with an error of any kind.
	Put(ctx context.Context, key string, body io.Reader, o PutOptions) (Info, error)

	// Stat describes the object.
	Stat(ctx context.Context, key string) (Info, error)

	// List yields the objects whose keys begin with prefix, which may be empty
	// or end within a segment, in the order of the keys' bytes. ContentType is
	// left empty. After an error it yields nothing more.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]

	// Delete removes the object; that there is none is no error.
	Delete(ctx context.Context, key string) error
}

// An Info describes an object.
type Info struct {
	Key         string
	Size        int64 // of the whole object, in bytes
	ContentType string
	ETag        string // opaque, in quotes; another object under the same key has another
	ModTime     time.Time
}

// An Object is an object opened for reading.
type Object struct {
	Info
	Range Range // what the reader yields: its true offset and length
	io.ReadCloser
}

// PutOptions says what is known of a body before it is read.
type PutOptions struct {
	ContentType string // empty: by the key's extension
	Size        int64  // in bytes; any other number of bytes is fault.Invalid. Not above zero: unknown
}

// A Range is a part of an object, in bytes. The zero Range is the whole.
type Range struct {
	Offset int64
	Length int64 // zero: up to the end
}

// resolve returns the part of an object of size bytes that r stands for. As in
// HTTP, a part that begins inside the object is cut at its end, and one that
// begins at or after the end is an error.
func (r Range) resolve(size int64) (Range, error) {
	if r == (Range{}) {
		return Range{Length: size}, nil
	}
	if r.Offset < 0 || r.Length < 0 || r.Offset >= size {
		return Range{}, errRange()
	}
	rest := size - r.Offset
	if r.Length == 0 {
		return Range{r.Offset, rest}, nil
	}
	return Range{r.Offset, min(r.Length, rest)}, nil
}

// Limits on keys: the first is that of S3, the second that of file names on
// the usual file systems, both in bytes.
const (
	maxKey     = 1024
	maxSegment = 255
)

// ValidKey returns an error of kind fault.Invalid unless key can name an
// object: 1 to 1024 bytes of UTF-8 without control characters or backslashes,
// in segments of 1 to 255 bytes with a slash between them, none of which is
// "." or "..".
func ValidKey(key string) error {
	if len(key) > maxKey {
		return fault.Errorf(fault.Invalid, "name is longer than %d bytes", maxKey)
	}
	if !utf8.ValidString(key) || strings.ContainsFunc(key, forbidden) {
		return fault.Errorf(fault.Invalid, "name holds a character that is not allowed")
	}
	for s := range strings.SplitSeq(key, "/") {
		switch {
		case s == "", s == ".", s == "..":
			return fault.Errorf(fault.Invalid, `name has an empty, "." or ".." segment`)
		case len(s) > maxSegment:
			return fault.Errorf(fault.Invalid, "name has a segment longer than %d bytes", maxSegment)
		}
	}
	return nil
}

func forbidden(r rune) bool { return r == '\\' || unicode.IsControl(r) }

// contentType returns the type of the object under key: the one that was
// given, or else what the key's extension says.
func contentType(key, given string) string {
	if given != "" {
		return given
	}
	if t := mime.TypeByExtension(path.Ext(key)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func errRange() error { return fault.Errorf(fault.Invalid, "range is outside of the object") }

func errFailed(err error) error {
	if fault.NoRoom(err) {
		return fault.Wrap(err, fault.Storage, "storage has no room left")
	}
	return fault.Wrap(err, fault.Upstream, "storage failed")
}

// failure classifies what a file system or a network says. A file where a
// directory is expected means that there is no object below it.
func failure(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(err, fault.NotFound, "no such object")
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fault.Wrap(err, fault.Timeout, "storage timed out")
	}
	return errFailed(err)
}
