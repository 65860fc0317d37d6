package pixlab

import (
	"encoding/base64"
	"net/url"
	"strings"

	"pixedge/internal/fault"
)

// A reference is what img, link or src may be: a picture on the web, one of the
// cloud's own, or the bytes themselves.
type reference struct {
	link string // an absolute http or https URL
	path string // in the cloud
	id   string // of an asset, without its extension
	data []byte
}

// refer reads a reference. own is how links to the cloud's own pictures begin, without
// a scheme: the edge may be known by both. Its errors name the parameter.
func refer(param, text, own string) (reference, error) {
	word := strings.TrimSpace(text)
	if path, ok := ownLink(word, own); ok {
		return reference{path: path}, nil
	}
	if isLink(word) {
		link, _, _ := strings.Cut(word, "#")
		return reference{link: link}, nil
	}
	if id, ok := cutID(word); ok {
		return reference{id: id}, nil
	}
	if data, ok := decode(text); ok {
		return reference{data: data}, nil
	}
	return reference{}, fault.Errorf(fault.Invalid, "%s: want the URL of a picture, the id of a stored one, or a picture in base64", param)
}

// ownLink returns the path of a picture of the cloud's own.
func ownLink(text, own string) (path string, ok bool) {
	if !isLink(text) {
		return "", false
	}
	_, address, _ := strings.Cut(text, "://")
	host, rest, _ := strings.Cut(address, "/")
	ownHost, ownPath, _ := strings.Cut(own, "/")
	rest, ok = strings.CutPrefix(rest, ownPath)
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	path, err := url.PathUnescape(rest)
	return path, ok && err == nil && strings.EqualFold(host, ownHost)
}

func isLink(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// idLength is how many characters the library's ids have. No picture is so small
// that its base64 looks like one.
const idLength = 26

// cutID reads an id, with or without the extension that it has in replies.
func cutID(text string) (id string, ok bool) {
	id, _, _ = strings.Cut(text, ".")
	other := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return id, len(id) == idLength && !strings.ContainsFunc(id, other)
}

// decode reads base64 of either alphabet (RFC 4648, 4 and 5), with or without its
// padding, bare or in a data: URI (RFC 2397). A blank is a plus sign that was not
// escaped on its way through a query or a form.
func decode(text string) (data []byte, ok bool) {
	text = strings.NewReplacer("\r", "", "\n", "", "\t", "").Replace(text)
	if head, body, found := strings.Cut(text, ","); found {
		head = strings.ToLower(strings.ReplaceAll(head, " ", ""))
		if !strings.HasPrefix(head, "data:") || !strings.HasSuffix(head, ";base64") {
			return nil, false
		}
		text = body
	}
	text = strings.TrimLeft(text, " ") // no picture begins with a plus sign
	if bare := strings.TrimRight(text, " "); len(bare)%4 == 0 || strings.HasSuffix(bare, "=") {
		text = strings.TrimRight(bare, "=") // whole without the blanks behind it
	}
	data, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(text))
	return data, err == nil && len(data) > 0
}
