package inspect

import (
	"bytes"
	"encoding/binary"
)

// Markers (ITU-T T.81, table B.1).
const (
	sof0  = 0xc0 // baseline
	sof2  = 0xc2 // progressive
	sof9  = 0xc9 // extended, arithmetic coding
	sof10 = 0xca // progressive, arithmetic coding
	sof15 = 0xcf
	dht   = 0xc4
	jpg   = 0xc8
	dac   = 0xcc
	rst0  = 0xd0
	rst7  = 0xd7
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	app1  = 0xe1
	app2  = 0xe2
	tem   = 0x01
)

// A jpeg is what is known of one so far.
type jpeg struct {
	Header
	framed bool // its SOF was read
}

// readJPEG reads the segments up to the first scan, and of a picture in several
// scans all of it, to count them. As libjpeg does, it passes over bytes between
// segments that are no marker.
func readJPEG(data []byte) (Header, error) {
	j := jpeg{Header: Header{Depth: 8}}
	at := 2 // after SOI
	for n := 0; ; {
		marker, begin, ok := nextMarker(data, at)
		if !ok {
			return Header{}, cutOff()
		}
		at = begin
		if standsAlone(marker) {
			continue
		}
		if marker == eoi || marker == soi {
			return Header{}, damaged("it has no pixels")
		}
		segment, end, ok := segmentAt(data, begin)
		if !ok {
			return Header{}, cutOff()
		}
		if n++; n > maxSegments {
			return Header{}, crowded()
		}
		at = end
		if marker == sos {
			return j.scans(data, segment, end)
		}
		if err := j.segment(marker, segment); err != nil {
			return Header{}, err
		}
	}
}

// nextMarker returns the first marker from at on, and where it ends. Fill bytes
// and bytes of entropy-coded data (0xff, 0) are no markers.
func nextMarker(data []byte, at int) (marker byte, end int, ok bool) {
	for at < len(data) {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 {
			break
		}
		at += i + 1
		for at < len(data) && data[at] == 0xff {
			at++
		}
		if at < len(data) && data[at] != 0 {
			return data[at], at + 1, true
		}
		at++
	}
	return 0, len(data), false
}

// standsAlone reports whether a marker has no segment, apart from the first and
// the last of a file.
func standsAlone(marker byte) bool { return marker >= rst0 && marker <= rst7 || marker == tem }

// segmentAt returns what a segment holds whose length is at begin.
func segmentAt(data []byte, begin int) (segment []byte, end int, ok bool) {
	if begin+2 > len(data) {
		return nil, 0, false
	}
	end = begin + int(binary.BigEndian.Uint16(data[begin:]))
	if end < begin+2 || end > len(data) {
		return nil, 0, false
	}
	return data[begin+2 : end], end, true
}

// segment takes a segment before the first scan.
func (j *jpeg) segment(marker byte, segment []byte) error {
	const exif, icc = "Exif\x00\x00", "ICC_PROFILE\x00"
	switch {
	case marker == app1 && j.Orientation == 0 && bytes.HasPrefix(segment, []byte(exif)):
		j.Orientation = exifOrientation(segment[len(exif):])
	case marker == app2 && bytes.HasPrefix(segment, []byte(icc)):
		j.Profile += max(0, len(segment)-len(icc)-2) // after number and count of the piece
	case isFrame(marker):
		return j.frame(marker, segment)
	}
	return nil
}

// isFrame reports whether a marker is a SOF.
func isFrame(marker byte) bool {
	return marker >= sof0 && marker <= sof15 && marker != dht && marker != jpg && marker != dac
}

// frame reads a SOF (B.2.2): bits, height, width, and of each component its
// number, sampling factors and table. Lossless and hierarchical pictures (SOF3,
// 5 to 7, 11 and up) and those of 12 bits are read by hardly anyone.
func (j *jpeg) frame(marker byte, s []byte) error {
	const head, perComponent = 6, 3
	if j.framed || len(s) < head || len(s) != head+perComponent*int(s[5]) {
		return damaged("its frame header is wrong")
	}
	n := int(s[5])
	switch {
	case marker > sof2 && marker != sof9 && marker != sof10, s[0] != 8:
		return unread("JPEG pictures that are lossless, hierarchical or of more than 8 bits")
	case n != 1 && n != 3 && n != 4:
		return unread("JPEG pictures of that number of channels")
	}
	var sum, mostH, mostV int
	for i := range n {
		h, v := int(s[head+perComponent*i+1]>>4), int(s[head+perComponent*i+1]&15)
		if h < 1 || h > 4 || v < 1 || v > 4 {
			return damaged("its frame header is wrong")
		}
		sum, mostH, mostV = sum+h*v, max(mostH, h), max(mostV, v)
	}
	j.framed = true
	j.Height, j.Width = int(binary.BigEndian.Uint16(s[1:])), int(binary.BigEndian.Uint16(s[3:]))
	j.Bands = n
	j.Samples = float64(sum) / float64(mostH*mostV)
	j.Whole = marker == sof2 || marker == sof10
	return nil
}

// scans reads the header of the first scan, and counts all scans if there may be
// several: a progressive picture, or one whose first scan leaves components out.
// A file that is cut off has as many scans as are there.
func (j *jpeg) scans(data, first []byte, at int) (Header, error) {
	if !j.framed || len(first) < 1 || len(first) != 4+2*int(first[0]) || first[0] < 1 || int(first[0]) > j.Bands {
		return Header{}, damaged("its first scan is wrong")
	}
	j.Scans = 1
	j.Whole = j.Whole || int(first[0]) < j.Bands
	for j.Whole {
		marker, begin, ok := nextMarker(data, at)
		if !ok || marker == eoi {
			break
		}
		at = begin
		if standsAlone(marker) || marker == soi {
			continue
		}
		if isFrame(marker) {
			return Header{}, damaged("it has a second frame header")
		}
		if marker == sos {
			j.Scans++
		}
		if j.Scans > maxScans {
			return Header{}, refused("the picture has more than %d scans", maxScans)
		}
		if _, at, ok = segmentAt(data, begin); !ok {
			break
		}
	}
	return j.Header, nil
}
