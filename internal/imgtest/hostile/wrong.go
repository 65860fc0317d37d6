package hostile

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// wrongTypes are no pictures, or of formats that only loaders read which nobody
// should let at strangers' files.
func wrongTypes(c *corpus, s seeds) {
	for _, f := range slices.Concat(documents(), otherPictures(), otherFiles()) {
		c.refused("wrong/"+f.name, f.data)
	}
	c.refused("wrong/33-mb-of-png", join(s.named("png"), make([]byte, 33<<20)))
	// A scanner's TIFF, which another loader would like to have.
	c.either("wrong/openslide", 24, 16, greySheet(24, 16).with(field{270, kindASCII, 4, 0x00727041}))
	c.either("wrong/camera-tiff", 24, 16, greySheet(24, 16).with(field{50706, 1, 4, 0x00000401}))
}

// documents are what is no picture at all, or a program for one.
func documents() []part {
	return []part{
		{"empty", nil},
		{"one-byte", []byte{0}},
		{"one-letter", []byte("a")},
		{"zeros", make([]byte, 4096)},
		{"ones", text("\xff", 4096)},
		{"html", []byte("<!DOCTYPE html><html><body><svg/></body></html>")},
		{"json", []byte(`{"a":1}`)},
		{"xml", []byte("<?xml version='1.0'?><a/>")},
		{"text", []byte("just words\n")},
		{"shell", []byte("#!/bin/sh\nid\n")},
		{"php", []byte("<?php system('id'); ?>")},
		{"passwd", []byte("root:x:0:0:root:/root:/bin/sh\n")},
		{"pdf", []byte("%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/MediaBox[0 0 99999999 99999999]>>endobj trailer<</Root 1 0 R>>")},
		{"postscript", []byte("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n")},
		{"eps-binary", []byte("\xc5\xd0\xd3\xc6\x1e\x00\x00\x00")},
		{"mvg", []byte("push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 'https://127.0.0.1/x.png\"|id > /tmp/x\"'\npop graphic-context\n")},
		{"msl", []byte(`<?xml version="1.0"?><image><read filename="/etc/passwd"/><write filename="/tmp/out.png"/></image>`)},
		{"ephemeral", []byte("ephemeral:/tmp/x")},
		{"caption", []byte("caption:@/etc/passwd")},
		{"label", []byte("label:@/etc/passwd")},
		{"xc", []byte("xc:red")},
		{"xbm", []byte("#define a_width 9\n#define a_height 9\nstatic char a_bits[] = {0};")},
		{"xpm", []byte("/* XPM */\nstatic char *a[] = {\"1 1 1 1\",\"a c red\",\"a\"};")},
	}
}

