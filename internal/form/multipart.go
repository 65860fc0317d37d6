package form

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"math"
	"mime/multipart"
	"os"
	"slices"
	"strings"

	"pixedge/internal/fault"
)

// fileField is the name of a part that is a file whether or not the client says
// so.
const fileField = "file"

// multipart reads the parts of a body one by one (RFC 7578).
func (r *reader) multipart(body io.Reader, boundary string) error {
	if boundary == "" || len(boundary) > maxBoundary {
		return fault.Errorf(fault.Invalid, "the content type of the body must have a boundary of 1 to %d characters", maxBoundary)
	}
	if most := r.limits.MaxFile + r.limits.large() + maxParts*(maxField+maxPartHeader); r.length > most {
		return errField("the body", most)
	}
	m := &meter{body: body}
	parts := multipart.NewReader(m, boundary)
	for n := 0; ; n++ {
		m.left = maxPartHeader
		part, err := parts.NextRawPart()
		m.left = math.MaxInt64
		switch {
		case err == io.EOF && m.closed(boundary): // a wrapped one is none, see NextRawPart
			return nil
		case err != nil:
			return m.judge(err)
		case n == maxParts:
			return fault.Errorf(fault.Invalid, "the form has more than %d parts", maxParts)
		}
		if err := r.part(part); err != nil {
			return cmp.Or(r.denied, m.judge(err))
		}
	}
}

// part reads one part to its end.
func (r *reader) part(p *multipart.Part) error {
	name := p.FormName()
	switch {
	case name == "" || len(name) > maxName:
		return fault.Errorf(fault.Invalid, "a part of the form has no name, or one longer than %d bytes", maxName)
	case strings.HasPrefix(strings.ToLower(p.Header.Get("Content-Type")), "multipart/"):
		return fault.Errorf(fault.Invalid, "a part of the form has parts of its own")
	case !verbatim(p.Header.Get("Content-Transfer-Encoding")):
		return fault.Errorf(fault.Invalid, "a part of the form is encoded; it must be sent as it is")
	case name == fileField || p.FileName() != "":
		return r.file(p)
	}
	most := r.limits.text(name)
	if most > maxField {
		most -= r.large
	}
	text, err := r.slurp(p, -1, most, name)
	if err != nil {
		return err
	}
	if r.limits.text(name) > maxField {
		r.large += int64(len(text))
	}
	return r.set(name, value{text: string(text)}, len(text))
}

// verbatim reports whether an encoding for mail changes nothing. The others went out of use
// with RFC 7578, 4.7.
func verbatim(encoding string) bool {
	switch strings.ToLower(encoding) {
	case "", "binary", "8bit", "7bit":
		return true
	}
	return false
}

// file reads a file to the disk.
func (r *reader) file(p *multipart.Part) error {
	data, err := anonymous(r.limits.Spool)
	if err != nil {
		return storage(err)
	}
	file := &File{Field: p.FormName(), Name: p.FileName(), data: data}
	r.form.files = append(r.form.files, file) // from now on Close closes it
	if file.Size, err = fill(data, p, r.files); err != nil {
		return err
	}
	r.files -= file.Size
	if file.Size == 0 && file.Name == "" { // what browsers send where nothing was chosen
		r.form.files = r.form.files[:len(r.form.files)-1]
		return data.Close()
	}
	return nil
}

// anonymous returns a file that is gone when it is closed, also by a crash. Should the
// crash come before it has no name any more, library.Sweep knows it by its name.
func anonymous(folder string) (*os.File, error) {
	f, err := os.CreateTemp(folder, "edge-upload-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close() // the other error says more
		return nil, err
	}
	return f, nil
}

// fill copies all of from, and fails where it has more than most bytes.
func fill(to io.Writer, from io.Reader, most int64) (int64, error) {
	n, err := io.Copy(to, io.LimitReader(from, most+1))
	if err != nil {
		return n, storage(err)
	}
	if n > most {
		return n, errField("the file", most)
	}
	return n, nil
}

// storage classifies what went wrong with a file; other errors stay as they are.
func storage(err error) error {
	if fault.NoRoom(err) {
		return fault.Wrap(err, fault.Storage, "there is no room to keep the file")
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return fault.Wrap(err, fault.Internal, "spool")
	}
	return err
}

// A meter passes on as much of a body as it should take to come to the next part.
type meter struct {
	body  io.Reader
	left  int64  // bytes
	tail  []byte // the last bytes
	ended bool   // somebody wanted to read on behind the last byte
	err   error  // of body, other than its end, or that there is nothing left
}

// tailSize is more than the last boundary and some white space have.
const tailSize = 2 * maxBoundary

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		m.err = fault.Errorf(fault.Invalid, "a part of the form has headers of more than %d bytes, or the form does not begin", maxPartHeader)
	}
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.body.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	over := max(0, len(m.tail)+min(n, tailSize)-tailSize)
	m.tail = append(slices.Delete(m.tail, 0, over), p[max(0, n-tailSize):n]...)
	switch {
	case errors.Is(err, io.EOF) && n > 0:
		return n, nil
	case errors.Is(err, io.EOF):
		m.ended = true
	case err != nil:
		m.err = err
	}
	return n, err
}

// closed reports whether the form ended with its last boundary. mime/multipart
// returns io.EOF also for one that ends where the headers of a part should begin.
func (m *meter) closed(boundary string) bool {
	return !m.ended || bytes.HasSuffix(bytes.TrimRight(m.tail, " \t\r\n"), []byte("--"+boundary+"--"))
}

// judge returns why a part could not be read: what the body says, what a fault
// says, or that it is no form. The errors of mime/multipart quote it.
func (m *meter) judge(err error) error {
	_, file := errors.AsType[*fs.PathError](err)
	switch {
	case m.err != nil:
		return m.err
	case file, fault.Of(err) != fault.Internal:
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Errorf(fault.Invalid, "the form ended before its last boundary")
	}
	return fault.Errorf(fault.Invalid, "the form cannot be read")
}
