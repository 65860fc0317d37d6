package media

import (
	"bytes"
	"strings"
)

// Accepted is what matters of an Accept header, reduced to a few classes so
// that the many spellings of the header do not multiply what is cached.
type Accepted uint8

// The classes are sums of these.
const (
	AcceptsWebP Accepted = 1 << iota
	AcceptsAVIF
	NumAccepted = 1 << iota // how many classes there are
)

// ParseAccept reads an Accept header (RFC 9110, 12.5.1). Only formats that are
// named count: every client sends a wildcard, so a wildcard says nothing. A
// weight of zero refuses the format. It does not allocate.
func ParseAccept(header []byte) Accepted {
	var a Accepted
	for len(header) > 0 {
		var item []byte
		item, header, _ = bytes.Cut(header, []byte{','})
		name, params, _ := bytes.Cut(item, []byte{';'})
		if refused(params) {
			continue
		}
		switch name = bytes.TrimSpace(name); {
		case bytes.EqualFold(name, []byte("image/webp")):
			a |= AcceptsWebP
		case bytes.EqualFold(name, []byte("image/avif")):
			a |= AcceptsAVIF
		}
	}
	return a
}

// refused reports whether parameters give a format no weight: q=0, q=0.000.
func refused(params []byte) bool {
	for len(params) > 0 {
		var param []byte
		param, params, _ = bytes.Cut(params, []byte{';'})
		name, weight, _ := bytes.Cut(param, []byte{'='})
		if bytes.EqualFold(bytes.TrimSpace(name), []byte{'q'}) {
			weight = bytes.TrimSpace(weight)
			return len(weight) > 0 && len(bytes.Trim(weight, ".0")) == 0
		}
	}
	return false
}

// String names the class for logs and cache keys: "avif+webp".
func (a Accepted) String() string {
	var names []string
	if a&AcceptsAVIF != 0 {
		names = append(names, AVIF.String())
	}
	if a&AcceptsWebP != 0 {
		names = append(names, WebP.String())
	}
	return strings.Join(names, "+")
}

// Best returns the format that costs the fewest bytes among those accepted, or
// fallback if none is.
func (a Accepted) Best(fallback Format) Format {
	switch {
	case a&AcceptsAVIF != 0:
		return AVIF
	case a&AcceptsWebP != 0:
		return WebP
	}
	return fallback
}

// Worse returns the class without its best format.
func (a Accepted) Worse() Accepted {
	if a&AcceptsAVIF != 0 {
		return a &^ AcceptsAVIF
	}
	return a &^ AcceptsWebP
}
