package web

import (
	"bytes"

	"pixedge/internal/fault"
)

// maxHeaders is how many headers a request may have. Browsers send some twenty,
// Apache takes a hundred.
const maxHeaders = 100

// errHeaders is why a request with more is refused.
var errHeaders = fault.Errorf(fault.Invalid, "the request has more than %d headers", maxHeaders)

// inspect counts the headers of a request, as they were sent, and reports whether
// they leave open where it ends. Two servers on the way of such a request may find its end
// in different places, and one of them takes a part of it for a request of its
// own (RFC 9112, 11.2). fasthttp lets them pass.
//
// Refused are lines that end without a carriage return, names with a space, which
// some servers cut off, folded lines, which some read as headers, and Transfer-Encoding: no route takes a body, so
// nobody needs to send one whose length only the body tells.
func inspect(headers []byte) (lines int, unclear bool) {
	for line := range bytes.Lines(headers) {
		if len(line) > len("\r\n") {
			lines++
		}
		switch {
		case !bytes.HasSuffix(line, []byte("\r\n")), line[0] == ' ', line[0] == '\t':
			return lines, true
		case spaced(line):
			return lines, true
		case line[0]|0x20 == 't' && isHeader(line, "Transfer-Encoding"):
			return lines, true
		}
	}
	return lines, false
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
