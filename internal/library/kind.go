package library

import (
	"context"
	"errors"
	"io"

	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// inspect says of what format the bytes are and how large the picture is.
func (s *Shelf) inspect(ctx context.Context, a *Asset, f *spooled) error {
	head := make([]byte, media.SniffLen)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return errSpool(err)
	}
	if format, ok := media.Sniff(head[:n]); ok {
		return s.inspectPicture(ctx, a, format, f)
	}
	format, ok := media.SniffVideo(head[:n])
	if !ok || !s.rules.Videos {
		return fault.Errorf(fault.Unsupported, "the upload is of no kind that is kept here")
	}
	a.Format = format.String()
	return nil
}

func (s *Shelf) inspectPicture(ctx context.Context, a *Asset, format media.Format, f *spooled) error {
	a.Format = format.String()
	if s.rules.Check == nil {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return errSpool(err)
	}
	var err error
	a.Width, a.Height, err = s.rules.Check(ctx, format, f.File, f.size)
	return err
}

// ContentType returns the media type of the asset's bytes.
func (a *Asset) ContentType() string { return media.ByName(a.Format).MIME() }
