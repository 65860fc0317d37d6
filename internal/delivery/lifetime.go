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

// A directive is one part of the value. The times are max-age and s-maxage.
type directive struct {
	name    string // in lower case
	text    string // as written
	timed   bool
	seconds int64 // of a timed one
}

// ParseLifetime reads a Cache-Control value. A time that is no number counts as
// none at all, and one too large to count as the largest, as caches read them.
func ParseLifetime(text string) Lifetime {
	l := Lifetime{text: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		name, value, _ := strings.Cut(part, "=")
		d := directive{name: strings.ToLower(strings.TrimSpace(name)), text: part}
		if d.timed = d.name == "max-age" || d.name == "s-maxage"; d.timed {
			// Out of range, ParseInt returns the nearest number there is.
			d.seconds, _ = strconv.ParseInt(strings.Trim(value, " \t\""), 10, 64)
			d.seconds = max(d.seconds, 0)
		}
		if part != "" {
			l.parts = append(l.parts, d)
		}
	}
	return l
}

// Append adds the value to dst as it is.
func (l Lifetime) Append(dst []byte) []byte { return append(dst, l.text...) }

// AppendAtMost adds the value to dst with no time longer than left seconds, and
// without what lets a cache use an answer beyond its time (RFC 5861, RFC 8246).
// A value that names no time gets one, or caches would choose it.
func (l Lifetime) AppendAtMost(dst []byte, left int64) []byte {
	left = max(left, 0)
	start, bounded := len(dst), false
	for _, d := range l.parts {
		if strings.HasPrefix(d.name, "stale-") || d.name == "immutable" {
			continue
		}
		bounded = bounded || d.name == "max-age" || d.name == "no-store"
		dst = d.appendTo(separate(dst, start), left)
	}
	if bounded {
		return dst
	}
	return directive{name: "max-age", timed: true, seconds: left}.appendTo(separate(dst, start), left)
}

func (d directive) appendTo(dst []byte, left int64) []byte {
	if !d.timed {
		return append(dst, d.text...)
	}
	dst = append(append(dst, d.name...), '=')
	return strconv.AppendInt(dst, min(d.seconds, left), 10)
}

// separate adds what goes between two parts, if there is one since start.
func separate(dst []byte, start int) []byte {
	if len(dst) == start {
		return dst
	}
	return append(dst, ", "...)
}
