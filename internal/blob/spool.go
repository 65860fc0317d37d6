package blob

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spoolMemory is how much of a body is kept in memory before it goes to a
// file: most pictures fit, and a hundred uploads at once are no danger.
const spoolMemory = 4 << 20

// A spooled is a body that has been read to its end and can be read again.
type spooled struct {
	io.ReadSeeker
	size int64
	file *os.File // nil if the body is in memory
}

// spool reads all of body. S3 wants the hash of a body before its first byte,
// and a retry wants to begin anew; neither can be had from a stream.
func spool(body *upload) (*spooled, error) {
	var head bytes.Buffer
	if _, err := io.CopyN(&head, body, spoolMemory); errors.Is(err, io.EOF) {
		return &spooled{ReadSeeker: bytes.NewReader(head.Bytes()), size: body.n}, nil
	} else if err != nil {
		return nil, body.cause(err)
	}
	f, err := os.CreateTemp("", "pixedge-put-")
	if err != nil {
		return nil, errFailed(err)
	}
	if err := os.Remove(f.Name()); err != nil { // it goes when it is closed, or the process ends
		_ = f.Close()
		return nil, errFailed(err)
	}
	s := &spooled{ReadSeeker: f, file: f}
	if _, err = io.Copy(f, io.MultiReader(&head, body)); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		s.remove()
		return nil, body.cause(err)
	}
	s.size = body.n
	return s, nil
}

func (s *spooled) remove() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
