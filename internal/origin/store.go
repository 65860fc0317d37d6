package origin

import (
	"context"
	"io/fs"

	"pixedge/internal/blob"
)

type store struct{ blobs blob.Store }

// Store returns the source of the pictures in s, by key.
func Store(s blob.Store) Source { return store{s} }

func (s store) Open(ctx context.Context, name string) (Body, error) {
	if blob.ValidKey(name) != nil {
		return Body{}, fs.ErrNotExist // a link, say
	}
	o, err := s.blobs.Open(ctx, name, blob.Range{})
	if err != nil {
		return Body{}, err
	}
	return Body{o, o.Range.Length, o.ModTime}, nil
}
