package transform

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/op"
)

func generous() Limits { return Limits{MaxPixels: 4_000_000, MaxSide: 4000, MaxFrames: 10} }

// made carries out operations on a picture.
func made(t *testing.T, text string, original []byte) []byte {
	t.Helper()
	pipeline, err := op.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := NewCompiler(Catalog(), Encodable()).Compile(pipeline, Hints{})
	if err != nil {
		t.Fatal(err)
	}
	format, _ := media.Sniff(original)
	got, err := NewRenderer(Config{Workers: 1}).Render(t.Context(), Job{
		Plan: plan, Original: media.Image{Data: original, Format: format}, Limits: generous(),
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got.Data
}

// checkAgreed holds what the header is read to be to what libvips makes of it,
// and returns the header.
func checkAgreed(t *testing.T, name string, data []byte) inspect.Header {
	t.Helper()
	s, err := sourceOf(media.Image{Data: data}, generous())
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return s.header
	}
	img, err := s.lazy(generous())
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return s.header
	}
	defer img.Close()
	const format = "%dx%d, %d bands, alpha %t, more than 8 bits %t, %d frames, orientation %d"
	w, h := img.Size()
	got := fmt.Sprintf(format, s.header.Width, s.header.Height, s.header.Bands, s.header.Alpha, s.header.Depth > 8, s.header.Frames, s.header.Orientation)
	want := fmt.Sprintf(format, w, h, img.Bands(), img.HasAlpha(), img.Wide(), img.Frames(), max(1, img.Orientation()))
	if got != want {
		t.Errorf("%s: the header says %s; libvips says %s", name, got, want)
	}
	return s.header
}

// TestHeaders compares package inspect with libvips, in every format that can be
// made here.
func TestHeaders(t *testing.T) {
	originals := map[string][]byte{
		"opaque":  imgtest.PNG(t, imgtest.Card(61, 47, false)),
		"clear":   imgtest.PNG(t, imgtest.Card(61, 47, true)),
		"grey":    imgtest.PNG(t, image.NewGray(image.Rect(0, 0, 61, 47))),
		"16 bits": imgtest.PNG(t, image.NewRGBA64(image.Rect(0, 0, 61, 47))),
	}
	variants := map[media.Format][]string{
		media.JPEG: {"", ",progressive:true"}, media.PNG: {"", ",progressive:true", ",palette:true"},
		media.WebP: {"", ",lossless:true"}, media.AVIF: {""}, media.HEIF: {""}, media.GIF: {""}, media.TIFF: {""},
		media.JXL: {"", ",lossless:true"}, media.BMP: {""},
	}
	for name, original := range originals {
		checkAgreed(t, name, original)
		for _, format := range Encodable() {
			if format.CanDecode() && variants[format] == nil {
				t.Errorf("%v is not tested", format)
			}
			for _, more := range variants[format] {
				to := "t.toFormat(f:" + format.String() + more + ")"
				header := checkAgreed(t, name+" "+to, made(t, to, original))
				if want := (more == ",lossless:true"); format == media.WebP && header.Lossless != want {
					t.Errorf("%s %s: lossless %t", name, to, header.Lossless)
				}
				if want := (more == ",progressive:true"); (format == media.JPEG || format == media.PNG) && header.Whole != want {
					t.Errorf("%s %s: whole %t", name, to, header.Whole)
				}
			}
		}
	}
}

func TestHeadersOfAnimations(t *testing.T) {
	roll := new(gif.GIF)
	for i := range 5 {
		frame := image.NewPaletted(image.Rect(0, 0, 30, 20), color.Palette{color.Gray{Y: uint8(50 * i)}, color.White})
		roll.Image, roll.Delay = append(roll.Image, frame), append(roll.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, roll); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"t.toFormat(f:gif)", "t.toFormat(f:webp)", "t.toFormat(f:webp,lossless:true)", "t.resize(w:15)~t.toFormat(f:gif)"} {
		if header := checkAgreed(t, to, made(t, to, b.Bytes())); header.Frames != 5 || !header.Animated() {
			t.Errorf("%s: %d frames", to, header.Frames)
		}
	}
	checkAgreed(t, "by Go", b.Bytes())
	// The first frame reaches beyond the screen: 70 and 80 from the corner.
	beyond := bytes.Clone(b.Bytes())
	at := bytes.IndexByte(beyond, 0x2c)
	beyond[at+1], beyond[at+3] = 70, 80
	if header := checkAgreed(t, "beyond the screen", beyond); header.Width != 100 || header.Height != 100 {
		t.Errorf("beyond the screen: %dx%d", header.Width, header.Height)
	}
}

// TestHeadersOfTurned puts the same EXIF data into each format that has a place
// for it.
func TestHeadersOfTurned(t *testing.T) {
	card := imgtest.Card(61, 47, false)
	for o := range 10 {
		name := fmt.Sprintf("orientation %d", o)
		exif := binary.LittleEndian.AppendUint16([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"), uint16(o))
		exif = append(exif, make([]byte, 6)...)
		checkAgreed(t, "JPEG, "+name, imgtest.JPEG(t, card, o))

		chunk := append([]byte("eXIf"), exif...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))
		png := imgtest.PNG(t, card)
		png = bytes.Join([][]byte{png[:33], binary.BigEndian.AppendUint32(nil, uint32(len(exif))), chunk, png[33:]}, nil)
		checkAgreed(t, "PNG, "+name, png)

		tiff := made(t, "t.toFormat(f:tiff)", png)
		if field := bytes.Index(tiff, []byte("\x12\x01\x03\x00\x01\x00\x00\x00")); field > 0 {
			tiff[field+8] = byte(o)
		}
		checkAgreed(t, "TIFF, "+name, tiff)
	}
}

// TestRefusedByHeader has pictures that libvips is not asked about: there are no
// pixels in them for it to find wrong, and no memory for those that there would be.
func TestRefusedByHeader(t *testing.T) {
	webp := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\xff\xff\xff\x0fxxxxxxxx\x00")
	jpeg := func(scans int) []byte {
		data := []byte("\xff\xd8\xff\xc2\x00\x0b\x08\x00\x09\x00\x09\x01\x01\x11\x00")
		return append(data, bytes.Repeat([]byte("\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"), scans)...)
	}
	for _, tt := range []struct {
		name    string
		data    []byte
		kind    fault.Kind
		message string
	}{
		{"a bomb of pixels", webp, fault.Unprocessable, "the original has 16384x16384 pixels; at most 4000 a side and 4000000 in all are allowed"},
		{"a bomb of scans", jpeg(101), fault.Unprocessable, "the picture has more than 100 scans"},
		{"no picture", []byte("%!PS-Adobe"), fault.Unsupported, "the original is of no format that can be transformed here; those that can are jpeg, png, webp, avif, gif, tiff, heif, svg, bmp, jxl"},
		{"a drawing nested too deep", []byte("<svg width='9' height='9'>" + strings.Repeat("<g>", 200)), fault.Unprocessable, "the drawing has elements nested deeper than 100"},
		{"a drawing too wide", []byte("<svg width='70000' height='2'/>"), fault.Unprocessable, "the original has 70000x2 pixels; at most 4000 a side and 4000000 in all are allowed"},
	} {
		_, err := sourceOf(media.Image{Data: tt.data}, generous())
		if fault.Of(err) != tt.kind || fault.Message(err) != tt.message {
			t.Errorf("%s: %v: %s\nwant %s", tt.name, fault.Of(err), fault.Message(err), tt.message)
		}
	}
}
