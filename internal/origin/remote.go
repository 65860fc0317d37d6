package origin

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"pixedge/internal/fault"
)

type remote struct{ client client }

// Remote returns the source of the pictures that links lead to: the name of a
// picture is its absolute http or https address.
//
// A link must lead to a host in allow, and so must each redirect from there.
// An entry is "host" (its ports 80 and 443), "host:port", "*.example.com" (all
// names below, at any depth, and not example.com itself; also with a port) or
// "*" (every host). Addresses are hosts too, those of IPv6 in brackets. The
// guard g has the last word on each connection.
func Remote(h *Hosts, allow []string, g *Guard) (Source, error) {
	hosts, err := parseHosts(allow)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	return remote{newClient(h, KindRemote, hosts, g, "")}, nil
}

func (r remote) Open(ctx context.Context, name string) (Body, error) {
	if !isLink(name) {
		return Body{}, fs.ErrNotExist
	}
	u, err := parseLink(name)
	if err != nil {
		return Body{}, err
	}
	return r.client.open(ctx, u)
}

// isLink reports whether name begins with a scheme, as RFC 3986, 3.1, has it,
// and two slashes.
func isLink(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && scheme != "" && !strings.ContainsFunc(scheme, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+-.", r)
	})
}

// parseLink reads a link as people write it, with spaces and other letters
// than those of ASCII in its path. Escapes that it has already are kept: they
// may stand for a slash that is no separator.
func parseLink(text string) (*url.URL, error) {
	bad := func(r rune) bool { return r == '\\' || r == '#' || unicode.IsControl(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, bad) {
		return nil, fault.Errorf(fault.Invalid, "link holds a character that is not allowed")
	}
	u, err := url.Parse(escape(text))
	return u, fault.Wrap(withoutURL(err), fault.Invalid, "link is not valid")
}

// escape escapes the bytes that cannot stand in a URL (RFC 3986, 2).
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
