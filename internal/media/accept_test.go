package media_test

import (
	"testing"

	"pixedge/internal/media"
)

func TestParseAccept(t *testing.T) {
	const both = media.AcceptsAVIF | media.AcceptsWebP
	tests := []struct {
		header string
		want   media.Accepted
	}{
		{"", 0},
		{"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", both}, // Chrome
		{"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", both},
		{"image/webp,*/*", media.AcceptsWebP},
		{"image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", 0},
		{"*/*", 0},
		{"image/*", 0},
		{"image/avif", media.AcceptsAVIF},
		{" image/avif ; q=0.5 ,\timage/webp\t", both},
		{"IMAGE/AVIF, Image/WebP", both},
		{"image/webp;q=1", media.AcceptsWebP},
		{"image/webp;q=0.001", media.AcceptsWebP},
		{"image/webp;q=0.5", media.AcceptsWebP},
		{"image/webp;q=0", 0},
		{"image/webp;q=0.", 0},
		{"image/webp;q=0.0", 0},
		{"image/webp;q=0.000", 0},
		{"image/webp; q=0", 0},
		{"image/webp ;q=0 ", 0},
		{"image/webp;Q=0", 0},
		{"image/webp;level=1;q=0", 0},
		{"image/webp;q=0;level=1", 0},
		{"image/webp;q=0;level=1, image/avif", media.AcceptsAVIF},
		{"image/webp;level=0", media.AcceptsWebP},
		{"image/webp;xq=0", media.AcceptsWebP},
		{"image/webp;q", media.AcceptsWebP},
		{"image/webp;", media.AcceptsWebP},
		{"image/webp2", 0},
		{"ximage/webp", 0},
		{"image/webp image/avif", 0},
		{",,;,;;,image/webp,,", media.AcceptsWebP},
		{"image/webp;q=0, image/webp", media.AcceptsWebP},
		{"\x00\xff", 0},
	}
	for _, tt := range tests {
		if got := media.ParseAccept([]byte(tt.header)); got != tt.want {
			t.Errorf("ParseAccept(%q) = %q, want %q", tt.header, got, tt.want)
		}
	}
}

func TestWorse(t *testing.T) {
	const both = media.AcceptsAVIF | media.AcceptsWebP
	for of, want := range map[media.Accepted]media.Accepted{both: media.AcceptsWebP, media.AcceptsAVIF: 0, media.AcceptsWebP: 0, 0: 0} {
		if got := of.Worse(); got != want {
			t.Errorf("worse than %q: %q, want %q", of, got, want)
		}
	}
}

func TestAcceptedFormats(t *testing.T) {
	const both = media.AcceptsAVIF | media.AcceptsWebP
	for _, tt := range []struct {
		accepted media.Accepted
		text     string
		best     media.Format
	}{
		{0, "", media.PNG},
		{media.AcceptsWebP, "webp", media.WebP},
		{media.AcceptsAVIF, "avif", media.AVIF},
		{both, "avif+webp", media.AVIF},
	} {
		if got := tt.accepted.String(); got != tt.text {
			t.Errorf("String of %d = %q, want %q", tt.accepted, got, tt.text)
		}
		if got := tt.accepted.Best(media.PNG); got != tt.best {
			t.Errorf("Best of %q = %v, want %v", tt.text, got, tt.best)
		}
		if tt.accepted >= media.NumAccepted {
			t.Errorf("class %d is not below NumAccepted", tt.accepted)
		}
	}
}

func TestParseAcceptDoesNotAllocate(t *testing.T) {
	header := []byte("image/AVIF,image/webp;level=1;q=0.5,image/apng,image/*,*/*;q=0.8")
	if n := testing.AllocsPerRun(1000, func() {
		if media.ParseAccept(header) == 0 {
			t.Error("nothing is accepted")
		}
	}); n != 0 {
		t.Errorf("ParseAccept allocates %v times", n)
	}
}
