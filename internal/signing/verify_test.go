package signing_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/signing"
)

const expiry = 1795000000

// sign returns the URL http://h/target signed over text, which need not have
// anything to do with target.
func sign(token, id, target, text, pbe string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(text + pbe))
	join := "?"
	if strings.Contains(target, "?") {
		join = "&"
	}
	return "http://h/" + target + join + "pbs=" + hex.EncodeToString(mac.Sum(nil)) + "&pbe=" + pbe + "&pbt=" + id
}

// verify returns what the client is told.
func verify(t *testing.T, v *signing.Verifier, url string) string {
	t.Helper()
	c, err := split(url)
	if err != nil {
		return err.Error()
	}
	grant, err := v.Verify(c)
	if err == nil {
		return "ok"
	}
	if fault.Of(err) != fault.Unauthorized {
		t.Errorf("%s: %v is %v, want unauthorized", url, err, fault.Of(err))
	}
	if grant != (signing.Grant{}) {
		t.Errorf("%s: %v comes with %v", url, err, grant)
	}
	return fault.Message(err)
}

func policy(keys ...signing.Key) signing.Policy {
	return signing.Policy{Keys: keys, Free: signing.DefaultFree()}
}

func TestExpiryToTheSecond(t *testing.T) {
	url := sign("secret-token", "key-1", "v2/demo/original/a.jpg", "v2/demo/original/a.jpg", strconv.Itoa(expiry))
	tests := []struct {
		now  time.Time
		skew time.Duration
		want string
	}{
		{time.Unix(0, 0), 0, "ok"},
		{time.Unix(expiry-1, 0), 0, "ok"},
		{time.Unix(expiry, 0), 0, "ok"},
		{time.Unix(expiry, 999_999_999), 0, "ok"},
		{time.Unix(expiry+1, 0), 0, "signature expired"},
		{time.Unix(expiry+365*86400, 0), 0, "signature expired"},
		{time.Unix(expiry+1, 0), time.Second, "ok"},
		{time.Unix(expiry+2, 0), time.Second, "signature expired"},
		{time.Unix(expiry+30, 0), signing.MaxSkew, "ok"},
		{time.Unix(expiry+31, 0), signing.MaxSkew, "signature expired"},
	}
	for _, tt := range tests {
		p := policy(signing.Key{ID: "key-1", Token: "secret-token"})
		p.Skew = tt.skew
		v := mustNew(t, p, func() time.Time { return tt.now })
		if got := verify(t, v, url); got != tt.want {
			t.Errorf("at %v with skew %v: %s, want %s", tt.now.UTC(), tt.skew, got, tt.want)
		}
		live := v.Live(signing.Grant{KeyID: "key-1", Expires: expiry})
		if (live == nil) != (tt.want == "ok") || live != nil && fault.Of(live) != fault.Unauthorized {
			t.Errorf("at %v with skew %v: a remembered grant: %v, want %s", tt.now.UTC(), tt.skew, live, tt.want)
		}
	}
}

func TestEmptyGrantIsNotLive(t *testing.T) {
	v := mustNew(t, policy(), at(expiry))
	if err := v.Live(signing.Grant{}); err == nil {
		t.Error("a grant that nobody gave is live")
	}
}

// Every signature here is right for the text it stands beside.
func TestMalformedExpiryIsRefused(t *testing.T) {
	const malformed = "malformed signature: pbe must be a Unix time in seconds, ten digits, the first not 0"
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(0))
	for _, pbe := range []string{
		"0", "1", "-1795000000", "-179500000", "+1795000000", "+179500000", "0000000000", "0179500000", "01795000000",
		"179500000", "17950000000", "1795000000.5", "1795000.00", "1.795e9", "17950000e2", "0x6afd66c0", "1_795_0000", "1795000ooo",
		"%201795000000", "1795000000%20", "179500000%20", "1795000000%00", "179500000%00", "1795000000%0A", "%D9%A1795000000",
		"9223372036854775807", "9223372036854775808", "18446744073709551616", "never",
	} {
		url := sign("secret-token", "key-1", "v2/demo/original/a.jpg", "v2/demo/original/a.jpg", pbe)
		if got := verify(t, v, url); got != malformed {
			t.Errorf("pbe %s: %s", pbe, got)
		}
	}
}

