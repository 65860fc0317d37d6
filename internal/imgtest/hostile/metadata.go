package hostile

import (
	"encoding/binary"
	"fmt"
)

// A part is something that is put into pictures of several formats.
type part struct {
	name string
	data []byte
}

// profile is an ICC profile that says it has size bytes and so many tags.
func profile(size, tags int, class, space string, body []byte) []byte {
	return join(be32(size), []byte("lcms"), be32(0x04300000), []byte(class), []byte(space), []byte("XYZ "),
		make([]byte, 12), []byte("acsp"), make([]byte, 88), be32(tags), body)
}

// profiles are broken, or of other pictures: the pixels are worth showing all the
// same.
func profiles() []part {
	tag := join([]byte("rXYZ"), be32(144), be32(20))
	return []part{
		{"empty", nil},
		{"garbage", text("garbage ", 100)},
		{"cut-header", profile(128, 0, "mntr", "RGB ", nil)[:100]},
		{"declares-60mb", profile(60<<20, 1, "mntr", "RGB ", tag)},
		{"declares-4gb-of-tags", profile(1000, 1<<32-1, "mntr", "RGB ", make([]byte, 800))},
		{"no-tags", profile(132, 0, "mntr", "RGB ", nil)},
		{"tag-beyond-end", profile(144, 1, "mntr", "RGB ", join([]byte("A2B0"), be32(1<<31), be32(1<<31)))},
		{"tag-onto-itself", profile(152, 1, "mntr", "RGB ", join([]byte("A2B0"), be32(128), be32(24), text("A", 8)))},
		{"for-cmyk", profile(144, 1, "prtr", "CMYK", tag)},
		{"for-grey", profile(144, 1, "mntr", "GRAY", tag)},
		{"for-lab", profile(144, 1, "abst", "Lab ", tag)},
		{"of-15-colors", profile(144, 1, "prtr", "FCLR", tag)},
		{"of-1mb", profile(1<<20, 0, "mntr", "RGB ", make([]byte, 1<<20-132))},
	}
}

// A field is an entry of a TIFF directory; count and value as they are written,
// which need not be right.
type field struct{ tag, kind, count, value int }

// The kinds of a field.
const (
	kindASCII = 2
	kindShort = 3
	kindLong  = 4
)

// directory is a TIFF directory. A short value stands in the upper half of its
// place when the order is big-endian.
func directory(o binary.AppendByteOrder, next int, fields ...field) []byte {
	out := o.AppendUint16(nil, uint16(len(fields)))
	for _, f := range fields {
		out = o.AppendUint16(out, uint16(f.tag))
		out = o.AppendUint16(out, uint16(f.kind))
		out = o.AppendUint32(out, uint32(f.count))
		if f.kind == kindShort && f.count == 1 {
			out = o.AppendUint16(o.AppendUint16(out, uint16(f.value)), 0)
			continue
		}
		out = o.AppendUint32(out, uint32(f.value))
	}
	return o.AppendUint32(out, uint32(next))
}

// tiffHead is the header of a TIFF whose first directory is at 8.
func tiffHead(o binary.AppendByteOrder) []byte {
	order := "II"
	if o == binary.AppendByteOrder(binary.BigEndian) {
		order = "MM"
	}
	return o.AppendUint32(o.AppendUint16([]byte(order), 42), 8)
}

// turned is EXIF with nothing but an orientation.
func turned(o binary.AppendByteOrder, orientation int) []byte {
	return join(tiffHead(o), directory(o, 0, field{0x112, kindShort, 1, orientation}))
}

// exifs are hostile, and say nothing of an orientation that there is.
func exifs() []part {
	o := binary.LittleEndian
	with := func(next int, fields ...field) []byte { return join(tiffHead(o), directory(o, next, fields...)) }
	list := []part{
		{"empty", nil},
		{"header-alone", tiffHead(o)},
		{"garbage", text("garbage ", 100)},
		{"loop", with(8, field{0x100, kindLong, 1, 1})},
		{"exif-loop", with(0, field{0x8769, kindLong, 1, 8})},
		{"gps-loop", with(0, field{0x8825, kindLong, 1, 8})},
		{"both-loop", with(8, field{0x8769, kindLong, 1, 8}, field{0x8825, kindLong, 1, 8}, field{0xa005, kindLong, 1, 8})},
		{"tag-of-4gb", with(0, field{0x10e, kindASCII, 1<<32 - 1, 26})},
		{"tag-of-2gb-beyond", with(0, field{0x10e, kindASCII, 1 << 31, 1 << 31})},
		{"tag-that-overflows", with(0, field{0x10e, kindLong, 1 << 30, 1<<32 - 4})},
		{"unknown-kind", with(0, field{0x10e, 255, 1, 1})},
		{"directory-beyond", []byte("II*\x00\xff\xff\xff\xff")},
		{"65535-entries", join(tiffHead(o), le16(65535), make([]byte, 1000))},
		{"thumbnail-beyond", with(26, field{0x100, kindLong, 1, 1}, field{0x201, kindLong, 1, 1 << 31}, field{0x202, kindLong, 1, 1 << 31})},
		{"maker-note", with(0, field{0x927c, 7, 1 << 31, 8})},
	}
	for _, orientation := range []int{0, 9, 255, 65535} {
		list = append(list, part{fmt.Sprintf("orientation-%d", orientation), turned(o, orientation)})
	}
	return list
}
