package web

import "bytes"

// ambiguous reports whether the headers of a request, as they were sent, leave
// open where it ends. Two servers on the way of such a request may find its end
// in different places, and one of them takes a part of it for a request of its
// own (RFC 9112, 11.2). fasthttp lets them pass.
//
// Refused are lines that end without a carriage return, folded lines, which
// some servers read as headers, and Transfer-Encoding: no route takes a body, so
// nobody needs to send one whose length only the body tells.
func ambiguous(headers []byte) bool {
	for line := range bytes.Lines(headers) {
		switch {
		case !bytes.HasSuffix(line, []byte("\r\n")), line[0] == ' ', line[0] == '\t':
			return true
		case line[0]|0x20 == 't' && isHeader(line, "Transfer-Encoding"):
			return true
		}
	}
	return false
}

func isHeader(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}
