package signing_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/signing"
)

// What clients sign for one URL, each written out by hand from what the client
// does. The first six rows are one file and one query.
func TestFormsOfClients(t *testing.T) {
	tests := []struct {
		client, sent, signed string
		query                bool // whether the signature covers the query
	}{
		{"JavaScript", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a%2520(1).jpg?dpr=2", true},
		{"C#", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a%20(1).jpg?dpr=2", true},
		{"PHP", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a%2520%281%29.jpg?dpr=2", true},
		{"Python, escaped", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a%20(1).jpg", false},
		{"Python, typed", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a (1).jpg", false},
		{"Go", "/v2/demo/original/a%20(1).jpg?dpr=2", "v2/demo/original/a (1).jpg", false},
		{"JavaScript, proxy", "/v2/demo/original/a%20%281%29.jpg?dpr=2", "v2/demo/original/a%2520(1).jpg?dpr=2", true},
		{"C#, proxy", "/v2/demo/original/a%281%29.jpg", "v2/demo/original/a(1).jpg", true},
		{"PHP, proxy", "/v2/demo/t.resize%28w:1%29/a.jpg", "v2/demo/t.resize%28w:1%29/a.jpg", true},
		{"JavaScript, brackets", "/v2/demo/original/[a].jpg", "v2/demo/original/%5Ba%5D.jpg", true},
		{"JavaScript, space and comma", "/v2/demo/original/a.jpg?v=a+b%2Cc", "v2/demo/original/a.jpg?v=a%2520b,c", true},
		{"JavaScript, plus", "/v2/demo/original/a.jpg?v=a%2Bb%7E", "v2/demo/original/a.jpg?v=a%252Bb~", true},
		{"JavaScript, quotes", "/v2/demo/original/a.jpg?v=%27%22%7E", "v2/demo/original/a.jpg?v=%2527%2522~", true},
		{"JavaScript, two equals signs", "/v2/demo/original/a.jpg?v=a%3Db", "v2/demo/original/a.jpg?v=a=b", true},
		{"JavaScript, flag", "/v2/demo/original/a.jpg?download=&v=1", "v2/demo/original/a.jpg?download&v=1", true},
		{"JavaScript, file of escapes", "/v2/demo/original/a%2520b.jpg", "v2/demo/original/a%252520b.jpg", true},
	}
	for _, tt := range tests {
		texts := signing.Texts(mustSplit(t, "http://h"+tt.sent))
		if query, ok := texts[tt.signed]; !ok || query != tt.query {
			t.Errorf("%s: %q covers the query: %t, %t; want %t in %v", tt.client, tt.signed, query, ok, tt.query, texts)
		}
	}
}

// Texts that somebody signed for another URL.
func TestFormsOfOthers(t *testing.T) {
	tests := []struct{ why, sent, signed string }{
		{"the file a%20b.jpg, signed as a%20b.jpg by JavaScript", "/v2/demo/original/a%2520b.jpg", "v2/demo/original/a%2520b.jpg"},
		{"the file a%20b.jpg, signed as a%20b.jpg by Python", "/v2/demo/original/a%2520b.jpg", "v2/demo/original/a%20b.jpg"},
		{"a question mark in a name", "/v2/demo/original/a%3Fv=1", "v2/demo/original/a?v=1"},
		{"a slash in a name", "/v2/demo/original%2Fa.jpg", "v2/demo/original/a.jpg"},
		{"escapes in lower case", "/v2/demo/original/a%c3%bc.jpg", "v2/demo/original/aü.jpg"},
		{"escapes in lower case", "/v2/demo/original/a%c3%bc.jpg", "v2/demo/original/a%25C3%25BC.jpg"},
		{"a query URLSearchParams does not write", "/v2/demo/original/a.jpg?v=a+b,c", "v2/demo/original/a.jpg?v=a%2520b,c"},
		{"a plus sign escaped by PHP", "/v2/demo/original/a.jpg?v=a+b", "v2/demo/original/a.jpg?v=a%2Bb"},
		{"the leading slash", "/v2/demo/original/a.jpg", "/v2/demo/original/a.jpg"},
	}
	for _, tt := range tests {
		if texts := signing.Texts(mustSplit(t, "http://h"+tt.sent)); hasKey(texts, tt.signed) {
			t.Errorf("%s: %s is accepted as signed over %q", tt.why, tt.sent, tt.signed)
		}
	}
}

func hasKey(m map[string]bool, key string) bool {
	_, ok := m[key]
	return ok
}

// A signature is over a text. This goes through every URL that can be put
// together from up to four of the pieces that encoders disagree about, and
// holds that no text belongs to two URLs that mean different things.
func TestFormsMeanOneURL(t *testing.T) {
	pieces := []string{"a", "/", "?", "=", "&", "+", "25", "2B", "%", "%25", "%2B", "%2F", "%3F", "%20", "(", "%28", "~", "%7E"}
	meanings := map[string]string{}
	var walk func(target string, depth int)
	walk = func(target string, depth int) {
		if c, err := split("http://h" + target); err == nil {
			holdMeaning(t, meanings, c)
		}
		if depth == 0 || t.Failed() {
			return
		}
		for _, p := range pieces {
			walk(target+p, depth-1)
		}
	}
	walk("/", 4)
	if len(meanings) < 20_000 {
		t.Errorf("only %d texts", len(meanings))
	}
}

func holdMeaning(t *testing.T, meanings map[string]string, c signing.Claim) {
	t.Helper()
	for text, query := range signing.Texts(c) {
		m := meaning(c.Raw, "")
		if query {
			m = meaning(c.Raw, c.Query)
		}
		if other, ok := meanings[text]; ok && other != m {
			t.Errorf("%q is signed for both %q and %q", text, m, other)
		}
		meanings[text] = m
	}
}

// meaning writes what the edge reads in a path and a query, without ambiguity.
func meaning(path, query string) string {
	var parts []string
	for s := range strings.SplitSeq(path, "/") {
		s, _ = url.PathUnescape(s)
		parts = append(parts, s)
	}
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(s string) bool { return s == "" })
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		pairs[i] = name + "\x00" + value
	}
	return strings.Join(parts, "\x01") + "\x02" + strings.Join(pairs, "\x01")
}
