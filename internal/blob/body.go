package blob

import (
	"bytes"
	"errors"
	"io"

	"pixedge/internal/fault"
)

// A download is a body on its way out. It makes sure that the reader gets as
// many bytes as were announced, or an error.
type download struct {
	io.ReadCloser
	left int64
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	d.left -= int64(n)
	switch {
	case err == io.EOF && d.left > 0:
		return n, errFailed(io.ErrUnexpectedEOF)
	case d.left < 0:
		return 0, errFailed(errors.New("body is longer than announced"))
	case err == nil || err == io.EOF:
		return n, err
	}
	return n, failure(err)
}

// An upload is a body on its way in. It holds the body to its announced size
// and remembers why reading it failed, so that a driver can tell the caller's
// failure from its own.
type upload struct {
	r    io.Reader
	want int64 // not above zero: unknown
	n    int64
	err  error
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	ended := err == io.EOF
	u.n += int64(n)
	switch {
	case u.want > 0 && (u.n > u.want || ended && u.n < u.want):
		u.err = fault.Errorf(fault.Invalid, "body is not as long as announced")
		return 0, u.err
	case !ended:
		u.err = err
	}
	return n, err
}

// cause returns the error of a copy from u that ended with err: as it is if
// the body failed, as a failure of the store if not.
func (u *upload) cause(err error) error {
	if u.err != nil {
		return u.err
	}
	return errFailed(err)
}

// inMemory opens an object whose bytes are all there.
func inMemory(info Info, data []byte, r Range) (*Object, error) {
	r, err := r.resolve(info.Size)
	if err != nil {
		return nil, err
	}
	part := bytes.NewReader(data[r.Offset : r.Offset+r.Length])
	return &Object{Info: info, Range: r, ReadCloser: io.NopCloser(part)}, nil
}
