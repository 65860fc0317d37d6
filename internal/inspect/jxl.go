package inspect

import "bytes"

// A jxl reads the headers of a JPEG XL codestream (ISO/IEC 18181-1, annex D).
type jxl struct {
	bits
	Header
	turned bool // sides are exchanged
}

// readJXL reads a codestream, or the beginning of one in a container. libjxl
// turns the picture, so the size is that after the turn.
func readJXL(data []byte) (Header, error) {
	stream, err := codestream(data)
	if err != nil {
		return Header{}, err
	}
	x := jxl{bits: bits{data: stream, at: 16, lowFirst: true}}
	x.Header = Header{Bands: 3, Depth: 8, Orientation: 1, Whole: true}
	x.Width, x.Height = x.size()
	if allDefault := x.flag(); !allDefault {
		x.metadata()
	}
	if x.over {
		return Header{}, cutOff()
	}
	if x.turned {
		x.Width, x.Height = x.Height, x.Width
	}
	x.Samples = float64(x.Bands)
	return x.Header, nil
}

// mostJXL is how many bytes of a codestream are joined at most, more than the header
// of any picture with at most maxBands has: the name of a channel has up to 1071 bytes.
const mostJXL = 8 << 10

// codestream returns a codestream from its beginning on, or as much of it as holds its
// header. A container may cut it anywhere, into numbered parts of any length (ISO/IEC
// 18181-2, jxlp); most have a first part that will do.
func codestream(data []byte) ([]byte, error) {
	const signature = "\xff\x0a"
	stream := data
	if !bytes.HasPrefix(data, []byte(signature)) {
		var err error
		if stream, err = boxedJXL(data); err != nil {
			return nil, err
		}
	}
	if !bytes.HasPrefix(stream, []byte(signature)) {
		return nil, damaged("it has no codestream")
	}
	return stream, nil
}

// boxedJXL returns what a container has of a codestream, up to mostJXL bytes if that is
// in several parts.
func boxedJXL(data []byte) ([]byte, error) {
	const last = 1 << 31 // is set in the number of the last part
	var joined []byte
	for n := uint64(0); len(joined) < mostJXL; {
		b, rest, ok := nextBox(data)
		if !ok {
			break // what is missing shows
		}
		data = rest
		switch {
		case b.is("jxlc") && n == 0:
			return b.body, nil
		case b.is("jxlp"):
			c := cursor{data: b.body}
			number := c.uint(4)
			if c.over || number&^last != n {
				return nil, damaged("its parts are in no order")
			}
			if n == 0 && (number&last != 0 || len(c.data) >= mostJXL) {
				return c.data, nil
			}
			joined = append(joined, c.data[:min(len(c.data), mostJXL)]...)
			if number&last != 0 {
				return joined, nil
			}
			n++
		}
	}
	return joined, nil
}

// A choice is one of four ways to code a number: so many bits, on top of from.
type choice struct {
	from uint32
	bits int
}

// u32 reads a number that is coded in one of four ways.
func (x *jxl) u32(ways [4]choice) uint32 {
	way := ways[x.read(2)]
	return way.from + x.read(way.bits)
}

// enum reads a value of an enumeration.
func (x *jxl) enum() uint32 { return x.u32([4]choice{{0, 0}, {1, 0}, {2, 4}, {18, 6}}) }

// size reads SizeHeader.
func (x *jxl) size() (w, h int) {
	small := x.flag()
	side := func() int {
		if small {
			return 8 * (1 + int(x.read(5)))
		}
		return int(x.u32([4]choice{{1, 9}, {1, 13}, {1, 18}, {1, 30}}))
	}
	h = side()
	if ratio := x.read(3); ratio != 0 {
		return byRatio(h, ratio), h
	}
	return side(), h
}

// byRatio returns the width for a height and a ratio from 1 to 7.
func byRatio(h int, ratio uint32) int {
	r := [8][2]int{{0, 1}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}[ratio]
	return h * r[0] / r[1]
}

// metadata reads ImageMetadata up to the color space.
func (x *jxl) metadata() {
	if more := x.flag(); more {
		x.turned = x.read(3) >= 4
		if intrinsic := x.flag(); intrinsic {
			x.size()
		}
		if preview := x.flag(); preview {
			x.preview()
		}
		if animation := x.flag(); animation {
			x.animation()
		}
	}
	x.Depth = x.depth()
	x.skip(1)                                                       // modular_16bit_buffers
	extra := int(x.u32([4]choice{{0, 0}, {1, 0}, {2, 4}, {1, 12}})) // channels
	for i := 0; i < extra && !x.over; i++ {
		x.channel()
	}
	x.skip(1) // xyb_encoded
	x.color()
	x.Bands += extra
}

// depth reads BitDepth and returns the bits of a channel once decoded.
func (x *jxl) depth() int {
	if float := x.flag(); float {
		x.u32([4]choice{{32, 0}, {16, 0}, {24, 0}, {1, 6}})
		x.skip(4)
		return 32
	}
	switch n := x.u32([4]choice{{8, 0}, {10, 0}, {12, 0}, {1, 6}}); {
	case n <= 8:
		return 8
	case n <= 16:
		return 16
	}
	return 32
}

// channel reads ExtraChannelInfo.
func (x *jxl) channel() {
	const alpha, spot, cfa = 0, 2, 5
	if plain := x.flag(); plain {
		x.Alpha = true
		return
	}
	kind := x.enum()
	x.depth()
	x.u32([4]choice{{0, 0}, {3, 0}, {4, 0}, {1, 3}}) // dim_shift
	x.skip(8 * int(x.u32([4]choice{{0, 0}, {0, 4}, {16, 5}, {48, 10}})))
	switch kind {
	case alpha:
		x.Alpha = true
		x.skip(1)
	case spot:
		x.skip(4 * 16)
	case cfa:
		x.u32([4]choice{{1, 0}, {0, 2}, {3, 4}, {19, 8}})
	}
}

// color reads as much of ColourEncoding as tells grey from colors.
func (x *jxl) color() {
	const gray = 1
	if standard := x.flag(); standard {
		return
	}
	x.skip(1) // want_icc
	if x.enum() == gray {
		x.Bands = 1
	}
}

// preview passes over PreviewHeader.
func (x *jxl) preview() {
	eighths := x.flag()
	side := func() {
		if eighths {
			x.u32([4]choice{{16, 0}, {32, 0}, {1, 5}, {33, 9}})
			return
		}
		x.u32([4]choice{{1, 6}, {65, 8}, {321, 10}, {1345, 12}})
	}
	side()
	if ratio := x.read(3); ratio == 0 {
		side()
	}
}

// animation passes over AnimationHeader.
func (x *jxl) animation() {
	x.u32([4]choice{{100, 0}, {1000, 0}, {1, 10}, {1, 30}})
	x.u32([4]choice{{1, 0}, {1001, 0}, {1, 8}, {1, 10}})
	x.u32([4]choice{{0, 0}, {0, 3}, {0, 16}, {0, 32}})
	x.skip(1)
}
