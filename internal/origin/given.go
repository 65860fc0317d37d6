package origin

import (
	"context"
	"io"
)

type given struct {
	bytes io.ReaderAt
	size  int64
}

// Given returns the source of one picture, by any name: the size bytes of r, which
// an API was sent. They are held to the same limits and read into the same buffers as
// those from elsewhere.
func Given(r io.ReaderAt, size int64) Source { return given{r, size} }

func (g given) Open(context.Context, string) (Body, error) {
	return Body{ReadCloser: io.NopCloser(io.NewSectionReader(g.bytes, 0, g.size)), Size: g.size}, nil
}
