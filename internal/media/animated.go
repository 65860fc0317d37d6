package media

// Animated reports whether data is a picture that moves: a GIF with more than
// one image in it, or a WebP whose header (VP8X) says so. Of a damaged file it
// tells what its readable beginning says. It decodes nothing, allocates nothing
// and takes time linear in the length of data.
func Animated(data []byte) bool {
	switch f, _ := Sniff(data[:min(len(data), sniffAnimated)]); f {
	case GIF:
		return gifImages(data) > 1
	case WebP:
		return webpMoves(data)
	default:
		return false
	}
}

// sniffAnimated is how much tells GIF and WebP from everything else.
const sniffAnimated = 16

// webpMoves reads the flags of VP8X, which is the first chunk of every WebP that
// is more than one plain picture: "RIFF", size, "WEBP", "VP8X", size, flags.
func webpMoves(data []byte) bool {
	const flags, animation = 20, 0x02
	return len(data) > flags && string(data[12:16]) == "VP8X" && data[flags]&animation != 0
}

// What the blocks of a GIF begin with.
const (
	gifExtension = 0x21
	gifImage     = 0x2c
)

// isGIFBlock reports whether a block that has more to it begins with b.
func isGIFBlock(b byte) bool { return b == gifExtension || b == gifImage }

// gifImages counts the images of a GIF, up to two of them.
func gifImages(data []byte) int {
	images, _ := gifBlocks(data, 2)
	return images
}

// gifBlocks counts the images of a GIF, up to most of them, by going from block
// to block (GIF89a, 17 to 27). It returns where it stopped: at the trailer, at
// nonsense, or where the data end or are about to.
func gifBlocks(data []byte, most int) (images, at int) {
	const (
		screen      = 13 // bytes of header and logical screen descriptor
		packed      = 10 // where the latter says how many colors follow
		descriptor  = 10 // bytes, with its introducer
		imagePacked = 9
	)
	if len(data) < screen {
		return 0, len(data)
	}
	at = screen + colorTable(data[packed])
	for images < most && at < len(data) && isGIFBlock(data[at]) {
		switch {
		case data[at] == gifExtension: // introducer, label
			at = afterSubBlocks(data, at+2)
		case at+descriptor > len(data):
			return images, at
		default: // descriptor, colors, size of codes
			images++
			at = afterSubBlocks(data, at+descriptor+colorTable(data[at+imagePacked])+1)
		}
	}
	return images, at
}

// colorTable returns the bytes that a color table has according to the packed
// field of a descriptor.
func colorTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (1 + packed&7)
}

// afterSubBlocks returns where the sub-blocks end that begin at i. Each has its
// length before it, and the last has none.
func afterSubBlocks(data []byte, i int) int {
	for i < len(data) && data[i] != 0 {
		i += 1 + int(data[i])
	}
	return i + 1
}
