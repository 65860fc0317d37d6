// Package signing decides whether a URL was made by somebody who holds a key
// of the cloud, and makes such URLs.
//
// A signed URL carries three options in its query: pbs, the signature; pbe, the
// second at which it expires; pbt, the id of the key. Start at
// [Verifier.Verify]. What exactly a signature may have been computed over is in
// forms.go, and the rule about what it has to cover is in [Policy].
//
// The package does not parse URLs: its caller splits a request into a [Claim]
// and refuses signature options that come twice. It does not know which
// requests need a signature beyond [Required], keeps no record of URLs that
// have been used, and does not sign uploads.
package signing

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixedge/internal/fault"
)

// A Claim is what a signed URL says.
type Claim struct {
	Raw       string // the path as it was sent, with the leading slash
	Canonical string // the one spelling of the path in which it is escaped as needed and no more
	Decoded   string // the path with its escapes decoded, once

	Query string   // the query as it was sent, without '?', pbs, pbe and pbt
	Keys  []string // the names of the options in Query, decoded

	PBS, PBE, PBT string // decoded; empty when they are missing
}

// A Grant is a signature that has been found good.
type Grant struct {
	KeyID   string // of the key that made the signature
	Expires int64  // Unix time in seconds; the grant is good up to and including it
}

// A Verifier holds the keys of one cloud. It is safe for use by several
// goroutines at once.
type Verifier struct {
	keys     map[string]secret
	nobody   secret // takes the place of a key that is not known
	free     []string
	required Required
	skew     time.Duration
	now      func() time.Time
}

type secret struct {
	id    string
	token []byte
}

// New returns a verifier for p that reads the time from now. An error is
// fault.Invalid and names the place of the wrong key in p.Keys, counted from 0.
func New(p Policy, now func() time.Time) (*Verifier, error) {
	if p.Skew < 0 || p.Skew > MaxSkew {
		return nil, fault.Errorf(fault.Invalid, "skew: %v is outside 0s..%v", p.Skew, MaxSkew)
	}
	keys, err := index(p.Keys)
	if err != nil {
		return nil, err
	}
	return &Verifier{
		keys:     keys,
		nobody:   secret{token: []byte(rand.Text())},
		free:     slices.Clone(p.Free),
		required: Required{p.Required.All, slices.Clone(p.Required.Prefixes)},
		skew:     p.Skew,
		now:      now,
	}, nil
}

// Required reports whether file, a decoded path, is given to signed requests
// only.
func (v *Verifier) Required(file string) bool { return v.required.Covers(file) }

// Verify returns what the signature of c grants. Every error is
// fault.Unauthorized, and its message says which check failed: the shape of the
// three options, the key, the signature, what it covers, its expiry, in that
// order. Only a URL with a good signature is called expired.
func (v *Verifier) Verify(c Claim) (Grant, error) {
	if wrong := c.malformed(); wrong != "" {
		return Grant{}, fault.Errorf(fault.Unauthorized, "%s", wrong)
	}
	key, known := v.key(c.PBT)
	signed, ok := key.find(c)
	switch {
	case !known:
		return Grant{}, fault.Errorf(fault.Unauthorized, "unknown key")
	case !ok:
		return Grant{}, fault.Errorf(fault.Unauthorized, "bad signature")
	}
	if name, ok := v.uncovered(signed, c.Keys); ok {
		return Grant{}, fault.Errorf(fault.Unauthorized, "signature does not cover %s", name)
	}
	g := c.grant(key)
	if err := v.Live(g); err != nil {
		return Grant{}, err
	}
	return g, nil
}

// Live returns an error, fault.Unauthorized, when g has expired. It is all that
// is left to check of a request that Verify has accepted before, because the
// keys of a verifier never change.
func (v *Verifier) Live(g Grant) error {
	if v.now().Add(-v.skew).Unix() > g.Expires {
		return fault.Errorf(fault.Unauthorized, "signature expired")
	}
	return nil
}

