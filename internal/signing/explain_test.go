package signing_test

import (
	"fmt"
	"strings"
	"testing"

	"pixedge/internal/signing"
)

// explain writes the checks as edge verify might: "+" for one that is passed.
func explain(v *signing.Verifier, c signing.Claim) string {
	var b strings.Builder
	for _, check := range v.Explain(c) {
		mark := "-"
		if check.OK {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s %s: %s\n", mark, check.Name, check.Text)
	}
	return b.String()
}

const wellFormed = "+ pbs: pbs is well formed\n+ pbe: pbe is well formed\n+ pbt: pbt is well formed\n"

func TestExplain(t *testing.T) {
	const (
		path    = "v2/demo/t.flip()/a%20b.jpg"
		known   = wellFormed + "+ key: this cloud has a key \"key-1\"\n"
		living  = "+ expiry: good until 2026-11-18T11:06:40Z; it is 2026-11-18T11:06:39Z now\n"
		covered = "+ coverage: the signature is over the path and the query\n"
	)
	signed := func(target, text string) string { return sign("secret-token", "key-1", target, text, "1795000000") }
	tests := []struct{ url, want string }{
		{
			signed(path, path),
			known + "+ signature: pbs was made over \"v2/demo/t.flip()/a%20b.jpg1795000000\" (as sent)\n" + covered + living,
		},
		{
			signed(path+"?download=1", path),
			known + "+ signature: pbs was made over \"v2/demo/t.flip()/a%20b.jpg1795000000\" (path as sent)\n" +
				"+ coverage: the signature is over the path only, and the query has nothing that needs one\n" + living,
		},
		{
			signed(path+"?dpr=2", path),
			known + "+ signature: pbs was made over \"v2/demo/t.flip()/a%20b.jpg1795000000\" (path as sent)\n" +
				"- coverage: the signature is over the path only, and the query has dpr; uncovered it may have download, preview, v\n" + living,
		},
		{
			signed(path+"?dpr=2", "v2/demo/another"),
			known + `- signature: with this key, pbs was made over none of these:
  "v2/demo/t.flip()/a%2520b.jpg?dpr=21795000000" (by encodeURI)
  "v2/demo/t.flip()/a%20b.jpg?dpr=21795000000" (as sent)
  "v2/demo/t.flip%28%29/a%2520b.jpg?dpr=21795000000" (as PHP escapes)
  "v2/demo/t.flip()/a%20b.jpg1795000000" (path as sent)
  "v2/demo/t.flip()/a b.jpg1795000000" (path decoded)
- coverage: without a good signature nothing is covered
` + living,
		},
		{
			sign("secret-token", "key-9", path, path, "1694999999"),
			wellFormed + `- key: this cloud has no key "key-9"
- signature: there is no key to compare it with
- coverage: without a good signature nothing is covered
- expiry: good until 2023-09-18T01:19:59Z; it is 2026-11-18T11:06:39Z now
`,
		},
		{
			"http://h/" + path,
			"- pbs: pbs is missing\n- pbe: pbe is missing\n- pbt: pbt is missing\n",
		},
		{
			"http://h/" + path + "?pbs=ABC&pbe=1e9&pbt=key-1",
			`- pbs: pbs must be 64 hexadecimal digits in lower case; it is "ABC"
- pbe: pbe must be a Unix time in seconds, ten digits, the first not 0; it is "1e9"
+ pbt: pbt is well formed
`,
		},
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry-1))
	for _, tt := range tests {
		if got := explain(v, mustSplit(t, tt.url)); got != tt.want {
			t.Errorf("%s:\n%swant\n%s", tt.url, got, tt.want)
		}
	}
}

func TestExplainWithNothingFree(t *testing.T) {
	v := mustNew(t, signing.Policy{Keys: []signing.Key{{ID: "key-1", Token: "secret-token"}}}, at(expiry))
	got := explain(v, mustSplit(t, sign("secret-token", "key-1", "v2/demo/original/a.jpg?v=1", "v2/demo/original/a.jpg", "1795000000")))
	if want := "the query has v; uncovered it may have nothing\n"; !strings.Contains(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Explain and Verify agree about every URL, and Explain gives nothing away.
func TestExplainAgreesAndKeepsSecrets(t *testing.T) {
	for _, v := range vectors(t) {
		for _, change := range []string{"", "x"} {
			keys := []signing.Key{{ID: v.ID, Token: v.Token}, {ID: "other-id", Token: "other-secret"}}
			verifier := mustNew(t, signing.Policy{Keys: keys, Free: signing.DefaultFree()}, at(v.Now))
			good := mustSplit(t, v.URL)
			c := mustSplit(t, strings.Replace(v.URL, "/v2/", "/v2/"+change, 1))
			_, err := verifier.Verify(c)
			passed := true
			for _, check := range verifier.Explain(c) {
				passed = passed && check.OK
			}
			if passed != (err == nil) {
				t.Errorf("%s: Explain passes: %t, Verify: %v", v.Name, passed, err)
			}
			text := explain(verifier, c)
			for _, secret := range []string{v.Token, "other-id", "other-secret", good.PBS} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the explanation has %q in it:\n%s", v.Name, secret, text)
				}
			}
		}
	}
}
