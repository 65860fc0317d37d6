package inspect

import "encoding/binary"

// A cursor reads numbers, the most significant byte first. Beyond the end it
// reads zeros and says so.
type cursor struct {
	data []byte
	over bool // something was read that is not there
}

// take returns the next n bytes, or nil.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.data) {
		c.over, c.data = true, nil
		return nil
	}
	taken := c.data[:n]
	c.data = c.data[n:]
	return taken
}

// uint reads a number of 0 to 8 bytes.
func (c *cursor) uint(bytes int) uint64 {
	var n uint64
	for _, b := range c.take(bytes) {
		n = n<<8 | uint64(b)
	}
	return n
}

// byte reads one.
func (c *cursor) byte() byte { return byte(c.uint(1)) }

// bits reads numbers of any number of bits, the most significant bit of a byte
// first, or last. Beyond the end it reads zeros and says so.
type bits struct {
	data     []byte
	at       int // in bits
	lowFirst bool
	over     bool
}

// read reads up to 32 bits.
func (b *bits) read(n int) uint32 {
	var v uint32
	for i := range n {
		if b.at>>3 >= len(b.data) {
			b.over = true
			return 0
		}
		if b.lowFirst {
			v |= uint32(b.data[b.at>>3]>>(b.at&7)&1) << i
		} else {
			v = v<<1 | uint32(b.data[b.at>>3]>>(7-b.at&7)&1)
		}
		b.at++
	}
	return v
}

func (b *bits) flag() bool { return b.read(1) == 1 }

// skip passes over bits, which have to be there.
func (b *bits) skip(n int) {
	if b.at += n; b.at > 8*len(b.data) {
		b.over = true
	}
}

// golomb reads an Exp-Golomb code, ue(v) in HEVC and uvlc() in AV1.
func (b *bits) golomb() uint32 {
	zeros := 0
	for !b.over && !b.flag() {
		if zeros++; zeros == 32 {
			b.over = true
		}
	}
	if b.over {
		return 0
	}
	return 1<<zeros - 1 + b.read(zeros)
}

// u24 reads 3 bytes, the least significant first.
func u24(b []byte) int { return int(binary.LittleEndian.Uint16(b)) | int(b[2])<<16 }
