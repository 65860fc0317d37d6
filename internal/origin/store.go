package origin

import (
	"context"
	"io/fs"

	"pixedge/internal/blob"
)

type store struct{ blobs blob.Store }

// Store returns the source of the pictures in s, by key. It is for stores of
// this machine.
func Store(s blob.Store) Source { return store{s} }

func (s store) Open(ctx context.Context, name string) (Body, error) {
	if blob.ValidKey(name) != nil {
		return Body{}, fs.ErrNotExist // a link, say
	}
	o, err := s.blobs.Open(ctx, name, blob.Range{})
	if err != nil {
		return Body{}, err
	}
	return Body{ReadCloser: o, Size: o.Range.Length, ModTime: o.ModTime}, nil
}

type bucket struct {
	store
	host *host
}

// Bucket returns the source of the pictures in s, by key, which is a store on
// the host called name: any text that tells hosts apart. The store should not
// retry, since the fetcher does.
func Bucket(h *Hosts, name string, s blob.Store) Source {
	return bucket{store{s}, h.at(KindS3, name)}
}

func (b bucket) Open(ctx context.Context, name string) (Body, error) {
	if blob.ValidKey(name) != nil {
		return Body{}, fs.ErrNotExist // before there is anything to wait for
	}
	v, err := b.host.enter(ctx)
	if err != nil {
		return Body{}, err
	}
	body, err := b.store.Open(ctx, name)
	if err != nil {
		return Body{}, v.refused(err, blob.Passing(err), 1)
	}
	body.ReadCloser = v.body(body.ReadCloser, blob.Passing)
	return body, nil
}
