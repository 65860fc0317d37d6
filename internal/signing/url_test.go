package signing_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pixedge/internal/signing"
)

var errURL = errors.New("not a URL that reaches the verifier")

// split reads a URL the way the edge's parser does, as far as signatures need
// it. What it refuses is answered with 400 and never reaches a verifier.
func split(signed string) (signing.Claim, error) {
	_, rest, ok := strings.Cut(signed, "://")
	slash := strings.IndexByte(rest, '/')
	if !ok || slash < 0 || strings.Contains(rest, "#") {
		return signing.Claim{}, errURL
	}
	path, query, _ := strings.Cut(onWire(rest[slash:]), "?")
	c := signing.Claim{Raw: path}
	var err error
	if c.Decoded, err = url.PathUnescape(path); err != nil {
		return signing.Claim{}, errURL
	}
	c.Canonical = canonical(path)
	return c, readQuery(&c, query)
}

// onWire escapes what an HTTP client cannot send.
func onWire(target string) string {
	var b strings.Builder
	for _, c := range []byte(target) {
		if c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// canonical spells a path with as few escapes as a browser needs. An escaped
// slash stays escaped.
func canonical(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return path
		}
		segments[i] = strings.NewReplacer("%", "%25", "/", "%2F", "?", "%3F", "#", "%23", `"`, "%22",
			"<", "%3C", ">", "%3E", "`", "%60", "{", "%7B", "}", "%7D").Replace(decoded)
	}
	return onWire(strings.Join(segments, "/"))
}

func readQuery(c *signing.Claim, query string) error {
	var kept []string
	found := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(rawName)
		value, errValue := url.QueryUnescape(rawValue)
		if errName != nil || errValue != nil {
			return errURL
		}
		if name == "pbs" || name == "pbe" || name == "pbt" {
			if _, again := found[name]; again {
				return errURL
			}
			found[name] = value
			continue
		}
		kept = append(kept, pair)
		if pair != "" {
			c.Keys = append(c.Keys, name)
		}
	}
	c.Query = strings.Join(kept, "&")
	c.PBS, c.PBE, c.PBT = found["pbs"], found["pbe"], found["pbt"]
	return nil
}

func mustSplit(tb testing.TB, signed string) signing.Claim {
	tb.Helper()
	c, err := split(signed)
	if err != nil {
		tb.Fatalf("%s: %v", signed, err)
	}
	return c
}
