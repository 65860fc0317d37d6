package origin

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pixedge/internal/fault"
)

// A hostRule is an entry of a list of allowed hosts.
type hostRule struct {
	host string // in canonical spelling; ".example.com": any below; empty: any at all
	port string // empty: 80 and 443
}

// parseHosts reads a list of allowed hosts: "host", "host:port",
// "*.example.com" and "*".
func parseHosts(entries []string) ([]hostRule, error) {
	rules := make([]hostRule, len(entries))
	for i, entry := range entries {
		var err error
		if rules[i], err = parseHost(entry); err != nil {
			return nil, fmt.Errorf("allowed host %q: %w", entry, err)
		}
	}
	return rules, nil
}

func parseHost(entry string) (hostRule, error) {
	if rest, ok := strings.CutPrefix(entry, "*."); ok {
		host, port, err := splitHost(rest)
		if _, notIP := netip.ParseAddr(host); err == nil && notIP == nil {
			err = errors.New("nothing is below an address")
		}
		return hostRule{"." + host, port}, err
	}
	if rest, ok := strings.CutPrefix(entry, "*"); ok {
		port, given := strings.CutPrefix(rest, ":")
		if rest != "" && (!given || !validPort(port)) {
			return hostRule{}, errors.New("want *, *:port or *.domain")
		}
		return hostRule{"", port}, nil
	}
	host, port, err := splitHost(entry)
	return hostRule{host, port}, err
}

func (r hostRule) allows(host, port string) bool {
	switch {
	case r.port == "" && port != "80" && port != "443", r.port != "" && r.port != port:
		return false
	case strings.HasPrefix(r.host, "."):
		return strings.HasSuffix(host, r.host)
	}
	return r.host == "" || r.host == host
}

// checkLink returns an error unless u is a plain http or https link to one of
// the hosts.
func checkLink(u *url.URL, hosts []hostRule) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" {
		return fault.Errorf(fault.Invalid, "a link begins with http:// or https://")
	}
	if u.User != nil {
		return fault.Errorf(fault.Invalid, "a link holds no user name")
	}
	host, port, err := splitHost(u.Host)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "host of the link is not valid")
	}
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	if !slices.ContainsFunc(hosts, func(r hostRule) bool { return r.allows(host, port) }) {
		return fault.Errorf(fault.Forbidden, "host not allowed")
	}
	return nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// splitHost splits "host", "host:port", "[address]" and "[address]:port". The
// host is returned in its one canonical spelling, without brackets; the port is
// empty if there is none.
func splitHost(text string) (host, port string, err error) {
	name, rest := text, ""
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') {
		name, rest = text[:i], text[i:]
	}
	if rest != "" {
		port = rest[1:]
		if !validPort(port) {
			return "", "", errors.New("port is not a number from 1 to 65535")
		}
	}
	host, err = canonicalHost(name)
	return host, port, err
}

func validPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == text
}

// canonicalHost accepts names as DNS has them (in ASCII; with underscores,
// which exist), IPv4 addresses in dotted decimal and IPv6 addresses in
// brackets. Whatever else some resolvers take for an address, such as 127.1,
// 0x7f000001 or a trailing dot, is refused.
func canonicalHost(text string) (string, error) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if err != nil || !closed || !addr.Is6() || addr.Zone() != "" {
			return "", errors.New("not an IPv6 address in brackets")
		}
		return addr.String(), nil
	}
	host := strings.ToLower(text)
	labels := strings.Split(host, ".")
	if len(host) > 253 || slices.ContainsFunc(labels, func(l string) bool { return !validLabel(l) }) {
		return "", errors.New("not a host name")
	}
	if isNumber(labels[len(labels)-1]) {
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is4() {
			return "", errors.New("not an IPv4 address in dotted decimal")
		}
	}
	return host, nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// isNumber reports whether a host whose last label this is must be an IPv4
// address; it is the test of the URL standard of WHATWG, 3.5, "ends in a
// number".
func isNumber(label string) bool {
	if digits, hex := strings.CutPrefix(label, "0x"); hex {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
