package signing

import (
	"net/url"
	"strings"
)

// PixelBin's clients sign the same URL in different ways, and a URL does not say
// which client signed it. This file lists the texts that a signature may have
// been computed over. Each is followed by the expiry and has no leading slash.
//
// Several texts per URL could mean several URLs per text, and then a signature
// for one picture would open another. It does not, because of three limits:
// escapes that decode to escapes are read in one way only (see forms), a text
// decoded by us is tried only where a person could have typed it (see typed),
// and decoded queries only where they came from a known encoder (see
// beforeSearchParams). TestFormsMeanOneURL holds this for every short URL.

// The characters, beside letters and digits, that each encoder leaves alone.
const (
	encodeURI = "-_.!~*'();/?:@&=+$,#" // ECMAScript's function of that name
	php       = "-._~:/?&=#"           // the PHP SDK
	params    = "*-._"                 // WHATWG's URLSearchParams, which writes a space as '+'

	// WHATWG's URL: what browsers and Node leave alone in a path and a query,
	// and the query's set without the characters that have a meaning in it.
	browserPath  = "!$%&'()*+,-./:;=@[\\]^_|~"
	browserQuery = "!$%&()*+,-./:;=?@[\\]^_`{|}~"
	browserValue = "!$()*,-./:;=?@[\\]^_`{|}~"
	browserName  = "!$()*,-./:;?@[\\]^_`{|}~"
)

// A form is a text that a signature may have been computed over.
type form struct {
	text  string
	how   string // how the text was made from the URL
	query bool   // whether the text has the query of the URL in it, all of it
}

type forms []form

// forms returns every text that a signature of c may have been computed over,
// each once.
func (c Claim) forms() forms {
	list := make(forms, 0, 12)
	plain := !c.escapedTwice()
	for _, path := range c.spellings() {
		list.add(escape(path+search(c.Query), encodeURI), "by encodeURI", true)
		if before, ok := beforeSearchParams(c.Query); ok {
			list.add(escape(path+search(before), encodeURI), "by encodeURI, before URLSearchParams", true)
		}
		// encodeURI adds a level of escapes and most other signers do not. So
		// for "a%20b" it signs the text that they sign for "a%2520b", which is
		// another file. The latter is left to encodeURI.
		if !plain {
			continue
		}
		list.add(path+search(c.Query), "as sent", true)
		// The PHP SDK escapes a plus sign, which in a query makes another
		// character of it.
		if !strings.Contains(c.Query, "+") {
			list.add(escape(path+search(c.Query), php), "as PHP escapes", true)
		}
		list.add(path, "path as sent", c.Query == "")
	}
	if plain && c.typed() {
		list.add(c.Decoded, "path decoded", c.Query == "")
	}
	return list
}

func (l *forms) add(text, how string, query bool) {
	text = strings.TrimPrefix(text, "/")
	for _, f := range *l {
		if f.text == text {
			return
		}
	}
	*l = append(*l, form{text, how, query})
}

// spellings returns the paths that may have been signed: the path as it was
// sent, and as it was before a proxy escaped characters that need no escape.
//
// A path with escapes in lower case gets no second spelling, though it means the
// same. So no URL in which a single byte of a covered part has changed verifies,
// and clients that sign such escapes still match the path as sent.
func (c Claim) spellings() []string {
	if c.Canonical == c.Raw || c.Canonical == "" || lowerEscape(c.Raw) {
		return []string{c.Raw}
	}
	return []string{c.Raw, c.Canonical}
}

// typed reports whether somebody may have typed the decoded path: an escaped
// question mark or slash would not have been part of the path, or of the same
// segment, without its escape.
func (c Claim) typed() bool {
	return !strings.Contains(c.Decoded, "?") &&
		strings.Count(c.Decoded, "/") == strings.Count(c.Raw, "/") &&
		!lowerEscape(c.Raw)
}

// escapedTwice reports whether the path or the query has escapes that decode to
// escapes.
func (c Claim) escapedTwice() bool {
	query, err := url.PathUnescape(c.Query)
	return err != nil || hasEscape(c.Decoded) || hasEscape(query)
}

func search(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// beforeSearchParams returns the query as it was when the JavaScript SDK signed
// it. After that the SDK appends its options with URLSearchParams.set, which
// writes the whole query anew: '+' for a space, '=' after a name without value,
// escapes for '~' and ','. It reports false for a query that URLSearchParams
// would not have written.
func beforeSearchParams(query string) (string, bool) {
	if query == "" {
		return "", false
	}
	var before strings.Builder
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(rawName)
		value, errValue := url.QueryUnescape(rawValue)
		if errName != nil || errValue != nil || name == "" || pair != escapeParam(name)+"="+escapeParam(value) {
			return "", false
		}
		if before.Len() > 0 {
			before.WriteByte('&')
		}
		before.WriteString(escape(name, browserName))
		if value != "" {
			before.WriteString("=" + escape(value, browserValue))
		}
	}
	return before.String(), true
}

func escapeParam(s string) string {
	return strings.ReplaceAll(escape(s, params+" "), " ", "+")
}

// escape escapes every byte of s but ASCII letters, digits and those in keep.
func escape(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	done := 0
	for i := range len(s) {
		if isAlphanumeric(s[i]) || strings.IndexByte(keep, s[i]) >= 0 {
			continue
		}
		if b == nil {
			b = make([]byte, 0, len(s)+16)
		}
		b = append(b, s[done:i]...)
		b = append(b, '%', digits[s[i]>>4], digits[s[i]&15])
		done = i + 1
	}
	if done == 0 {
		return s
	}
	return string(append(b, s[done:]...))
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
}

// hasEscape reports whether s has a percent sign and two hexadecimal digits.
func hasEscape(s string) bool { return escapeWith(s, "0123456789ABCDEFabcdef") }

// lowerEscape reports whether s has an escape with a digit in lower case.
func lowerEscape(s string) bool { return escapeWith(s, "abcdef") }

// escapeWith reports whether s has an escape with one of the given hexadecimal
// digits.
func escapeWith(s, digits string) bool {
	for {
		_, rest, ok := strings.Cut(s, "%")
		if !ok {
			return false
		}
		if len(rest) >= 2 && isHex(rest[0]) && isHex(rest[1]) && strings.ContainsAny(rest[:2], digits) {
			return true
		}
		s = rest
	}
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}
