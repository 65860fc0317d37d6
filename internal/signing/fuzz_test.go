package signing_test

import (
	"fmt"
	"strings"
	"testing"

	"pixedge/internal/signing"
)

// FuzzSign holds that Verify accepts what Sign makes, whatever the path and the
// query are, and refuses it for another second.
func FuzzSign(f *testing.F) {
	for _, seed := range [][2]string{
		{"/v2/demo/original/a.jpg", ""},
		{"/v2/demo/t.resize(w:1,h:2)~t.flip()/my folder/ünï.jpg", "dpr=2&f_auto=true"},
		{"/v2/demo/original/100%25.jpg", "v=a b~c,d&download"},
		{"/v2/demo/original/a%2520b.jpg", "v=%2541+%2B"},
		{"/v2/demo/original/a%3Fb%2Fc", "="},
		{"/v2/demo/original/%c3%bc1", "v=1"},
		{"/\"<>`{}^|\\'", "'\"<>"},
	} {
		f.Add(seed[0], seed[1])
	}
	v := mustNew(f, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	f.Fuzz(func(t *testing.T, path, query string) {
		pbs, err := v.Sign(path, query, "key-1", expiry)
		if err != nil {
			t.Skip()
		}
		url := "http://h" + asBrowser(path, "\"<>`{}") + "?" + asBrowser(query, "\"<>'")
		c, err := split(fmt.Sprintf("%s&pbs=%s&pbe=%d&pbt=key-1", url, pbs, expiry))
		if err != nil {
			t.Skip() // broken escapes, or signed before
		}
		if _, err := v.Verify(c); err != nil {
			t.Errorf("%q, %q: %v", path, query, err)
		}
		c.PBE = "1795000001"
		if _, err := v.Verify(c); err == nil {
			t.Errorf("%q, %q: verifies for another second", path, query)
		}
	})
}

// asBrowser escapes the given characters and what no client can send.
func asBrowser(s, chars string) string {
	var pairs []string
	for _, c := range chars {
		pairs = append(pairs, string(c), fmt.Sprintf("%%%02X", c))
	}
	return onWire(strings.NewReplacer(pairs...).Replace(s))
}

// FuzzVerify holds that no claim is answered with anything but a refusal.
func FuzzVerify(f *testing.F) {
	f.Add("/v2/a%20b", "/v2/a%20b", "/v2/a b", "v=%", "v", strings.Repeat("0", 64), "1795000000", "key-1")
	f.Add("", "", "", "", "", "", "", "")
	v := mustNew(f, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	f.Fuzz(func(t *testing.T, raw, canonical, decoded, query, key, pbs, pbe, pbt string) {
		c := signing.Claim{
			Raw: raw, Canonical: canonical, Decoded: decoded,
			Query: query, Keys: []string{key}, PBS: pbs, PBE: pbe, PBT: pbt,
		}
		if _, err := v.Verify(c); err == nil {
			t.Errorf("%+v verifies", c)
		}
		passed := true
		for _, check := range v.Explain(c) {
			passed = passed && check.OK
		}
		if passed {
			t.Errorf("%+v is explained as good", c)
		}
	})
}
