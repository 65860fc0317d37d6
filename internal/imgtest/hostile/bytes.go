package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

func be16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func be32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func le16(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// text returns n times the bytes of s.
func text(s string, n int) []byte { return []byte(strings.Repeat(s, n)) }

// zeros returns a zlib stream of n zero bytes, about a thousandth as long. The
// bytes that stand for a full megabyte are the same each time.
func zeros(n int) []byte {
	const block = 1 << 20
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		panic(err) // unreachable: the level is one
	}
	flush := func(size int) []byte {
		before := b.Len()
		_, _ = w.Write(make([]byte, size)) // a buffer takes everything
		_ = w.Flush()
		return bytes.Clone(b.Bytes()[before:])
	}
	flush(0)
	head := bytes.Clone(b.Bytes())
	out := bytes.NewBuffer(head)
	if n >= block {
		out.Write(flush(block))
		out.Write(bytes.Repeat(flush(block), n/block-1))
	}
	out.Write(flush(n % block))
	out.Write([]byte{1, 0, 0, 0xff, 0xff}) // the last block, empty
	const mod = 65521
	out.Write(be32(n%mod<<16 | 1)) // Adler-32 of zeros
	return out.Bytes()
}

// zipped returns data as a zlib stream.
func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// chunk is a chunk of a PNG.
func chunk(kind string, data []byte) []byte {
	body := append([]byte(kind), data...)
	return join(be32(len(data)), body, be32(int(crc32.ChecksumIEEE(body))))
}

// bits are written one after the other, the first of them the highest of a byte
// unless low is set.
type bits struct {
	low  bool
	data []byte
	n    int
}

func (b *bits) put(value uint64, width int) {
	for i := range width {
		shift := width - 1 - i
		if b.low {
			shift = i
		}
		if b.n%8 == 0 {
			b.data = append(b.data, 0)
		}
		at := 7 - b.n%8
		if b.low {
			at = b.n % 8
		}
		b.data[len(b.data)-1] |= byte(value>>shift&1) << at
		b.n++
	}
}
