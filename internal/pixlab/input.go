package pixlab

import (
	"bytes"
	"context"
	"io"
	"strings"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/form"
	"pixedge/internal/library"
	"pixedge/internal/origin"
)

// picture returns the picture that a request is about: the file that came with it,
// or what one of the parameters refers to.
func (r *request) picture(ctx context.Context, names ...string) (delivery.Input, error) {
	if f := r.form.File(); f != nil {
		return r.file(f)
	}
	for _, name := range names {
		text, err := r.form.Text(name)
		if err != nil {
			return delivery.Input{}, err
		}
		if strings.TrimSpace(text) != "" {
			return r.refer(ctx, name, text)
		}
	}
	return delivery.Input{}, fault.Errorf(fault.Invalid, "%s is missing", names[0])
}

func (r *request) file(f *form.File) (delivery.Input, error) {
	if f.Size == 0 {
		return delivery.Input{}, fault.Errorf(fault.Invalid, "%s: the file is empty", f.Field)
	}
	return r.given(f.Reader(), f.Size), nil
}

// given is a picture of so many bytes that came with the request.
func (r *request) given(bytes io.ReaderAt, size int64) delivery.Input {
	return delivery.Input{Fetcher: r.cloud.Upload(bytes, size)}
}

// refer returns the picture that the text of a parameter refers to.
func (r *request) refer(ctx context.Context, param, text string) (delivery.Input, error) {
	ref, err := refer(param, text, r.own())
	switch {
	case err != nil:
		return delivery.Input{}, err
	case ref.link != "":
		// Programs put addresses into queries as they are.
		return delivery.Input{Fetcher: remote{r.cloud.Links}, Name: strings.ReplaceAll(ref.link, " ", "%20")}, nil
	case ref.data != nil:
		return r.given(bytes.NewReader(ref.data), int64(len(ref.data))), nil
	}
	if ref.path != "" && r.cloud.Delivery.Signed(ref.path) {
		return delivery.Input{}, fault.Errorf(fault.Forbidden, "%s: this picture needs a signed URL", param)
	}
	if ref.path == "" {
		asset, err := r.cloud.Shelf.ByID(ctx, ref.id)
		if err != nil {
			return delivery.Input{}, err
		}
		ref.path = asset.Path
	}
	return delivery.Input{Fetcher: r.cloud.Stored, Name: ref.path}, nil
}

// remote fetches from the web. What cannot be fetched does not exist for PixLab's
// clients, who know no other word for it.
type remote struct{ delivery.Fetcher }

// Fetch fetches.
func (f remote) Fetch(ctx context.Context, name string) (origin.Original, error) {
	o, err := f.Fetcher.Fetch(ctx, name)
	if kind := fault.Of(err); err != nil && (kind == fault.Upstream || kind == fault.Timeout || kind == fault.Loop) {
		err = fault.Wrap(err, fault.NotFound, "the picture cannot be fetched: %s", fault.Message(err))
	}
	return o, err
}

// own is how links to the cloud's own pictures begin, without the scheme.
func (r *request) own() string {
	_, address, _ := strings.Cut(r.link(library.Asset{}), "://")
	return address
}

// link returns the address that an asset is delivered at. It has no query, and no
// character that would have to be escaped in one.
func (r *request) link(a library.Asset) string {
	return r.cloud.Address + a.Path
}
