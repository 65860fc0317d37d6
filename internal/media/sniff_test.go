package media_test

import (
	"strings"
	"testing"

	"pixedge/internal/media"
)

// ftyp returns the box that files of the HEIF family begin with.
func ftyp(major string, compatible ...string) string {
	brands := strings.Join(compatible, "")
	return "\x00\x00\x00" + string(rune(16+len(brands))) + "ftyp" + major + "\x00\x00\x00\x00" + brands
}

func TestSniff(t *testing.T) {
	tests := []struct {
		name, data string
		want       media.Format
	}{
		{"JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF", media.JPEG},
		{"JPEG of a camera", "\xff\xd8\xff\xe1", media.JPEG},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", media.PNG},
		{"WebP", "RIFF\x10\x00\x00\x00WEBPVP8 ", media.WebP},
		{"WebP without loss", "RIFF\x10\x00\x00\x00WEBPVP8L", media.WebP},
		{"extended WebP", "RIFF\x10\x00\x00\x00WEBPVP8X", media.WebP},
		{"GIF of 1987", "GIF87a\x01\x00", media.GIF},
		{"GIF", "GIF89a\x01\x00", media.GIF},
		{"TIFF, little end first", "II*\x00\x08\x00\x00\x00", media.TIFF},
		{"TIFF, big end first", "MM\x00*\x00\x00\x00\x08", media.TIFF},
		{"BigTIFF, little end first", "II+\x00\x08\x00\x00\x00", media.TIFF},
		{"BigTIFF, big end first", "MM\x00+\x00\x08\x00\x00", media.TIFF},
		{"BMP", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00", media.BMP},
		{"ICO", "\x00\x00\x01\x00\x03\x00\x80\x80", media.ICO},
		{"JXL", "\xff\x0a\xf8\x01", media.JXL},
		{"JXL in a container", "\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl ", media.JXL},
		{"AVIF", ftyp("avif", "avif", "mif1", "miaf"), media.AVIF},
		{"AVIF that moves", ftyp("avis", "avis", "msf1"), media.AVIF},
		{"AVIF behind a generic brand", ftyp("mif1", "miaf", "avif"), media.AVIF},
		{"AVIF without other brands", ftyp("avif"), media.AVIF},
		{"HEIC", ftyp("heic", "mif1", "heic"), media.HEIF},
		{"HEIC of 10 bits", ftyp("heix", "mif1"), media.HEIF},
		{"HEIC that moves", ftyp("hevc", "msf1"), media.HEIF},
		{"HEIF of any kind", ftyp("mif1", "mif1"), media.HEIF},
		{"HEIF named second", ftyp("xxxx", "heic"), media.HEIF},
		{"SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>", media.SVG},
		{"SVG alone", "<svg>", media.SVG},
		{"SVG with a prefix", "<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>", media.SVG},
		{"SVG as XML", "\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<svg\nwidth='1'/>", media.SVG},
		{"SVG with comments", " \n<!-- one > --><!-- two -->\n<svg />", media.SVG},
		{"SVG with a type", "<?xml version='1.0'?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\" [<!ENTITY a \"b\">]><svg/>", media.SVG},

		{"nothing", "", media.None},
		{"text", "hello", media.None},
		{"HTML", "<!DOCTYPE html><html><body><p>", media.None},
		{"HTML with a drawing in it", "<!DOCTYPE html><html><body><svg></svg>", media.None},
		{"HTML without a type and with a drawing in it", "<html><body><svg></svg>", media.None},
		{"HTML that mentions one", "<!-- <svg> --><html>", media.None},
		{"XML", "<?xml version='1.0'?><rss><svg/></rss>", media.None},
		{"another element", "<svgx>", media.None},
		{"JSON", `{"svg":"<svg>"}`, media.None},
		{"an unfinished comment", "<!-- <svg>", media.None},
		{"an unfinished declaration", "<?xml <svg>", media.None},
		{"MP4", ftyp("isom", "iso2", "avc1", "mp41"), media.None},
		{"a brand in the place of the version", "\x00\x00\x00\x10ftypisomavif", media.None},
		{"a brand behind the box", "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00avif", media.None},
		{"a box of no size", "\x00\x00\x00\x00ftypavif\x00\x00\x00\x00", media.None},
		{"half a brand", "\x00\x00\x00\x12ftypisom\x00\x00\x00\x00av", media.None},
		{"a WAV file", "RIFF\x10\x00\x00\x00WAVEfmt ", media.None},
		{"a PDF file", "%PDF-1.7", media.None},
		{"a program", "MZ\x90\x00", media.None},
		{"text that begins as a BMP does", "BMW cars are", media.None},
		{"a JPEG that was read as text", "\xef\xbf\xbd\xef\xbf\xbd", media.None},
	}
	for _, tt := range tests {
		got, ok := media.Sniff([]byte(tt.data))
		if got != tt.want || ok != (tt.want != media.None) {
			t.Errorf("%s: Sniff = %q, %t; want %q", tt.name, got, ok, tt.want)
		}
	}
}

func TestSniffVideo(t *testing.T) {
	tests := []struct {
		name, data string
		want       media.Format
	}{
		{"MP4", ftyp("isom", "iso2", "avc1", "mp41"), media.MP4},
		{"MP4 of a phone", ftyp("mp42", "isom"), media.MP4},
		{"QuickTime", ftyp("qt  ", "qt  "), media.QuickTime},
		{"WebM", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm", media.WebM},
		{"Matroska", "\x1a\x45\xdf\xa3\x42\x82\x88matroska", media.None},
		{"AVIF", ftyp("avif", "mif1"), media.None},
		{"a JPEG", "\xff\xd8\xff\xe0", media.None},
		{"a program", "\x7fELF\x02\x01\x01", media.None},
		{"nothing", "", media.None},
	}
	for _, tt := range tests {
		if got, ok := media.SniffVideo([]byte(tt.data)); got != tt.want || ok != (tt.want != media.None) {
			t.Errorf("%s: SniffVideo = %q, %t; want %q", tt.name, got, ok, tt.want)
		}
	}
}

// TestSniffPrefixes cuts every kind of file short at every length: whatever is
// too short to know must not be taken for something else.
func TestSniffPrefixes(t *testing.T) {
	for _, data := range []string{
		"\x89PNG\r\n\x1a\n", "RIFF\x10\x00\x00\x00WEBPVP8", "GIF89a", "II*\x00", "\xff\xd8\xff",
		"BM\x46\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x0cJXL \r\n\x87\n",
	} {
		want, _ := media.Sniff([]byte(data))
		if want == media.None {
			t.Errorf("%q is nothing", data)
		}
		for n := range len(data) {
			if got, ok := media.Sniff([]byte(data[:n])); ok {
				t.Errorf("the first %d bytes of %v are taken for %v", n, want, got)
			}
		}
	}
}

// TestSniffLooksNoFurther finds nothing beyond the promised length.
func TestSniffLooksNoFurther(t *testing.T) {
	for _, tt := range []struct {
		spaces int
		want   bool
	}{
		{media.SniffLen - len("<svg>"), true},
		{media.SniffLen - len("<svg>") + 1, false},
	} {
		if _, ok := media.Sniff([]byte(strings.Repeat(" ", tt.spaces) + "<svg>")); ok != tt.want {
			t.Errorf("an SVG after %d spaces: %t, want %t", tt.spaces, ok, tt.want)
		}
	}
}

// FuzzSniff must not panic, and must say the same of a file as of its beginning.
func FuzzSniff(f *testing.F) {
	for _, seed := range []string{
		"", "\xff\xd8\xff", "\x00\x00\x00\x0cftyp", ftyp("mif1", "avif"), "\xff\xff\xff\xffftypheic\x00\x00\x00\x00heic",
		"<svg", "<?xml?><!-- --><svg/>", "<!DOCTYPE svg", "<!DOCTYPE svg [<!ENTITY>]><svg>", "\xef\xbb\xbf<",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		format, ok := media.Sniff(data)
		if ok != (format != media.None) {
			t.Errorf("Sniff = %v, %t", format, ok)
		}
		if again, _ := media.Sniff(data[:min(len(data), media.SniffLen)]); again != format {
			t.Errorf("Sniff = %v, of the beginning %v", format, again)
		}
	})
}
