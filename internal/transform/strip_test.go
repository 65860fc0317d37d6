package transform_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image/color"
	"io"
	"slices"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// What the private parts of a picture say.
const (
	secretComment   = "comment: taken at home"
	secretPlace     = "satellites over the house"
	secretPacket    = "<?xpacket begin='' id='W5M0'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>diary</x:xmpmeta><?xpacket end='w'?>"
	secretSubject   = "description of the children"
	artist          = "Ada Lovelace"
	copyrightHolder = "(c) 1843 the family"
)

// told is a JPEG, turned by its EXIF orientation, that tells all that a JPEG can.
func told(tb testing.TB) []byte {
	tb.Helper()
	picture := imgtest.JPEG(tb, plain(64, 48, color.NRGBA{120, 60, 20, 255}), 0)
	picture = withSegment(picture, 0xfe, []byte(secretComment))
	picture = withProfile(picture, profile())
	picture = withSegment(picture, 0xe1, append([]byte("http://ns.adobe.com/xap/1.0/\x00"), secretPacket...))
	return withSegment(picture, 0xe1, exif())
}

// exif is orientation 6, a description, the maker and a place (Exif 2.32, 4.6).
func exif() []byte {
	const entries, gpsEntries = 5, 1
	var text []byte
	const texts = 8 + 2 + 12*entries + 4 + 2 + 12*gpsEntries + 4
	entry := func(tag, kind uint16, count, value uint32) []byte {
		b := binary.LittleEndian.AppendUint16(nil, tag)
		b = binary.LittleEndian.AppendUint16(b, kind)
		b = binary.LittleEndian.AppendUint32(b, count)
		return binary.LittleEndian.AppendUint32(b, value)
	}
	ascii := func(tag uint16, s string) []byte {
		at := texts + len(text)
		text = append(append(text, s...), 0)
		return entry(tag, 2, uint32(len(s)+1), uint32(at))
	}
	const gps = 8 + 2 + 12*entries + 4
	none := []byte{0, 0, 0, 0}
	return bytes.Join([][]byte{
		[]byte("Exif\x00\x00II\x2a\x00\x08\x00\x00\x00"),
		{entries, 0},
		ascii(0x010e, secretSubject),
		entry(0x0112, 3, 1, 6),
		ascii(0x013b, artist),
		ascii(0x8298, copyrightHolder),
		entry(0x8825, 4, 1, gps),
		none,
		{gpsEntries, 0},
		ascii(0x0008, secretPlace),
		none,
		text,
	}, nil)
}

// tells returns which of the words an encoded picture holds. What a PNG has
// packed is unpacked first.
func tells(data []byte, words ...string) []string {
	open := slices.Concat(data, unpacked(data))
	var found []string
	for _, w := range words {
		if bytes.Contains(open, []byte(w)) {
			found = append(found, w)
		}
	}
	return found
}

// unpacked is the profile of a PNG.
func unpacked(data []byte) []byte {
	_, chunk, ok := bytes.Cut(data, []byte("iCCP"))
	if !ok {
		return nil
	}
	_, packed, _ := bytes.Cut(chunk, []byte{0, 0})
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	icc, _ := io.ReadAll(z) // what could be read may be enough
	return icc
}

// TestTold makes sure that the secrets can be found where they are.
func TestTold(t *testing.T) {
	words := []string{"Exif", "ICC_PROFILE", "xpacket", secretComment, secretPlace, secretSubject, artist, copyrightHolder, profileName}
	if found := tells(told(t), words...); len(found) != len(words) {
		t.Errorf("the original tells %q, want all of %q", found, words)
	}
}

// TestStrip encodes a picture that tells much in every format. To WebP libvips 8.14
// always writes an EXIF directory of its own, of nothing but size and density:
// https://github.com/libvips/libvips/issues/3340.
func TestStrip(t *testing.T) {
	original := told(t)
	for _, format := range transform.Encodable() {
		for _, steps := range []string{"", "t.resize(w:16)~", "t.extend()~t.blur(s:2)~"} {
			got := mustRender(t, steps+"t.toFormat(f:"+format.String()+")", original)
			if format != media.WebP {
				if found := tells(got.Data, "Exif", "EXIF", "eXIf"); len(found) > 0 {
					t.Errorf("%s%v: still has %q", steps, format, found)
				}
			}
			found := tells(got.Data, "ICC_PROFILE", "iCCP", "ICCP", "XMP", "xpacket", "diary",
				secretComment, secretPlace, secretSubject, artist, copyrightHolder, profileName)
			if len(found) > 0 {
				t.Errorf("%s%v: still tells %q", steps, format, found)
			}
		}
	}
}

// TestCopyright keeps who made the picture, and that alone. libvips writes no
// such fields to the other formats.
func TestCopyright(t *testing.T) {
	original := told(t)
	for _, format := range []string{"jpeg", "webp", "avif"} {
		for _, steps := range []string{"", "t.resize(w:24)~"} {
			got := mustRender(t, steps+"t.metadata()~t.toFormat(f:"+format+")", original)
			if kept := tells(got.Data, artist, copyrightHolder); len(kept) != 2 {
				t.Errorf("%s%s: keeps %q, want both of %q and %q", steps, format, kept, artist, copyrightHolder)
			}
			if found := tells(got.Data, "xpacket", "diary", "ICC_PROFILE", "iCCP", "ICCP", secretComment, secretPlace, secretSubject, profileName); len(found) > 0 {
				t.Errorf("%s%s: still tells %q", steps, format, found)
			}
			// Had the orientation stayed, whoever shows the picture would turn it again.
			back := imgtest.Decode(t, mustRender(t, "t.toFormat(f:png)", got.Data).Data).Bounds()
			if back.Dx() >= back.Dy() {
				t.Errorf("%s%s: shows as %dx%d, want it upright", steps, format, back.Dx(), back.Dy())
			}
		}
	}
}

// TestKeepProfile leaves the colors as they are and says what they mean.
func TestKeepProfile(t *testing.T) {
	original := told(t)
	for _, format := range []string{"jpeg", "png", "webp", "tiff", "avif"} {
		got := mustRender(t, "t.srgb(on:false)~t.resize(w:24)~t.toFormat(f:"+format+",q:100)", original)
		if len(tells(got.Data, profileName)) == 0 {
			t.Errorf("%s: the profile is gone", format)
		}
		if found := tells(got.Data, "xpacket", secretComment, secretPlace, secretSubject, artist, copyrightHolder); len(found) > 0 {
			t.Errorf("%s: still tells %q", format, found)
		}
		back := imgtest.Decode(t, mustRender(t, "t.srgb(on:false)~t.toFormat(f:png)", got.Data).Data)
		if c := back.At(5, 5); !close(c, color.NRGBA{120, 60, 20, 255}, 4) {
			t.Errorf("%s: the color became %v", format, c)
		}
		back = imgtest.Decode(t, mustRender(t, "t.toFormat(f:png)", got.Data).Data)
		if c := back.At(5, 5); !close(c, color.NRGBA{curve(20), curve(120), curve(60), 255}, 6) {
			t.Errorf("%s: the color is shown as %v", format, c)
		}
	}
}
