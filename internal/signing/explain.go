package signing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Check is one of the things that Verify looks at.
type Check struct {
	Name string
	OK   bool
	Text string // what was expected of the URL and what it has
}

// Explain returns the checks that Verify makes of c, in order. It is for the
// people who run the edge. No text has a token, a signature that would have
// been right, or the id of a key that the URL does not name. When one of the
// three options is malformed the later checks are left out, because they could
// say nothing true.
func (v *Verifier) Explain(c Claim) []Check {
	checks := []Check{
		shape("pbs", c.PBS, wrongPBS(c.PBS)),
		shape("pbe", c.PBE, wrongPBE(c.PBE)),
		shape("pbt", c.PBT, wrongPBT(c.PBT)),
	}
	if slices.ContainsFunc(checks, func(c Check) bool { return !c.OK }) {
		return checks
	}
	key, known := v.key(c.PBT)
	signed, ok := key.find(c)
	return append(checks,
		explainKey(c.PBT, known),
		explainSignature(c, signed, known, ok),
		v.explainCoverage(c, signed, ok),
		v.explainExpiry(c.grant(key)),
	)
}

func shape(name, value, wrong string) Check {
	switch {
	case value == "":
		return Check{name, false, name + " is missing"}
	case wrong != "":
		return Check{name, false, fmt.Sprintf("%s; it is %.100q", wrong, value)}
	}
	return Check{name, true, name + " is well formed"}
}

func explainKey(id string, known bool) Check {
	if !known {
		return Check{"key", false, fmt.Sprintf("this cloud has no key %q", id)}
	}
	return Check{"key", true, fmt.Sprintf("this cloud has a key %q", id)}
}

func explainSignature(c Claim, signed form, known, ok bool) Check {
	const name = "signature"
	switch {
	case !known:
		return Check{name, false, "there is no key to compare it with"}
	case ok:
		return Check{name, true, fmt.Sprintf("pbs was made over %q (%s)", signed.text+c.PBE, signed.how)}
	}
	var b strings.Builder
	b.WriteString("with this key, pbs was made over none of these:")
	for _, f := range c.forms() {
		fmt.Fprintf(&b, "\n  %q (%s)", f.text+c.PBE, f.how)
	}
	return Check{name, false, b.String()}
}

func (v *Verifier) explainCoverage(c Claim, signed form, ok bool) Check {
	const name = "coverage"
	if !ok {
		return Check{name, false, "without a good signature nothing is covered"}
	}
	if option, ok := v.uncovered(signed, c.Keys); ok {
		free := cmp.Or(strings.Join(v.free, ", "), "nothing")
		return Check{name, false, fmt.Sprintf("the signature is over the path only, and the query has %s; uncovered it may have %s", option, free)}
	}
	if signed.query {
		return Check{name, true, "the signature is over the path and the query"}
	}
	return Check{name, true, "the signature is over the path only, and the query has nothing that needs one"}
}

func (v *Verifier) explainExpiry(g Grant) Check {
	text := fmt.Sprintf("good until %s; it is %s now", second(time.Unix(g.Expires, 0).Add(v.skew)), second(v.now()))
	return Check{"expiry", v.Live(g) == nil, text}
}

func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }
