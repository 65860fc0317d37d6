package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"

	_ "golang.org/x/image/bmp" // decoders for image.DecodeConfig
	_ "golang.org/x/image/webp"
)

// sizeOf reads the size of a picture, or what info says of it.
func sizeOf(a answer) (image.Point, error) {
	switch kind := a.header.Get("Content-Type"); kind {
	case "application/json":
		var info struct{ Width, Height int }
		err := json.Unmarshal(a.body, &info)
		return image.Pt(info.Width, info.Height), err
	case "image/avif", "image/heif":
		at := bytes.Index(a.body, []byte("ispe"))
		if at < 0 || at+16 > len(a.body) {
			return image.Point{}, fmt.Errorf("%s without a size", kind)
		}
		return image.Pt(int(binary.BigEndian.Uint32(a.body[at+8:])), int(binary.BigEndian.Uint32(a.body[at+12:]))), nil
	case "image/tiff":
		return sizeOfTIFF(a.body)
	case "image/jxl":
		return sizeOfJXL(a.body)
	default:
		c, _, err := image.DecodeConfig(bytes.NewReader(a.body))
		return image.Pt(c.Width, c.Height), err
	}
}

// sizeOfTIFF reads the first directory of a little-endian TIFF; Go's own decoder
// does not know every kind of pixels.
func sizeOfTIFF(data []byte) (size image.Point, err error) {
	le := binary.LittleEndian
	if len(data) < 8 || string(data[:4]) != "II*\x00" || int(le.Uint32(data[4:]))+2 > len(data) {
		return size, errors.New("no TIFF")
	}
	at := int(le.Uint32(data[4:]))
	for n := int(le.Uint16(data[at:])); n > 0 && at+14 <= len(data); n-- {
		entry := data[at+2 : at+14]
		value := int(le.Uint32(entry[8:]))
		if le.Uint16(entry[2:]) == 3 { // a short
			value = int(le.Uint16(entry[8:]))
		}
		switch le.Uint16(entry) {
		case 256:
			size.X = value
		case 257:
			size.Y = value
		}
		at += 12
	}
	return size, nil
}

// sizeOfJXL reads the size header of a naked JPEG XL (ISO/IEC 18181-1, D.2), the
// lowest bit of a byte first.
func sizeOfJXL(data []byte) (image.Point, error) {
	if len(data) < 16 || data[0] != 0xff || data[1] != 0x0a {
		return image.Point{}, errors.New("no JPEG XL")
	}
	low, at := binary.LittleEndian.Uint64(data[2:]), 0
	take := func(n int) int {
		v := low >> at & (1<<n - 1)
		at += n
		return int(v)
	}
	eighths := take(1) == 1
	side := func() int {
		if eighths {
			return 8 * (take(5) + 1)
		}
		return take([]int{9, 13, 18, 30}[take(2)]) + 1
	}
	h := side()
	if r := take(3); r > 0 {
		ratio := [][2]int{{1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[r-1]
		return image.Pt(h*ratio[0]/ratio[1], h), nil
	}
	return image.Pt(side(), h), nil
}