// The last digit of the path and the first of the expiry are neighbors in the
// text that is signed. Each pair of URLs has one text and so one signature.
func TestDigitsCannotCrossTheBorder(t *testing.T) {
	tests := []struct{ target, pbe, want string }{
		{"v2/demo/original/img", "1795000000", "ok"},
		{"v2/demo/original/img1", "795000000", "malformed"},
		{"v2/demo/original/img1", "7950000000", "ok"},
		{"v2/demo/original/img", "17950000000", "malformed"},
		{"v2/demo/original/img179500000", "0", "malformed"},
		{"v2/demo/original/img1795000000", "", "malformed"},
		{"v2/demo/original/a?v=17", "1795000000", "ok"},
		{"v2/demo/original/a?v=1", "71795000000", "malformed"},
		{"v2/demo/original/a?v=171", "795000000", "malformed"},
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(0))
	for _, tt := range tests {
		got := verify(t, v, sign("secret-token", "key-1", tt.target, tt.target, tt.pbe))
		if got != tt.want && !strings.HasPrefix(got, tt.want+" signature: pbe ") {
			t.Errorf("%s and %s: %s, want %s", tt.target, tt.pbe, got, tt.want)
		}
	}
}

func TestShapeOfTheOptions(t *testing.T) {
	const pbs = "malformed signature: pbs must be 64 hexadecimal digits in lower case"
	const pbt = "malformed signature: pbt must have 1 to 128 bytes"
	good := mustSplit(t, sign("secret-token", "key-1", "v2/demo/original/a.jpg", "v2/demo/original/a.jpg", "1795000000"))
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	tests := []struct {
		name   string
		change func(c *signing.Claim)
		want   string
	}{
		{"nothing", func(*signing.Claim) {}, ""},
		{"unsigned", func(c *signing.Claim) { c.PBS, c.PBE, c.PBT = "", "", "" }, "signature missing"},
		{"no pbs", func(c *signing.Claim) { c.PBS = "" }, pbs},
		{"no pbt", func(c *signing.Claim) { c.PBT = "" }, pbt},
		{"short", func(c *signing.Claim) { c.PBS = c.PBS[:63] }, pbs},
		{"half", func(c *signing.Claim) { c.PBS = c.PBS[:32] }, pbs},
		{"long", func(c *signing.Claim) { c.PBS += "0" }, pbs},
		{"upper case", func(c *signing.Claim) { c.PBS = strings.ToUpper(c.PBS) }, pbs},
		{"one letter in upper case", func(c *signing.Claim) { c.PBS = strings.Replace(c.PBS, "a", "A", 1) }, pbs},
		{"not hexadecimal", func(c *signing.Claim) { c.PBS = c.PBS[:63] + "g" }, pbs},
		{"with a space", func(c *signing.Claim) { c.PBS = c.PBS[:63] + " " }, pbs},
		{"with a zero byte", func(c *signing.Claim) { c.PBS = c.PBS[:63] + "\x00" }, pbs},
		{"zeros", func(c *signing.Claim) { c.PBS = strings.Repeat("0", 64) }, "bad signature"},
		{"no path", func(c *signing.Claim) { c.Raw, c.Canonical, c.Decoded = "", "", "" }, "bad signature"},
		{"long pbt", func(c *signing.Claim) { c.PBT = strings.Repeat("k", 129) }, pbt},
		{"longest pbt", func(c *signing.Claim) { c.PBT = strings.Repeat("k", 128) }, "unknown key"},
		{"pbt in upper case", func(c *signing.Claim) { c.PBT = "KEY-1" }, "unknown key"},
	}
	for _, tt := range tests {
		c := good
		tt.change(&c)
		_, err := v.Verify(c)
		if tt.want == "" && err == nil {
			continue
		}
		if fault.Of(err) != fault.Unauthorized || fault.Message(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestKeys(t *testing.T) {
	one, two := signing.Key{ID: "key-1", Token: "token-1"}, signing.Key{ID: "key-2", Token: "token-2"}
	by := func(id, token string) string {
		return sign(token, id, "v2/demo/original/a.jpg", "v2/demo/original/a.jpg", "1795000000")
	}
	tests := []struct {
		name string
		keys []signing.Key
		url  string
		want string
	}{
		{"first of two", []signing.Key{one, two}, by("key-1", "token-1"), "ok"},
		{"second of two", []signing.Key{one, two}, by("key-2", "token-2"), "ok"},
		{"first has been removed", []signing.Key{two}, by("key-1", "token-1"), "unknown key"},
		{"removed, under the name of the other", []signing.Key{two}, by("key-2", "token-1"), "bad signature"},
		{"second stays", []signing.Key{two}, by("key-2", "token-2"), "ok"},
		{"the other's name", []signing.Key{one, two}, by("key-2", "token-1"), "bad signature"},
		{"another cloud, same id", []signing.Key{{ID: "key-1", Token: "of another cloud"}}, by("key-1", "token-1"), "bad signature"},
		{"token in place of the id", []signing.Key{one, two}, by("token-1", "token-1"), "unknown key"},
		{"empty token", []signing.Key{one, two}, by("key-1", ""), "bad signature"},
		{"unknown id, empty token", []signing.Key{one, two}, by("key-3", ""), "unknown key"},
		{"no keys at all", nil, by("key-1", "token-1"), "unknown key"},
	}
	for _, tt := range tests {
		if got := verify(t, mustNew(t, policy(tt.keys...), at(expiry)), tt.url); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestOtherDigestsAreRefused(t *testing.T) {
	const text = "v2/demo/original/a.jpg1795000000"
	plain := sha256.Sum256([]byte("secret-token" + text))
	keyed := hmac.New(sha256.New, []byte(hex.EncodeToString([]byte("secret-token"))))
	keyed.Write([]byte(text))
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	for name, sum := range map[string][]byte{"SHA-256 of token and text": plain[:], "token as hexadecimal": keyed.Sum(nil)} {
		url := "http://h/v2/demo/original/a.jpg?pbe=1795000000&pbt=key-1&pbs=" + hex.EncodeToString(sum)
		if got := verify(t, v, url); got != "bad signature" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestCoverage(t *testing.T) {
	const path = "v2/demo/original/a.jpg"
	tests := []struct{ target, text, want string }{
		{path, path, "ok"},
		{path + "?download=true", path, "ok"},
		{path + "?preview&v=12", path, "ok"},
		{path + "?v=1&v=2", path, "ok"},
		{path + "?dpr=2", path, "signature does not cover dpr"},
		{path + "?%64pr=2", path, "signature does not cover dpr"},
		{path + "?v=1&f_auto=true&dpr=2", path, "signature does not cover f_auto"},
		{path + "?DPR=2", path, "signature does not cover DPR"},
		{path + "?utm=1", path, "signature does not cover utm"},
		{path + "?=1", path, `signature does not cover ""`},
		{path + "?%0Ax=1", path, `signature does not cover "\nx"`},
		{path + "?" + strings.Repeat("x", 40) + "=1", path, `signature does not cover "` + strings.Repeat("x", 32) + `"`},
		{path + "?dpr=2", path + "?dpr=2", "ok"},
		{path + "?dpr=2&utm=1", path + "?dpr=2&utm=1", "ok"},
		{path + "?dpr=3", path + "?dpr=2", "bad signature"},
		{path, path + "?dpr=2", "bad signature"},
		{path + "?f_auto=true&dpr=2", path + "?dpr=2&f_auto=true", "bad signature"},
		{path + "?dpr=2&v=1", path + "?dpr=2", "bad signature"},
		{path + "?download=true", path + "?download=false", "bad signature"},
		{path + "?dpr=2&dpr=2", path + "?dpr=2", "bad signature"},
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	for _, tt := range tests {
		if got := verify(t, v, sign("secret-token", "key-1", tt.target, tt.text, "1795000000")); got != tt.want {
			t.Errorf("%s signed over %s: %s, want %s", tt.target, tt.text, got, tt.want)
		}
	}
}

// What is wrong is told in one order, and only the holder of a key learns that
// a URL has expired.
func TestOrderOfChecks(t *testing.T) {
	const path = "v2/demo/original/a.jpg"
	tests := []struct{ token, target, want string }{
		{"secret-token", path + "?dpr=2", "signature does not cover dpr"},
		{"secret-token", path, "signature expired"},
		{"other-token", path, "bad signature"},
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry+1))
	for _, tt := range tests {
		if got := verify(t, v, sign(tt.token, "key-1", tt.target, path, "1795000000")); got != tt.want {
			t.Errorf("%s signed with %s: %s, want %s", tt.target, tt.token, got, tt.want)
		}
	}
}
