package urlparse

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"pixedge/internal/fault"
)

// Failures that more than one place finds.
var (
	errLongPath = fault.Errorf(fault.TooLong, "the path is longer than %d bytes", maxPath)
	errSlash    = invalid("the path holds an encoded slash")
	errDoubled  = invalid("the path is percent-encoded twice")
	errDots     = invalid("the path has a segment . or ..")
)

// decodePath percent-decodes a path once and refuses text that is not fit to be
// one. link is the end of the decoded text if that is a component-encoded URL,
// the only place for an encoded slash.
func decodePath(path string) (text, link string, err error) {
	switch {
	case len(path) > maxPath:
		return "", "", errLongPath
	case !strings.HasPrefix(path, "/"):
		return "", "", invalid("the path does not begin with a slash")
	case strings.ContainsAny(path, "?#"):
		return "", "", invalid("a ? or # in the path must be percent-encoded")
	}
	last := strings.LastIndexByte(path, '/') + 1
	if !isEncodedLink(path[last:]) {
		last = len(path)
	}
	head, err := decodeNames(path[:last])
	if err != nil {
		return "", "", err
	}
	link, err = decode(path[last:], url.PathUnescape)
	if err != nil {
		return "", "", err
	}
	text = head + link
	if strings.Contains(text, `\`) {
		return "", "", invalid("the path holds a backslash")
	}
	return text, link, nil
}

// decodeNames decodes a path in which no escape may hide a slash or another
// escape.
func decodeNames(path string) (string, error) {
	text, err := decode(path, url.PathUnescape)
	switch {
	case err != nil:
		return "", err
	case strings.Count(text, "/") != strings.Count(path, "/"):
		return "", errSlash
	case hasEscape(text):
		return "", errDoubled
	}
	return text, nil
}

// decode decodes text with unescape, and refuses broken escapes, broken UTF-8
// and control characters.
func decode(text string, unescape func(string) (string, error)) (string, error) {
	plain, err := unescape(text)
	switch {
	case err != nil:
		return "", fault.Wrap(err, fault.Invalid, "a %% in the URL is not followed by two hexadecimal digits")
	case !utf8.ValidString(plain):
		return "", invalid("the URL is not valid UTF-8")
	case hasControl(plain):
		return "", invalid("the URL holds a control character")
	}
	return plain, nil
}

// hasControl reports whether text holds a control character of ASCII.
func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// hasEscape reports whether text holds a percent sign and two hexadecimal
// digits.
func hasEscape(text string) bool {
	for i := range len(text) - 2 {
		if text[i] == '%' && isHex(text[i+1]) && isHex(text[i+2]) {
			return true
		}
	}
	return false
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// checkFile refuses names of stored pictures that are too long or that some
// store could take for another name.
func checkFile(file string) error {
	if len(file) > maxFile {
		return invalid("the path of the picture is longer than %d bytes", maxFile)
	}
	for segment := range strings.SplitSeq(file, "/") {
		switch {
		case segment == "":
			return invalid("the path of the picture has an empty segment")
		case isDots(segment):
			return errDots
		case len(segment) > maxSegment:
			return invalid("a segment of the path is longer than %d bytes", maxSegment)
		}
	}
	return nil
}

// isDots reports whether a segment means this or the upper folder. Some servers
// cut what follows a semicolon before they look, so it is cut here too.
func isDots(segment string) bool {
	name, _, _ := strings.Cut(segment, ";")
	return name == "." || name == ".."
}
