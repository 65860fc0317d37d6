package inspect_test

import (
	"testing"

	"pixedge/internal/inspect"
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
		{"webp", "RIFF", media.WebP, false},
	}
	for _, tt := range tests {
		if got := inspect.CutOff([]byte(tt.data), tt.format); got != tt.want {
			t.Errorf("%s: CutOff = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// FuzzCutOff looks for files that it stumbles over.
func FuzzCutOff(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xda\x00\x02\xff\xd9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []media.Format{media.JPEG, media.PNG} {
			if len(data) == 0 && !inspect.CutOff(data, format) {
				t.Errorf("%v of no bytes is whole", format)
			}
			inspect.CutOff(data, format)
		}
	})
}
