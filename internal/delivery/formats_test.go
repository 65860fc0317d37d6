package delivery_test

import (
	"bytes"
	"image"
	"image/color"
	imagepng "image/png"
	"testing"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// The beginnings of files that are not decoded.
const (
	mp4 = "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42 and more"
	ico = "\x00\x00\x01\x00\x01\x00 and more"
)

// TestNotDecoded asks for files as they are, which is all there is to have of them, and
// for what would have to be made of them.
func TestNotDecoded(t *testing.T) {
	e, s := newShelf(t)
	jobs := make(someday)
	e.Later = jobs
	e.Gates = delivery.Gates{Render: new(counted)}
	e.cloudNamed(t, "demo").Negotiation.Defer = true
	e.cloudNamed(t, "demo").Limits = plenty()
	s.put("a.mp4", asset{whole: mp4, format: media.MP4})
	s.put("a.ico", asset{whole: ico, format: media.ICO})
	for _, name := range []string{"a.mp4", "a.ico"} {
		for _, uri := range []string{"/v2/demo/original/" + name, "/v2/demo/original/" + name + "?f_auto=true"} {
			for _, accept := range []string{takesBoth, takesWebP, ""} {
				a, err := e.ask("", uri, accept)
				if err != nil || string(a.Picture.Data) != s.has[name].whole || a.Picture.Format != s.has[name].format || a.Interim {
					t.Errorf("%s for %q: %v", uri, accept, err)
				}
			}
		}
		for _, uri := range []string{"/v2/demo/t.resize(w:9)/", "/v2/demo/t.compress(q:50)/", "/v2/demo/t.toFormat(f:png)/", "/v2/demo/info/"} {
			for _, query := range []string{"", "?f_auto=true"} {
				if _, err := e.ask("", uri+name+query, takesBoth); fault.Of(err) != fault.Unsupported {
					t.Errorf("%s: %v of kind %v", uri+name+query, err, fault.Of(err))
				}
			}
		}
		if got, err := e.Make(t.Context(), e.task(t, s, "original", name)); err != nil || string(got.Data) != s.has[name].whole {
			t.Errorf("a task of %s: %v", name, err)
		}
		if _, err := e.Make(t.Context(), e.task(t, s, "t.flip()", name)); fault.Of(err) != fault.Unsupported {
			t.Errorf("a task of %s: %v", name, err)
		}
	}
	if len(jobs) != 0 || e.held.Load() != 0 {
		t.Errorf("%d jobs, %d originals held", len(jobs), e.held.Load())
	}
}

// TestTooLargeForFormat lets f_auto have what AVIF would take too much memory for, or has
// a side too long for it and WebP, in another format. Who asks for AVIF gets none.
func TestTooLargeForFormat(t *testing.T) {
	e, s := newShelf(t)
	e.Gates = delivery.Gates{Render: new(counted)}
	limits := plenty()
	limits.MaxRender, limits.MaxSide = 16<<20, 20000
	e.cloudNamed(t, "demo").Limits = limits
	for name, size := range map[string]image.Point{"large.png": {1000, 1000}, "small.png": {100, 100}, "long.png": {20000, 2}} {
		var data bytes.Buffer
		if err := imagepng.Encode(&data, image.NewPaletted(image.Rectangle{Max: size}, color.Palette{color.Black})); err != nil {
			t.Fatal(err)
		}
		s.put(name, asset{whole: data.String()})
	}
	for _, tt := range []struct {
		uri, accept string
		want        media.Format
	}{
		{"/v2/demo/t.flip()/small.png?f_auto=true", takesBoth, media.AVIF},
		{"/v2/demo/t.flip()/large.png?f_auto=true", takesBoth, media.WebP},
		{"/v2/demo/t.flip()/large.png?f_auto=true", takesWebP, media.WebP},
		{"/v2/demo/t.flip()/long.png?f_auto=true", takesBoth, media.PNG},
		{"/v2/demo/t.flip()/long.png?f_auto=true", takesWebP, media.PNG},
		{"/v2/demo/t.flip()~t.toFormat(f:avif)/small.png", "", media.AVIF},
	} {
		if a, err := e.ask("", tt.uri, tt.accept); err != nil || a.Picture.Format != tt.want {
			t.Errorf("%s for %q: %v, want %v", tt.uri, tt.accept, err, tt.want)
		}
	}
	if _, err := e.ask("", "/v2/demo/t.flip()~t.toFormat(f:avif)/large.png", ""); fault.Of(err) != fault.Unprocessable {
		t.Errorf("an AVIF that was asked for: %v", err)
	}
}
