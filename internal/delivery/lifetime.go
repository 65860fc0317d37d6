package delivery

import (
	"strconv"
	"strings"
)

// A Lifetime is a Cache-Control value (RFC 9111, 5.2) that can be shortened to
// the rest of a signature's life.
type Lifetime struct {
	text  string
	parts []directive
}

// A directive is one part of the value; seconds is -1 if it has none.
type directive struct {
	name    string
	seconds int64
}

// ParseLifetime reads a Cache-Control value.
func ParseLifetime(text string) Lifetime {
	l := Lifetime{text: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		name, value, _ := strings.Cut(part, "=")
		if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && seconds >= 0 {
			l.parts = append(l.parts, directive{name, seconds})
		} else {
			l.parts = append(l.parts, directive{part, -1})
		}
	}
	return l
}

// Append adds the value to dst as it is.
func (l Lifetime) Append(dst []byte) []byte { return append(dst, l.text...) }

// AppendAtMost adds the value to dst with no time longer than left seconds, and
// without what lets a cache use an answer beyond its time.
func (l Lifetime) AppendAtMost(dst []byte, left int64) []byte {
	left = max(left, 0)
	for _, p := range l.parts {
		if strings.HasPrefix(p.name, "stale-") || p.name == "immutable" {
			continue
		}
		if len(dst) > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, p.name...)
		if p.seconds >= 0 {
			dst = append(dst, '=')
			dst = strconv.AppendInt(dst, min(p.seconds, left), 10)
		}
	}
	return dst
}
