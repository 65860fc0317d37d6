package inspect

import "encoding/binary"

// A box of an ISO base media file (ISO/IEC 14496-12, 4.2).
type box struct {
	name []byte // 4 bytes
	body []byte
}

func (b box) is(name string) bool { return string(b.name) == name }

// nextBox returns the first box of data and what follows it. It is not there if
// data has no room for it.
func nextBox(data []byte) (b box, rest []byte, ok bool) {
	if len(data) < 8 {
		return box{}, nil, false
	}
	head, size := uint64(8), uint64(binary.BigEndian.Uint32(data))
	switch size {
	case 0: // to the end
		size = uint64(len(data))
	case 1:
		if len(data) < 16 {
			return box{}, nil, false
		}
		head, size = 16, binary.BigEndian.Uint64(data[8:])
	}
	if size < head || size > uint64(len(data)) {
		return box{}, nil, false
	}
	return box{name: data[4:8], body: data[head:size]}, data[size:], true
}

// eachBox calls do for all boxes that data is made of.
func eachBox(data []byte, do func(box) error) error {
	for len(data) > 0 {
		b, rest, ok := nextBox(data)
		if !ok {
			return damaged("a box is longer than what it is in")
		}
		if err := do(b); err != nil {
			return err
		}
		data = rest
	}
	return nil
}
