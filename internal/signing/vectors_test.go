package signing_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/signing"
)

// A vector is a URL that the JavaScript or the Python SDK, version 4.2.0, has
// signed with a known key.
type vector struct {
	Name  string
	URL   string
	ID    string
	Token string
	Now   int64    // one second before it expires
	Free  []string // options that must be free beside the default ones
	Open  []string // parts of the URL that the signature leaves open, in order
}

func vectors(tb testing.TB) []vector {
	tb.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var list []vector
	if err := json.Unmarshal(data, &list); err != nil {
		tb.Fatal(err)
	}
	if len(list) != 30 {
		tb.Fatalf("%d vectors, want 30", len(list))
	}
	return list
}

func at(second int64) func() time.Time {
	return func() time.Time { return time.Unix(second, 0) }
}

func mustNew(t testing.TB, p signing.Policy, now func() time.Time) *signing.Verifier {
	t.Helper()
	v, err := signing.New(p, now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v vector) verifier(t testing.TB, free ...string) *signing.Verifier {
	t.Helper()
	keys := []signing.Key{{ID: v.ID, Token: v.Token}}
	return mustNew(t, signing.Policy{Keys: keys, Free: free}, at(v.Now))
}

// free returns the options that v needs to be free.
func (v vector) free() []string { return append(signing.DefaultFree(), v.Free...) }

func TestVectorsVerify(t *testing.T) {
	for _, v := range vectors(t) {
		got, err := v.verifier(t, v.free()...).Verify(mustSplit(t, v.URL))
		if want := (signing.Grant{KeyID: v.ID, Expires: v.Now + 1}); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", v.Name, got, err, want)
		}
	}
}

// The Python SDK signs the path only, so dpr and f_auto can be changed by
// anybody. That one URL in thirty is refused unless the cloud says otherwise.
func TestVectorsUnderDefaultPolicy(t *testing.T) {
	var refused []string
	for _, v := range vectors(t) {
		_, err := v.verifier(t, signing.DefaultFree()...).Verify(mustSplit(t, v.URL))
		if err != nil {
			refused = append(refused, v.Name+": "+fault.Message(err))
		}
	}
	want := []string{"py: query dpr+f_auto: signature does not cover dpr"}
	if !slices.Equal(refused, want) {
		t.Errorf("refused %q, want %q", refused, want)
	}
}

// Sign makes what the JavaScript SDK makes, also of what it was given before it
// escaped spaces and letters and rewrote the query.
func TestSignIsTheJavaScriptSDK(t *testing.T) {
	given := map[string][2]string{
		"js: raw space in path":        {"/v2/dummy-cloudname/original/my folder/a b.jpeg", ""},
		"js: raw unicode path":         {"/v2/dummy-cloudname/original/ünï/日本.jpeg", ""},
		"js: query with space and ~ ,": {"/v2/dummy-cloudname/original/a.jpeg", "v=a b~c,d"},
	}
	tested := 0
	for _, v := range vectors(t) {
		if !strings.HasPrefix(v.Name, "js: ") {
			continue
		}
		tested++
		c := mustSplit(t, v.URL)
		in, ok := given[v.Name]
		if !ok {
			in = [2]string{c.Raw, c.Query}
		}
		if got, err := v.verifier(t).Sign(in[0], in[1], v.ID, v.Now+1); err != nil || got != c.PBS {
			t.Errorf("%s: got %q, %v; want %q", v.Name, got, err, c.PBS)
		}
	}
	if tested != 15 {
		t.Errorf("%d URLs of the JavaScript SDK, want 15", tested)
	}
}

// open returns the offsets of the bytes that v leaves open.
func (v vector) open() []int {
	var offsets []int
	_, query, _ := strings.Cut(v.URL, "?")
	from := len(v.URL) - len(query)
	for _, part := range v.Open {
		from += strings.Index(v.URL[from:], "="+part) + 1
		for i := range part {
			offsets = append(offsets, from+i)
		}
	}
	return offsets
}

// Every byte from the first slash of the path to the end of pbt is replaced by
// several others. Nothing verifies but changes to the values of free options
// under a signature of the path only, 21 bytes in 3 of the 30 URLs. ("&" is
// among them: without it the next option is a part of the value.)
func TestEveryChangedByteIsRefused(t *testing.T) {
	changed, opened := 0, 0
	for _, v := range vectors(t) {
		verifier := v.verifier(t, v.free()...)
		var got []int
		from := strings.Index(v.URL, "/v2/")
		for i := from; i < len(v.URL); i++ {
			changed++
			if anyChangeVerifies(verifier, v.URL, i) {
				got = append(got, i)
			}
		}
		if want := v.open(); !slices.Equal(got, want) {
			t.Errorf("%s: changes verify at %v, want %v", v.Name, got, want)
		}
		opened += len(got)
	}
	if changed < 5000 || opened != 21 {
		t.Errorf("changed %d bytes, of which %d are open; want more than 5000 and 21", changed, opened)
	}
}

func anyChangeVerifies(v *signing.Verifier, url string, i int) bool {
	others := append([]byte("0xX%/&=?.+~#\x00\xff"), url[i]^1, url[i]^0x20, url[i]^0x80)
	return slices.ContainsFunc(others, func(b byte) bool {
		c, err := split(url[:i] + string([]byte{b}) + url[i+1:])
		if err != nil || b == url[i] {
			return false
		}
		_, err = v.Verify(c)
		return err == nil
	})
}

// Bytes of the path are also left out and doubled, which shifts what follows.
func TestEveryMissingOrExtraByteOfThePathIsRefused(t *testing.T) {
	for _, v := range vectors(t) {
		verifier := v.verifier(t, v.free()...)
		for i := strings.Index(v.URL, "/v2/"); v.URL[i] != '?'; i++ {
			for _, url := range []string{v.URL[:i] + v.URL[i+1:], v.URL[:i+1] + v.URL[i:]} {
				c, err := split(url)
				if err == nil {
					_, err = verifier.Verify(c)
				}
				if err == nil {
					t.Errorf("%s: verifies as %s", v.Name, url)
				}
			}
		}
	}
}
