package media_test

import (
	"testing"

	"pixedge/internal/media"
)

func TestCutOff(t *testing.T) {
	const (
		soi, eoi = "\xff\xd8", "\xff\xd9"
		thumb    = "\xff\xe1\x00\x08" + soi + eoi + "\x00\x00" // a header with a small picture in it
		scan     = "\xff\xda\x00\x02\x01\xff\x00\x02"
		png      = "\x89PNG\r\n\x1a\n"
		idat     = "\x00\x00\x00\x04IDATIENDsum!"
		iend     = "\x00\x00\x00\x00IEND\xae\x42\x60\x82"
		screen   = "GIF89a\x01\x00\x01\x00\x00\x00\x00"
		frame    = "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
		strip    = "II*\x00\x08\x00\x00\x00\x02\x00\x11\x01\x03\x00\x01\x00\x00\x00\x26\x00\x00\x00\x17\x01\x04\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"
		big      = "MM\x00+\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x02" +
			"\x01\x11\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x48\x01\x17\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x00" +
			"\x00\x00\x00\x00\x00\x00\x00\x00"
		wraps = "MM\x00+\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x02" +
			"\x01\x11\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x01\x17\x00\x10\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff"
	)
	tests := []struct {
		name, data string
		format     media.Format
		want       bool
	}{
		{"jpeg", soi + thumb + scan + eoi, media.JPEG, false},
		{"jpeg and more", soi + scan + eoi + "trailer", media.JPEG, false},
		{"jpeg, filled up", soi + "\xff" + thumb + scan + eoi, media.JPEG, false},
		{"jpeg of which the small picture ends", soi + thumb + scan, media.JPEG, true},
		{"jpeg without a scan", soi + thumb, media.JPEG, true},
		{"jpeg, half a mark", soi + scan + "\xff", media.JPEG, true},
		{"no jpeg", "", media.JPEG, true},
		{"png", png + idat + iend, media.PNG, false},
		{"png and more", png + idat + iend + "trailer", media.PNG, false},
		{"png without an end", png + idat, media.PNG, true},
		{"png without its checksum", png + idat + iend[:11], media.PNG, true},
		{"png of an immense chunk", png + "\xff\xff\xff\xffIDAT" + idat + iend, media.PNG, true},
		{"gif", screen + frame + "\x3b", media.GIF, false},
		{"gif and more", screen + frame + frame + "\x3b\x00\x00", media.GIF, false},
		{"gif between frames", screen + frame, media.GIF, true},
		{"gif within a frame", screen + frame + frame[:12], media.GIF, true},
		{"gif within a descriptor", screen + frame + frame[:5], media.GIF, true},
		{"gif, nonsense", screen + frame + "\x00\x00", media.GIF, false},
		{"tiff", strip + "1234", media.TIFF, false},
		{"tiff without a pixel", strip + "123", media.TIFF, true},
		{"tiff, big", big + "1234", media.TIFF, false},
		{"tiff, big, without a pixel", big + "123", media.TIFF, true},
		{"tiff beyond all", wraps, media.TIFF, true},
		{"tiff without a directory", "II*\x00\xff\xff\xff\xff12345678", media.TIFF, false},
		{"no tiff", "II*\x00", media.TIFF, true},
		{"webp", "RIFF", media.WebP, false},
	}
	for _, tt := range tests {
		if got := media.CutOff([]byte(tt.data), tt.format); got != tt.want {
			t.Errorf("%s: CutOff = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// FuzzCutOff looks for files that it stumbles over.
func FuzzCutOff(f *testing.F) {
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x11\x01\x03\x00\x01\x00\x00\x00\x26\x00\x00\x00"))
	f.Add([]byte("\xff\xd8\xff\xda\x00\x02\xff\xd9"))
	f.Add(moving(f, 2, true))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []media.Format{media.JPEG, media.PNG, media.GIF, media.TIFF} {
			if len(data) == 0 && !media.CutOff(data, format) {
				t.Errorf("%v of no bytes is whole", format)
			}
			media.CutOff(data, format)
		}
	})
}
