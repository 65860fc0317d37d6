package urlparse

import (
	"net/url"
	"strings"
)

// A remote link stands where the name of a stored picture stands otherwise. It
// comes in two forms:
//
//	/v2/demo/original/https://host/a%20b.jpg
//	/v2/demo/original/https%3A%2F%2Fhost%2Fa%2520b.jpg%3Fx%3D1
//
// The first is the URL as people type it. Decoding the path has decoded the
// escapes of the link too, so its File is https://host/a b.jpg. The second is
// the URL as JavaScript's encodeURIComponent writes it. Decoding the path undoes
// just that, so the link keeps escapes of its own: https://host/a%20b.jpg?x=1.

// isEncodedLink reports whether a segment, as sent, is a link in the second
// form.
func isEncodedLink(segment string) bool {
	start := strings.ToLower(segment[:min(len(segment), len("https%3a%2f%2f"))])
	return strings.HasPrefix(start, "http%3a%2f%2f") || start == "https%3a%2f%2f"
}

// readFile returns the name of a stored picture, or the link, that file is.
func readFile(file string) (string, error) {
	scheme, rest, ok := strings.Cut(file, ":/")
	switch {
	case ok && (scheme == "http" || scheme == "https"):
		// Proxies merge slashes: one means the same as two.
		link := scheme + "://" + strings.TrimPrefix(rest, "/")
		return link, checkLink(link)
	case ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")):
		return "", invalid("the scheme of a remote link is written in lower case")
	}
	return file, checkFile(file)
}

// checkLink refuses remote links whose parts different programs would find in
// different places.
func checkLink(link string) error {
	plain, err := decodeLink(link)
	if err != nil {
		return err
	}
	if strings.ContainsAny(plain, `\`) || strings.Contains(link, "#") {
		return invalid("a remote link may hold neither a fragment nor a backslash")
	}
	for segment := range strings.FieldsFuncSeq(plain, func(c rune) bool { return c == '/' || c == '?' }) {
		if isDots(segment) {
			return errDots
		}
	}
	_, rest, _ := strings.Cut(link, "://")
	host := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		host = rest[:end]
	}
	return checkHost(host)
}

// decodeLink returns the link with the escapes of its own decoded. A link that
// is encoded once more is refused. Percent signs of a link that has no escape
// at all are plain text, as they are in the name of a stored picture.
func decodeLink(link string) (string, error) {
	if !hasEscape(link) {
		return link, nil
	}
	plain, err := url.PathUnescape(link)
	switch {
	case err != nil:
		return "", invalid("a %% in the remote link is not followed by two hexadecimal digits")
	case hasControl(plain):
		return "", invalid("the remote link holds a control character")
	case hasEscape(plain):
		return "", errDoubled
	}
	return plain, nil
}

// checkHost checks a host with an optional port. Its characters are those of
// DNS names and of IP addresses; names of other scripts come as punycode, for
// turning them into it is a normalization.
func checkHost(host string) error {
	for i := range len(host) {
		if c := host[i]; !isAlphanumeric(c) && strings.IndexByte("-._:[]", c) < 0 {
			return invalid("%.40q is not the host of a remote link", host)
		}
	}
	u, err := url.Parse("https://" + host)
	if err != nil || u.Hostname() == "" {
		return invalid("%.40q is not the host of a remote link", host)
	}
	return nil
}
