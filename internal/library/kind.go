package library

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// A video is a container that browsers play. The names are formats and endings.
const (
	mp4  = "mp4"
	webM = "webm"
	mov  = "mov"
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
	if a.Format = sniffVideo(head[:n]); a.Format == "" || !s.rules.Videos {
		return fault.Errorf(fault.Unsupported, "the upload is of no kind that is kept here")
	}
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

// sniffVideo tells a video by how it begins, or returns nothing. The brands of MP4
// are those that mp4ra.org lists for what browsers play; WebM is the Matroska whose
// DocType (element 4282) says so, among the first elements.
func sniffVideo(head []byte) string {
	if bytes.HasPrefix(head, []byte("\x1aE\xdf\xa3")) {
		if bytes.Contains(head[:min(len(head), 64)], []byte("\x42\x82\x84webm")) {
			return webM
		}
		return ""
	}
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return ""
	}
	brand := string(head[8:12])
	switch {
	case brand == "qt  ":
		return mov
	case slices.Contains([]string{"isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "av01", "M4V ", "dash", "MSNV"}, brand):
		return mp4
	}
	return ""
}

// mimeOf returns the media type of a format of an asset.
func mimeOf(format string) string {
	switch format {
	case mp4, webM:
		return "video/" + format
	case mov:
		return "video/quicktime"
	}
	return media.ByName(format).MIME()
}

// ContentType returns the media type of the asset's bytes.
func (a *Asset) ContentType() string { return mimeOf(a.Format) }
