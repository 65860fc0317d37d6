package web

import (
	"bytes"
	"strconv"

	"pixedge/internal/fault"
)

// maxHeaders is how many headers a request may have. Browsers send some twenty,
// Apache takes a hundred.
const maxHeaders = 100

// errHeaders is why a request with more is refused.
var errHeaders = fault.Errorf(fault.Invalid, "the request has more than %d headers", maxHeaders)

// A framing is what the headers of a request say about where it ends.
type framing struct {
	lines     int
	unclear   bool  // two servers may disagree about it
	length    int64 // in bytes, of Content-Length; -1: there is none
	encodings int   // headers called Transfer-Encoding
	chunked   bool  // the last of them says that and nothing else
}

// hasBody reports whether something follows the headers.
func (f framing) hasBody() bool { return f.length > 0 || f.encodings > 0 }

// ends reports whether everybody finds the end of the body in the same place, for
// a route that takes one: by its length or by its chunks, and never by both
// (RFC 9112, 6.3). HTTP/1.0 knows no chunks.
func (f framing) ends(http11 bool) bool {
	if f.encodings == 0 {
		return !f.unclear
	}
	return !f.unclear && f.encodings == 1 && f.chunked && f.length < 0 && http11
}

// inspect reads the headers of a request, as they were sent, for what they say
// about its end. Two servers on the way of a request that leaves it open may find its end
// in different places, and one of them takes a part of it for a request of its
// own (RFC 9112, 11.2). fasthttp lets them pass.
//
// Unclear are lines that end without a carriage return, names with a space, which
// some servers cut off, folded lines, which some read as headers, and more than one length.
func inspect(headers []byte) framing {
	f := framing{length: -1}
	for line := range bytes.Lines(headers) {
		if len(line) > len("\r\n") {
			f.lines++
		}
		if !bytes.HasSuffix(line, []byte("\r\n")) || line[0] == ' ' || line[0] == '\t' || spaced(line) {
			f.unclear = true
			return f
		}
		switch line[0] | 0x20 {
		case 't':
			f.encoding(line)
		case 'c':
			f.announce(line)
		}
	}
	return f
}

// encoding takes note of a line if it is a Transfer-Encoding.
func (f *framing) encoding(line []byte) {
	const name = "Transfer-Encoding"
	if isHeader(line, name) {
		f.encodings++
		f.chunked = bytes.EqualFold(bytes.TrimSpace(line[len(name)+1:]), []byte("chunked"))
	}
}

// announce takes note of a line if it is a Content-Length.
func (f *framing) announce(line []byte) {
	const name = "Content-Length"
	if !isHeader(line, name) {
		return
	}
	n, err := strconv.ParseUint(text(bytes.TrimSpace(line[len(name)+1:])), 10, 63)
	f.unclear = f.unclear || err != nil || f.length >= 0
	f.length = int64(n)
}

// spaced reports whether the name in a line has a space.
func spaced(line []byte) bool {
	for _, b := range line {
		switch b {
		case ' ', '\t':
			return true
		case ':':
			return false
		}
	}
	return false
}

func isHeader(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}