// Sign returns the pbs of a URL that expires at the given Unix time, as the
// JavaScript SDK computes it. The path begins with a slash; the query has no
// '?' and no signature options. Both are as they stand in a URL; characters that
// cannot stand there, a space for example, are escaped first as browsers do, and
// the URL must be sent with them escaped. Errors are fault.Invalid.
func (v *Verifier) Sign(path, query, keyID string, expires int64) (pbs string, err error) {
	key, known := v.keys[keyID]
	pbe := strconv.FormatInt(expires, 10)
	switch {
	case !known:
		return "", fault.Errorf(fault.Invalid, "unknown key")
	case !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#") || strings.Contains(query, "#"):
		return "", fault.Errorf(fault.Invalid, "not a path and a query")
	case wrongPBE(pbe) != "":
		return "", fault.Errorf(fault.Invalid, "expiry %d is not a Unix time of ten digits", expires)
	}
	url := escape(path, browserPath) + search(escape(query, browserQuery))
	return hex.EncodeToString(key.sign(strings.TrimPrefix(escape(url, encodeURI), "/") + pbe)), nil
}

// key returns the key with the given id. For an id that is not known it
// returns a key that nobody holds, so that refusing it takes as much work.
func (v *Verifier) key(id string) (key secret, known bool) {
	if key, known = v.keys[id]; known {
		return key, true
	}
	return v.nobody, false
}

// uncovered returns the first of the names that a signature over signed had to
// cover and did not.
func (v *Verifier) uncovered(signed form, names []string) (name string, ok bool) {
	if signed.query {
		return "", false
	}
	i := slices.IndexFunc(names, func(name string) bool { return !slices.Contains(v.free, name) })
	if i < 0 {
		return "", false
	}
	return printable(names[i]), true
}

// printable returns name as it is when it looks like the name of an option, and
// quoted and cut when a stranger made it up.
func printable(name string) string {
	if name != "" && len(name) <= 32 && escape(name, "-_.") == name {
		return name
	}
	return strconv.Quote(name[:min(len(name), 32)])
}

// sign returns the HMAC-SHA256 of message.
func (s secret) sign(message string) []byte {
	mac := hmac.New(sha256.New, s.token)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

// find returns the form of c that its signature was made over. It computes and
// compares every form even after one has matched, so the time it takes depends
// on the URL only. The claim must not be malformed.
func (s secret) find(c Claim) (signed form, ok bool) {
	var want, got [sha256.Size]byte
	if _, err := hex.Decode(want[:], []byte(c.PBS)); err != nil {
		return form{}, false
	}
	mac := hmac.New(sha256.New, s.token)
	message := make([]byte, 0, 512)
	for _, f := range c.forms() {
		message = append(append(message[:0], f.text...), c.PBE...)
		mac.Reset()
		mac.Write(message)
		if hmac.Equal(mac.Sum(got[:0]), want[:]) {
			signed, ok = f, true
		}
	}
	return signed, ok
}

// malformed says what is wrong with the shape of the three options, or nothing.
func (c Claim) malformed() string {
	if c.PBS == "" && c.PBE == "" && c.PBT == "" {
		return "signature missing"
	}
	for _, wrong := range []string{wrongPBS(c.PBS), wrongPBE(c.PBE), wrongPBT(c.PBT)} {
		if wrong != "" {
			return "malformed signature: " + wrong
		}
	}
	return ""
}

// grant returns what c was granted, in strings that do not keep the request in
// memory. The claim must not be malformed.
func (c Claim) grant(s secret) Grant {
	var expires int64
	for _, digit := range []byte(c.PBE) {
		expires = 10*expires + int64(digit-'0')
	}
	return Grant{KeyID: s.id, Expires: expires}
}

func wrongPBS(pbs string) string {
	if len(pbs) != hex.EncodedLen(sha256.Size) || strings.Trim(pbs, "0123456789abcdef") != "" {
		return "pbs must be 64 hexadecimal digits in lower case"
	}
	return ""
}

// wrongPBE accepts the seconds from September 2001 to November 2286, which are
// those of ten digits.
//
// The path and the expiry are signed as one text with nothing between them, so
// "img1" that expires at 795… and "img" that expires at 1795… have the same
// signature. As the expiry always has ten digits, there is one place only where
// the text can be cut: a digit that moves over the border leaves nine digits or
// eleven.
func wrongPBE(pbe string) string {
	if len(pbe) != 10 || pbe[0] == '0' || strings.Trim(pbe, "0123456789") != "" {
		return "pbe must be a Unix time in seconds, ten digits, the first not 0"
	}
	return ""
}

func wrongPBT(pbt string) string {
	if pbt == "" || len(pbt) > MaxKeyID {
		return "pbt must have 1 to " + strconv.Itoa(MaxKeyID) + " bytes"
	}
	return ""
}
