package library

import (
	"context"
	"errors"
	"io/fs"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

// Find returns the asset at the path, or NotFound.
func (s *Shelf) Find(ctx context.Context, path string) (Asset, error) {
	return s.find(ctx, s.lib.db, "path", path)
}

// ByID returns the asset of the id, or NotFound.
func (s *Shelf) ByID(ctx context.Context, id string) (Asset, error) {
	return s.find(ctx, s.lib.db, "id", id)
}

// Open returns the asset at the path and its bytes, which the caller closes. They are
// read whole as they were even if the asset is replaced or deleted meanwhile, as far
// as the store does so. Who may read them is for the caller to say, by the asset's
// Access. Errors are NotFound and those of the store.
func (s *Shelf) Open(ctx context.Context, path string, r blob.Range) (*blob.Object, Asset, error) {
	a, err := s.Find(ctx, path)
	for err == nil {
		body, openErr := s.store.Open(ctx, a.content, r)
		if !errors.Is(openErr, fs.ErrNotExist) {
			return body, a, openErr
		}
		before := a.content // which was replaced since the row was read, or is lost
		if a, err = s.Find(ctx, path); err == nil && a.content == before {
			err = fault.Wrap(openErr, fault.Upstream, "the bytes of the asset are lost")
		}
	}
	return nil, Asset{}, err
}
