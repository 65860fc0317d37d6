package urlparse

import (
	"strconv"
	"strings"
)

// Characters that stay as they are, besides ASCII letters and digits.
const (
	pathPlain      = "-._~()[],:;$!'*@&=+/" // in a path, as WHATWG URL writes it
	componentPlain = "-._~()!'*"            // as encodeURIComponent writes it
	linkPlain      = pathPlain + "?"        // in a remote link as it is fetched
)

// Path returns the path of r, percent-encoded, in its canonical spelling. It
// always names the version; of a custom domain it names no cloud. A remote link
// is written plainly unless it holds escapes of its own, which only the
// component-encoded form can carry.
func (r Request) Path() string {
	version := "/v2"
	if r.Version == 1 {
		version = "/v1"
	}
	var b strings.Builder
	b.WriteString(version)
	segments := []string{r.Cloud, r.Zone, r.pattern()}
	if r.Custom {
		segments = segments[1:]
	}
	for _, s := range segments {
		if s != "" {
			b.WriteByte('/')
			escape(&b, s, pathPlain)
		}
	}
	b.WriteByte('/')
	if r.Remote() && hasEscape(r.File) {
		escape(&b, r.File, componentPlain)
	} else {
		escape(&b, r.File, pathPlain)
	}
	return b.String()
}

func (r Request) pattern() string {
	switch {
	case r.Worker:
		return "wrkr"
	case r.Info:
		return "info"
	case len(r.Pipeline) == 0:
		return "original"
	}
	return r.Pipeline.String()
}

// URI returns the path of r and the query of its options, both canonical. It has
// neither the signature nor parameters that change nothing.
func (r Request) URI() string {
	if query := r.Options.String(); query != "" {
		return r.Path() + "?" + query
	}
	return r.Path()
}

// String returns the options as a query without '?', in one order, and those
// that are not set left out.
func (o Options) String() string {
	var pairs []string
	switch {
	case o.DPRAuto:
		pairs = append(pairs, "dpr=auto")
	case o.DPR != 0:
		pairs = append(pairs, "dpr="+strconv.FormatFloat(o.DPR, 'f', -1, 64))
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"f_auto", o.FormatAuto}, {"preview", o.Preview}, {"download", o.Download}} {
		if flag.set {
			pairs = append(pairs, flag.name+"=true")
		}
	}
	return strings.Join(pairs, "&")
}

// Link returns the URL to fetch for a remote request: File with its own escapes
// kept and everything else that a URL cannot hold percent-encoded. It returns ""
// if r is not Remote.
func (r Request) Link() string {
	if !r.Remote() {
		return ""
	}
	plain := linkPlain
	if hasEscape(r.File) {
		plain += "%" // then each one begins an escape: Parse has refused others
	}
	var b strings.Builder
	escape(&b, r.File, plain)
	return b.String()
}

// outgrown reports whether the canonical path is over the limit although the
// path as sent was not. An escape is three bytes, a version and a merged slash
// are four more.
func (r Request) outgrown() bool {
	const growth = 3
	return growth*len(r.Spelling.Raw)+4 > maxPath && len(r.Path()) > maxPath
}

// escape writes text percent-encoded, but for letters, digits and the characters
// in plain.
func escape(b *strings.Builder, text, plain string) {
	const digits = "0123456789ABCDEF"
	b.Grow(len(text))
	for i := range len(text) {
		c := text[i]
		if isAlphanumeric(c) || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
}
