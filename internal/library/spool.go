package library

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pixedge/internal/fault"
)

// spoolPrefix begins the names of files with uploads.
const spoolPrefix = "edge-upload-"

// trySpool makes the folder if it is missing, and returns why nothing can be written
// there: the first upload would find out otherwise.
func trySpool(folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, spoolPrefix)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// A spooled is an upload that has come in whole.
type spooled struct {
	*os.File // which has no name any more: it goes when it is closed, or the process ends
	size     int64
	checksum string
}

// spoolBody reads all of r into a file, and no more than limit bytes.
func (l *Library) spoolBody(r io.Reader, limit int64) (*spooled, error) {
	f, err := os.CreateTemp(l.spool, spoolPrefix)
	if err != nil {
		return nil, errSpool(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(errSpool(err), f.Close())
	}
	hash := sha256.New()
	body := &bounded{r: r, limit: limit}
	size, err := io.Copy(io.MultiWriter(f, hash), body)
	switch {
	case body.err != nil:
		err = body.err
	case err != nil:
		err = errSpool(err)
	case size == 0:
		err = fault.Errorf(fault.Invalid, "the upload is empty")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &spooled{f, size, hex.EncodeToString(hash.Sum(nil))}, nil
}

// A bounded is a body that fails when it is over its limit, and remembers its own
// failure: what else goes wrong with a copy is the disk's.
type bounded struct {
	r        io.Reader
	n, limit int64 // a limit of zero is none
	err      error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.limit > 0 && b.n > b.limit {
		err = fault.Errorf(fault.TooLarge, "the upload has more than %d bytes", b.limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

func errSpool(err error) error {
	if fault.NoRoom(err) {
		return fault.Wrap(err, fault.Storage, "there is no room to keep the upload")
	}
	return fault.Wrap(err, fault.Overloaded, "uploads cannot be written to disk now")
}

// sweepSpool removes files of uploads that were made before the moment: those of a
// process that ended between making and hiding its file.
func sweepSpool(folder string, before time.Time) (removed int, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, statErr := e.Info()
		if statErr != nil || !strings.HasPrefix(e.Name(), spoolPrefix) || !info.ModTime().Before(before) {
			continue
		}
		switch rmErr := os.Remove(filepath.Join(folder, e.Name())); {
		case rmErr == nil:
			removed++
		case !errors.Is(rmErr, fs.ErrNotExist):
			err = errors.Join(err, rmErr)
		}
	}
	return removed, err
}
