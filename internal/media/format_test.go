package media_test

import (
	"slices"
	"strings"
	"testing"

	"pixedge/internal/media"
)

func TestFormats(t *testing.T) {
	all := media.Formats(func(media.Format) bool { return true })
	if len(all) != 16 || slices.Contains(all, media.None) {
		t.Errorf("formats = %v", all)
	}
	for _, f := range all {
		if media.ByName(f.String()) != f {
			t.Errorf("ByName(%q) = %v", f, media.ByName(f.String()))
		}
		kind, _, _ := strings.Cut(f.MIME(), "/")
		if kind != "image" && kind != "video" && f != media.JSON && f != media.Pixels || kind == "video" && f.CanDecode() || !strings.HasPrefix(f.Ext(), ".") {
			t.Errorf("%v: type %q, ending %q", f, f.MIME(), f.Ext())
		}
		if f.CanEncode() && !f.CanDecode() && f != media.ICO {
			t.Errorf("%v can be written and not read", f)
		}
	}
	if jpeg := media.JPEG; jpeg.HasAlpha() || jpeg.MIME() != "image/jpeg" || jpeg.Ext() != ".jpg" {
		t.Errorf("JPEG: alpha %t, type %q, ending %q", jpeg.HasAlpha(), jpeg.MIME(), jpeg.Ext())
	}
	want := []media.Format{media.JPEG, media.PNG, media.WebP, media.AVIF, media.GIF, media.TIFF, media.HEIF, media.BMP, media.JXL, media.ICO}
	if got := media.Formats(media.Format.CanEncode); !slices.Equal(got, want) {
		t.Errorf("formats that can be written = %v, want %v", got, want)
	}
}

func TestByNameUnknown(t *testing.T) {
	for _, name := range []string{"", "JPEG", "jpg", "exe"} {
		if got := media.ByName(name); got != media.None {
			t.Errorf("ByName(%q) = %v, want None", name, got)
		}
	}
	if none := media.None; none.String() != "" || none.MIME() != "" || none.CanDecode() {
		t.Errorf("None has the name %q and the type %q", none.String(), none.MIME())
	}
}
