package vips_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"testing"
	"time"

	"pixedge/internal/transform/vips"
)

// chunks returns the chunks of a WebP (RFC 9649, section 2.3) by name.
func chunks(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WEBP" || int(binary.LittleEndian.Uint32(data[4:])) != len(data)-8 {
		t.Fatalf("%d bytes are no WebP", len(data))
	}
	list := make(map[string][]byte)
	for rest := data[12:]; len(rest) >= 8; {
		size := int(binary.LittleEndian.Uint32(rest[4:]))
		list[string(rest[:4])] = rest[8 : 8+size]
		rest = rest[8+size+size%2:]
	}
	return list
}

// TestWebP holds files that are encoded without libvips to those that it makes of the
// same pixels: the same bytes of picture and opacity, and nothing else. A field to keep,
// which the image does not have, is what leaves it to libvips.
func TestWebP(t *testing.T) {
	for _, size := range []image.Point{{160, 90}, {161, 91}, {1, 1}, {2, 7}} {
		for bands := 1; bands <= 4; bands++ {
			for effort := range 7 {
				t.Run(fmt.Sprintf("%v, %d bands, effort %d", size, bands, effort), func(t *testing.T) {
					img := smooth(t, size.X, size.Y, bands)
					save := func(keep ...string) map[string][]byte {
						copied := img.Copy()
						defer copied.Close()
						data, err := copied.Save(t.Context(), vips.SaveWebP, vips.Settings{Quality: 77, Effort: effort, Keep: keep}, nil)
						if err != nil {
							t.Fatal(err)
						}
						return chunks(t, data)
					}
					got, want := save(), save("nothing")
					for _, name := range []string{"VP8 ", "ALPH"} {
						if !bytes.Equal(got[name], want[name]) {
							t.Errorf("%q differs: %d bytes, want %d", name, len(got[name]), len(want[name]))
						}
					}
					if len(got["EXIF"])+len(got["XMP "])+len(got["ICCP"]) > 0 && bands >= 3 {
						t.Error("there is metadata")
					}
				})
			}
		}
	}
}

// extras is a TIFF (revision 6.0) of one grey pixel with two samples more, which mean
// nothing: no colors, though there are three bands.
func extras(grey byte) []byte {
	type entry struct {
		tag, kind    uint16
		count, value uint32
	}
	entries := []entry{
		{256, 3, 1, 1},
		{257, 3, 1, 1},                // width, height
		{258, 3, 3, 8 + 2 + 9*12 + 4}, // bits a sample, behind
		{262, 3, 1, 1},                // black is zero
		{273, 4, 1, 8 + 2 + 9*12 + 4 + 6},
		{277, 3, 1, 3},
		{278, 3, 1, 1},
		{279, 4, 1, 3},
		{338, 3, 2, 0}, // extra samples
	}
	data := append([]byte("II*\x00"), 8, 0, 0, 0)
	data = binary.LittleEndian.AppendUint16(data, uint16(len(entries)))
	for _, e := range entries {
		data = binary.LittleEndian.AppendUint16(data, e.tag)
		data = binary.LittleEndian.AppendUint16(data, e.kind)
		data = binary.LittleEndian.AppendUint32(data, e.count)
		data = binary.LittleEndian.AppendUint32(data, e.value)
	}
	data = append(data, 0, 0, 0, 0, 8, 0, 8, 0, 8, 0)
	return append(data, grey, 255, 30)
}

// TestNoColors leaves bands that are no colors out of files that could hold colors.
func TestNoColors(t *testing.T) {
	data := extras(128)
	for name, s := range map[string]struct {
		save vips.Saver
		load vips.Loader
	}{"webp": {vips.SaveWebP, vips.LoadWebP}, "avif": {vips.SaveAVIF, vips.LoadHEIF}, "png": {vips.SavePNG, vips.LoadPNG}} {
		img, err := vips.Open(data, vips.LoadTIFF, 1, false)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		file, err := img.Save(t.Context(), s.save, vips.Settings{Quality: 95, Effort: 1}, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		made, err := vips.Open(file, s.load, 1, false)
		if err != nil {
			t.Fatal(name, err)
		}
		defer made.Close()
		pixels, err := made.Pixels()
		if err != nil {
			t.Fatal(name, err)
		}
		for _, v := range pixels[:min(3, len(pixels))] {
			if v < 120 || v > 136 {
				t.Errorf("%s: a grey pixel of 128 is %v", name, pixels)
				break
			}
		}
	}
}

// TestWebPLeft ends early when nobody waits any more: this picture takes a second.
func TestWebPLeft(t *testing.T) {
	img := smooth(t, 3000, 2000, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := img.Save(ctx, vips.SaveWebP, vips.Settings{Quality: 80, Effort: 6}, nil); err == nil {
		t.Error("encoded to the end")
	}
}