// otherPictures begin as files of formats that are not let in.
func otherPictures() []part {
	pad := make([]byte, 2000)
	return []part{
		{"fits", join([]byte(fmt.Sprintf("%-80s%-80s%-80s%-80s%-80s", "SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    2", "NAXIS1  =           1000000000", "NAXIS2  =           1000000000")), pad)},
		{"mat5", join([]byte(fmt.Sprintf("%-124s\x00\x01IM", "MATLAB 5.0 MAT-file")), pad)},
		{"mat73", join([]byte(fmt.Sprintf("%-124s\x00\x02IM", "MATLAB 7.3 MAT-file")), pad)},
		{"hdf5", join([]byte("\x89HDF\r\n\x1a\n"), pad)},
		{"radiance", []byte("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 100000 +X 100000\n")},
		{"ppm", []byte("P6 100000 100000 255\n")},
		{"pbm", []byte("P1 9 9\n")},
		{"pgm", []byte("P5 9 9 255\n")},
		{"pfm", []byte("PF\n9 9\n-1.0\n")},
		{"pam", []byte("P7\nWIDTH 9\nHEIGHT 9\nDEPTH 1\nMAXVAL 255\nENDHDR\n")},
		{"exr", join([]byte("\x76\x2f\x31\x01\x02\x00\x00\x00"), pad)},
		{"jp2", join([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), box("ftyp", []byte("jp2 \x00\x00\x00\x00jp2 ")), pad)},
		{"j2k", join([]byte("\xff\x4f\xff\x51\x00\x2f\x00\x00\x7f\xff\xff\xff\x7f\xff\xff\xff"), pad)},
		{"dicom", join(make([]byte, 128), []byte("DICM"), pad)},
		{"nifti", join([]byte{92, 1, 0, 0}, make([]byte, 340), []byte("n+1\x00"))},
		{"vips", join([]byte("\xb6\xa6\xf2\x08"), be32(9), be32(9), pad)},
		{"vips-little", join([]byte("\x08\xf2\xa6\xb6"), le32(1<<30), le32(1<<30), pad)},
		{"csv", []byte("1,2,3\n4,5,6\n")},
		{"matrix", []byte("3 3 1 0\n1 2 3\n4 5 6\n7 8 9\n")},
		{"analyze", join([]byte("\x00\x00\x01\x5c"), make([]byte, 344))},
		{"ico", []byte("\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x01\x00\x20\x00\xff\xff\xff\x7f\x16\x00\x00\x00")},
		{"cur", []byte("\x00\x00\x02\x00\x01\x00")},
		{"psd", join([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03"), be32(300_000), be32(300_000), []byte("\x00\x08\x00\x03"))},
		{"xcf", []byte("gimp xcf v011\x00")},
		{"tga", join([]byte("\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x20\x00"), pad)},
		{"pcx", join([]byte("\x0a\x05\x01\x08\x00\x00\x00\x00\xff\xff\xff\xff"), pad)},
		{"wmf", []byte("\xd7\xcd\xc6\x9a")},
		{"emf", join([]byte("\x01\x00\x00\x00"), make([]byte, 36), []byte(" EMF"))},
		{"flif", []byte("FLIF44")},
		{"qoi", join([]byte("qoif"), be32(100_000), be32(100_000), []byte{4, 0})},
		{"dds", join([]byte("DDS |\x00\x00\x00"), pad)},
		{"ktx", []byte("\xabKTX 11\xbb\r\n\x1a\n")},
		{"mng", []byte("\x8aMNG\r\n\x1a\n")},
		{"jng", []byte("\x8bJNG\r\n\x1a\n")},
		{"bpg", []byte("BPG\xfb")},
		{"djvu", []byte("AT&TFORM\x00\x00\x00\x00DJVU")},
		{"swf", []byte("FWS\x09")},
	}
}

// otherFiles are films, sounds, archives and programs.
func otherFiles() []part {
	return []part{
		{"mp4", box("ftyp", []byte("isom\x00\x00\x02\x00isommp42"))},
		{"webm", []byte("\x1a\x45\xdf\xa3")},
		{"avi", join([]byte("RIFF"), le32(1000), []byte("AVI LIST"))},
		{"wav", join([]byte("RIFF"), le32(1000), []byte("WAVEfmt "))},
		{"mp3", []byte("ID3\x03")},
		{"ogg", []byte("OggS")},
		{"zip", []byte("PK\x03\x04")},
		{"gzip", gzipped(nil, 0)},
		{"gzip-bomb", gzipped(nil, 100)},
		{"bzip2", []byte("BZh9")},
		{"xz", []byte("\xfd7zXZ\x00")},
		{"zstd", []byte("\x28\xb5\x2f\xfd")},
		{"rar", []byte("Rar!\x1a\x07")},
		{"7z", []byte("7z\xbc\xaf\x27\x1c")},
		{"elf", []byte("\x7fELF\x02\x01\x01")},
		{"exe", []byte("MZ\x90\x00")},
		{"class", []byte("\xca\xfe\xba\xbe")},
		{"wasm", []byte("\x00asm\x01\x00\x00\x00")},
		{"sqlite", []byte("SQLite format 3\x00")},
		{"raw-canon", join([]byte("II\x1a\x00\x00\x00HEAPCCDR"), make([]byte, 2000))},
		{"raw-fuji", join([]byte("FUJIFILMCCD-RAW "), make([]byte, 2000))},
		{"raw-sigma", join([]byte("FOVb"), make([]byte, 2000))},
		{"jxr", []byte("II\xbc\x01\x20\x00\x00\x00")},
		{"bmp-array", []byte("BA\x00\x00\x00\x00")},
		{"hevc-movie", box("ftyp", []byte("qt  \x00\x00\x00\x00qt  "))},
	}
}

// wrongMagics begin as a picture and go on as noise, or as another picture.
func wrongMagics(c *corpus, s seeds) {
	r := rand.New(rand.NewPCG(3, 4))
	magics := [][]byte{
		[]byte(pngMagic),
		{0xff, 0xd8, 0xff, 0xe0},
		[]byte("GIF89a"), []byte("RIFF\x10\x10\x00\x00WEBPVP8 "), []byte("RIFF\x10\x10\x00\x00WEBPVP8L"),
		[]byte("RIFF\x10\x10\x00\x00WEBPVP8X"), []byte("II*\x00"), []byte("MM\x00*"), []byte("BM????\x00\x00\x00\x00"),
		{0xff, 0x0a},
		[]byte("\x00\x00\x00\x0cJXL \r\n\x87\n"),
		[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif"), []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), []byte("<svg "),
	}
	for i, magic := range magics {
		for size := range 3 {
			noise := make([]byte, 10<<(5*size)) // 10 bytes, 320 and 10,240
			for at := range noise {
				noise[at] = byte(r.Uint32())
			}
			c.either(fmt.Sprintf("wrong/noise-%d-%d", i, len(noise)), 0, 0, join(magic, noise))
		}
		for j, other := range s {
			if j%5 == i%5 {
				c.either(fmt.Sprintf("wrong/magic-%d-before-%s", i, other.name), 0, 0, join(magic, other.data))
				c.either(fmt.Sprintf("wrong/magic-%d-over-%s", i, other.name), 0, 0, join(magic, other.data[min(len(magic), len(other.data)):]))
			}
		}
	}
}
