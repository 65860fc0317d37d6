package urlparse_test

import (
	"slices"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/urlparse"
)

func TestRefused(t *testing.T) {
	tests := []struct{ uri, message string }{
		// The whole path.
		{"", "does not begin with a slash"},
		{"v2/demo/original/a.jpg", "does not begin with a slash"},
		{"/v2/demo/original/a#b.jpg", "must be percent-encoded"},
		{"/v2/demo/original/%", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/a%2", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/a%zz.jpg", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/%u002fa.jpg", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/a\x00.jpg", "control character"},
		{"/v2/demo/original/a%00.jpg", "control character"},
		{"/v2/demo/original/a%0d%0aX:1", "control character"},
		{"/v2/demo/original/a%09b", "control character"},
		{"/v2/demo/original/a\x7fb", "control character"},
		{"/v2/demo/original/a%7Fb", "control character"},
		{"/v2/demo/t.x(a:%01)/a.jpg", "control character"},
		{"/v2/demo/original/%ff.jpg", "not valid UTF-8"},
		{"/v2/demo/original/\xff.jpg", "not valid UTF-8"},
		{"/v2/demo/original/%c0%af", "not valid UTF-8"},
		{"/v2/demo/original/%ed%a0%80", "not valid UTF-8"},
		{`/v2/demo/original/a\b.jpg`, "backslash"},
		{"/v2/demo/original/..%5ca.jpg", "backslash"},
		{"/v2/demo/original/%252e%252e/a", "percent-encoded twice"},
		{"/v2/demo/original/%2561.jpg", "percent-encoded twice"},
		{"/v2/demo/original/%25252e", "percent-encoded twice"},
		{"/v2/demo/original/%2%35%32e", "not followed by two hexadecimal digits"},
		{"/v2/demo/t.x(a:%2528)/a.jpg", "percent-encoded twice"},
		{"/v2/demo/original/a%2Fb.jpg", "encoded slash"},
		{"/v2/demo/original/..%2fa.jpg", "encoded slash"},
		{"/v2/demo%2Foriginal/a.jpg", "encoded slash"},
		{"/v2/demo/t.x(a:1%2F2)/a.jpg", "encoded slash"},
		// Version, cloud, zone.
		{"/", "is not the name of a cloud"},
		{"//v2/demo/original/a.jpg", "is not the name of a cloud"},
		{"/v2//demo/original/a.jpg", "is not the name of a cloud"},
		{"/v3/demo/original/a.jpg", `"v3" is not the name of a cloud`},
		{"/V2/demo/original/a.jpg", `"V2" is not the name of a cloud`},
		{"/v2/d.mo/original/a.jpg", "is not the name of a cloud"},
		{"/v2/d%C3%A9mo/original/a.jpg", "is not the name of a cloud"},
		{"/v2/../original/a.jpg", "is not the name of a cloud"},
		{"/v2/demo", "names no picture"},
		{"/v2/demo/abcdef/original", `"abcdef" is not an operation`},
		// Pattern.
		{"/v2/demo//a.jpg", "is not an operation"},
		{"/v2/demo/../a.jpg", "is not an operation"},
		{"/v2/demo/original~original/a.jpg", "original stands alone"},
		{"/v2/demo/t.x()~original/a.jpg", "original stands alone"},
		{"/v2/demo/original()/a.jpg", "original stands alone"},
		{"/v2/demo/Original/a.jpg", `"Original" is not an operation`},
		{"/v2/demo/t.x()~/a.jpg", `"" is not an operation`},
		{"/v2/demo/~t.x()/a.jpg", `"" is not an operation`},
		{"/v2/demo/t.x/a.jpg", `"t.x" has no parentheses`},
		{"/v2/demo/t.()/a.jpg", `"t." is not an operation`},
		{"/v2/demo/.x()/a.jpg", `".x" is not an operation`},
		{"/v2/demo/t.x.y()/a.jpg", `"t.x.y" is not an operation`},
		{"/v2/demo/1t.x()/a.jpg", `"1t.x" is not an operation`},
		{"/v2/demo/t.x-y()/a.jpg", `"t.x-y" is not an operation`},
		{"/v2/demo/()/a.jpg", `"" is not an operation`},
		{"/v2/demo/t.x(a:1/a.jpg", `"t.x(a:1" does not end with a parenthesis`},
		{"/v2/demo/t.x(a:1)b/a.jpg", `"t.x(a:1)b" does not end with a parenthesis`},
		{"/v2/demo/t.x((a:1))/a.jpg", "parentheses within parentheses"},
		{"/v2/demo/t.x()()/a.jpg", "parentheses within parentheses"},
		{"/v2/demo/t.x(a:1)t.y()/a.jpg", "parentheses within parentheses"},
		{"/v2/demo/t.x)(/a.jpg", "is not an operation"},
		{"/v2/demo/t.x(a)/a.jpg", `t.x: parameter "a" has no colon`},
		{"/v2/demo/t.x(,)/a.jpg", `parameter "" has no colon`},
		{"/v2/demo/t.x(a:1,)/a.jpg", `parameter "" has no colon`},
		{"/v2/demo/t.x(:1)/a.jpg", `parameter ":1" has no name`},
		{"/v2/demo/t.x(%20:1)/a.jpg", `parameter " :1" has no name`},
		{"/v2/demo/t.x(a:)/a.jpg", `parameter "a:" has no value`},
		{"/v2/demo/t.x(a:%20)/a.jpg", `parameter "a: " has no value`},
		{"/v2/demo/t.x(a:1:2)/a.jpg", `parameter "a:1:2" has a second colon`},
		{"/v2/demo/t.x(a::)/a.jpg", `parameter "a::" has a second colon`},
		{"/v2/demo/t.x(-a:1)/a.jpg", `parameter "-a:1" has a name`},
		{"/v2/demo/t.x(a%20b:1)/a.jpg", `parameter "a b:1" has a name`},
		{"/v2/demo/t.x(a:1,b:2,%20a:3)/a.jpg", `parameter " a:3" is given twice`},
		{"/v2/demo/p:/a.jpg", `"" is not the name of a preset`},
		{"/v2/demo/p:()/a.jpg", `"" is not the name of a preset`},
		{"/v2/demo/p:a.b/a.jpg", `"a.b" is not the name of a preset`},
		{"/v2/demo/p1:thumb/a.jpg", `"p1:thumb" is not an operation`},
		{"/v2/demo/p.apply()/a.jpg", "p.apply: parameter n, the name of the preset, is missing"},
		{"/v2/demo/p.apply(a:1)/a.jpg", "parameter n, the name of the preset, is missing"},
		{"/v2/demo/p.apply(n:a.b)/a.jpg", `"a.b" is not the name of a preset`},
		{"/v2/demo/p.apply/a.jpg", `"p.apply" has no parentheses`},
		// Picture.
		{"/v2/demo/original", "names no picture"},
		{"/v2/demo/original/", "names no picture"},
		{"/v2/demo/wrkr/", "names no picture"},
		{"/v2/demo/original//a.jpg", "empty segment"},
		{"/v2/demo/original/a//b.jpg", "empty segment"},
		{"/v2/demo/original/a/", "empty segment"},
		{"/v2/demo/original/.", "a segment . or .."},
		{"/v2/demo/original/./a.jpg", "a segment . or .."},
		{"/v2/demo/original/a/../b.jpg", "a segment . or .."},
		{"/v2/demo/original/%2e%2E/b.jpg", "a segment . or .."},
		{"/v2/demo/original/..;/b.jpg", "a segment . or .."},
		{"/v2/demo/wrkr/../b.jpg", "a segment . or .."},
		{"/v2/demo/wrkr//etc/passwd", "empty segment"},
		// Query.
		{"/v2/demo/original/a.jpg?dpr=%zz", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/a.jpg?%zz", "not followed by two hexadecimal digits"},
		{"/v2/demo/original/a.jpg?x=%00", "control character"},
		{"/v2/demo/original/a.jpg?%0a=1", "control character"},
		{"/v2/demo/original/a.jpg?x=%ff", "not valid UTF-8"},
		{"/v2/demo/original/a.jpg?dpr=2&dpr=2", "dpr is given twice"},
		{"/v2/demo/original/a.jpg?dpr=2&%64pr=2", "dpr is given twice"},
		{"/v2/demo/original/a.jpg?v=1&v=2", "v is given twice"},
		{"/v2/demo/original/a.jpg?preview&preview", "preview is given twice"},
		{"/v2/demo/original/a.jpg?pbs=1&pbs=1", "pbs is given twice"},
		{"/v2/demo/original/a.jpg?dpr", "dpr is \"\"; want auto or a number in 0.1..5"},
		{"/v2/demo/original/a.jpg?f_auto", "f_auto is \"\"; want true or false"},
		{"/v2/demo/original/a.jpg?f_auto=1", "f_auto is \"1\"; want true or false"},
		{"/v2/demo/original/a.jpg?f_auto=fal%C5%BFe", "want true or false"},
		{"/v2/demo/original/a.jpg?preview=yes", "preview is \"yes\"; want no value, true or false"},
		{"/v2/demo/original/a.jpg?download=TRUE", "download is \"TRUE\""},
	}
	for _, tt := range tests {
		t.Run(tt.uri, func(t *testing.T) {
			r, err := parse(tt.uri, "")
			if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), tt.message) {
				t.Errorf("Parse = %s, %v; want an Invalid error with %q", fields(r), err, tt.message)
			}
		})
	}
}

func TestCustomDomainNeedsVersion(t *testing.T) {
	for _, path := range []string{"/", "/original/a.jpg", "/v3/original/a.jpg", "/demo/v2/original/a.jpg"} {
		_, err := urlparse.Parse(path, "", hosted)
		if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "begins with /v1/ or /v2/") {
			t.Errorf("Parse(%q): %v, want an Invalid error that asks for a version", path, err)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(n int, text, join string) string { return strings.Repeat(text+join, n-1) + text }
	args := func(n int) string {
		names := make([]string, n)
		for i := range names {
			names[i] = "a" + strings.Repeat("b", i) + ":1"
		}
		return strings.Join(names, ",")
	}
	const file = "/v2/demo/original/"
	tests := []struct {
		name, uri string
		kind      fault.Kind // Internal if it is within the limit
	}{
		{"32 operations", "/v2/demo/" + many(32, "t.x()", "~") + "/a", fault.Internal},
		{"33 operations", "/v2/demo/" + many(33, "t.x()", "~") + "/a", fault.Invalid},
		{"32 parameters", "/v2/demo/t.x(" + args(32) + ")/a", fault.Internal},
		{"33 parameters", "/v2/demo/t.x(" + args(33) + ")/a", fault.Invalid},
		{"64 options", file + "a?" + many(64, "x=1", "&"), fault.Internal},
		{"65 options", file + "a?" + many(65, "x=1", "&"), fault.Invalid},
		{"segment of 255", file + many(255, "a", ""), fault.Internal},
		{"segment of 256", file + many(256, "a", ""), fault.Invalid},
		{"segment of 255 encoded", file + many(85, "%E6%97%A5", ""), fault.Internal},
		{"segment of 256 encoded", file + many(85, "%E6%97%A5", "") + "a", fault.Invalid},
		{"file of 1024", file + many(256, "abc", "/") + "d", fault.Internal},
		{"file of 1025", file + many(256, "abc", "/") + "de", fault.Invalid},
		{"worker path of 1025", "/v2/demo/wrkr/" + many(256, "abc", "/") + "de", fault.Invalid},
		{"path of 8192", "/v2/demo/t.x(a:" + many(8192-18, "1", "") + ")/a", fault.Internal},
		{"path of 8193", "/v2/demo/t.x(a:" + many(8193-18, "1", "") + ")/a", fault.TooLong},
		{"remote path of 8193", file + "https://host/" + many(8193, "a", ""), fault.TooLong},
		{"query of 8192", file + "a?x=" + many(8190, "1", ""), fault.Internal},
		{"query of 8193", file + "a?x=" + many(8191, "1", ""), fault.TooLong},
		{"canonical path of 8192", "/v2/demo/t.x(a:" + many(2724, "é", "")[:2724] + "11)/a", fault.Internal},
		{"canonical path of 8193", "/v2/demo/t.x(a:" + many(2724, "é", "")[:2724] + "111)/a", fault.TooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse(tt.uri, "")
			if kind := fault.Of(err); (err != nil || tt.kind != fault.Internal) && kind != tt.kind {
				t.Errorf("Parse of %d bytes: %v, want kind %v", len(tt.uri), err, tt.kind)
			}
			if err == nil && len(r.Path()) > 8192 {
				t.Errorf("Path has %d bytes, which Parse refuses", len(r.Path()))
			}
		})
	}
}

// Two spellings of one request differ in nothing but their Spelling.
func TestSameRequest(t *testing.T) {
	tests := []struct{ canonical, other string }{
		{"/v1/demo/original/a.jpg", "/demo/original/a.jpg"},
		{"/v2/demo/original/a.jpg", "/v2/%64emo/orig%69nal/a%2Ejpg"},
		{"/v2/demo/original/a.jpg", "/%762/demo/original/a.jpg?v=3&x=1"},
		{"/v2/demo/zone01/original/a.jpg", "/v2/demo/%7Aone01/original/a.jpg"},
		{"/v2/demo/t.resize(w:320)~t.flip()/a.jpg", "/v2/demo/t.resize%28w%3A320%29%7Et.flip%28%29/a.jpg"},
		{"/v2/demo/t.x(a:1,b:2)/a.jpg", "/v2/demo/t.x(%20a%20:%201,%20%20b:2%20)/a.jpg"},
		{"/v2/demo/t.x(a:1,b:2)/a.jpg", "/v2/demo/t.x(a:1, b:2)/a.jpg"},
		{"/v2/demo/t.x()/a.jpg", "/v2/demo/t.x(%20)/a.jpg"},
		{"/v2/demo/t.x(a:c%20d)/a.jpg", "/v2/demo/t.x(a:c d)/a.jpg"},
		{"/v2/demo/p:x/a.jpg", "/v2/demo/p:x()/a.jpg"},
		{"/v2/demo/p:x/a.jpg", "/v2/demo/p.apply(n:x)/a.jpg"},
		{"/v2/demo/p:x(a:1,b:2)/a.jpg", "/v2/demo/p.apply(a:1,n:x,b:2)/a.jpg"},
		{"/v2/demo/original/%C3%BCn%C3%AF/%E6%97%A5.jpg", "/v2/demo/original/ünï/日.jpg"},
		{"/v2/demo/original/%C3%BCn%C3%AF/%E6%97%A5.jpg", "/v2/demo/original/%c3%bcn%c3%af/%e6%97%a5.jpg"},
		{"/v2/demo/original/a%20b.jpg", "/v2/demo/original/a b.jpg"},
		{"/v2/demo/original/(a),b:c~d$e[f]!'*@&=+;.jpg", "/v2/demo/original/%28a%29%2Cb%3Ac%7Ed%24e%5Bf%5D%21%27%2A%40%26%3D%2B%3B.jpg"},
		{"/v2/demo/original/%22%3C%3E%60%7B%7D%3F%23%25%5E%7C", "/v2/demo/original/\"<>`{}%3f%23%25^|"},
		{"/v2/demo/original/100%25.jpg", "/v2/demo/orig%69nal/100%25.jpg"},
		{"/v2/demo/original/a.jpg?dpr=2", "/v2/demo/original/a.jpg?dpr=2.0"},
		{"/v2/demo/original/a.jpg?dpr=2", "/v2/demo/original/a.jpg?%64pr=%32"},
		{"/v2/demo/original/a.jpg?dpr=auto&f_auto=true", "/v2/demo/original/a.jpg?f_auto=TrUe&dpr=auto"},
		{"/v2/demo/original/a.jpg", "/v2/demo/original/a.jpg?f_auto=false&preview=0&download=false"},
		{"/v2/demo/original/a.jpg?preview=true&download=true", "/v2/demo/original/a.jpg?download&preview="},
		{"/v2/demo/original/a.jpg?preview=true&download=true", "/v2/demo/original/a.jpg?&download=1&&preview=true&"},
		{"/v2/demo/wrkr/resize:h100,w:200/a.jpg", "/v2/demo/%77rkr/resize:h100%2Cw:200/a.jpg"},
		{"/v2/demo/original/https://host/a.jpg", "/v2/demo/original/https:/host/a.jpg"},
		{"/v2/demo/original/https://host/a.jpg", "/v2/demo/original/https%3A//host/a.jpg"},
		{"/v2/demo/original/https://host/a.jpg", "/v2/demo/original/https%3A%2F%2Fhost%2Fa.jpg"},
		{"/v2/demo/original/https://host/a.jpg%3Fx=1", "/v2/demo/original/https%3a%2f%2fhost%2fa.jpg%3Fx%3D1"},
		{"/v2/demo/original/https%3A%2F%2Fhost%2Fa%2520b.jpg", "/v2/demo/original/https%3a%2F%2fhost%2Fa%2520b%2Ejpg"},
	}
	for _, tt := range tests {
		t.Run(tt.other, func(t *testing.T) {
			want, err := parse(tt.canonical, "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := parse(tt.other, "")
			if err != nil {
				t.Fatal(err)
			}
			if !same(got, want) {
				t.Errorf("Parse = %s, want %s", fields(got), fields(want))
			}
			if got.URI() != tt.canonical {
				t.Errorf("URI = %s, want %s", got.URI(), tt.canonical)
			}
		})
	}
}

// Bytes are not normalized: what looks the same is another request.
func TestOtherRequest(t *testing.T) {
	tests := []struct{ name, one, two string }{
		{"composed and decomposed", "/v2/demo/original/%C3%A9", "/v2/demo/original/e%CC%81"},
		{"case", "/v2/demo/original/A.jpg", "/v2/demo/original/a.jpg"},
		{"full width", "/v2/demo/original/%EF%BC%A1", "/v2/demo/original/A"},
		{"plus and space", "/v2/demo/original/a+b", "/v2/demo/original/a%20b"},
		{"order of parameters", "/v2/demo/t.x(a:1,b:2)/a", "/v2/demo/t.x(b:2,a:1)/a"},
		{"version", "/v1/demo/original/a", "/v2/demo/original/a"},
		{"zone", "/v2/demo/zone01/original/a", "/v2/demo/original/a"},
		{"query and name of a link", "/v2/demo/original/https://h/a%3Fb", "/v2/demo/original/https%3A%2F%2Fh%2Fa%253Fb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one, err := parse(tt.one, "")
			if err != nil {
				t.Fatal(err)
			}
			two, err := parse(tt.two, "")
			if err != nil {
				t.Fatal(err)
			}
			if same(one, two) || one.URI() == two.URI() {
				t.Errorf("%s and %s are one request: %s", tt.one, tt.two, one.URI())
			}
		})
	}
}

// The longest hostile texts cost a number of allocations that does not grow
// with them.
func TestHostileTextIsCheap(t *testing.T) {
	const size, most = 8000, 100
	for _, text := range []string{"(", ")", "()", "~", ",", ":", ".", "%25", "%28", "a:", "a(", "&", "=", "p:", "[", "t.x()~", "é"} {
		long := strings.Repeat(text, size/len(text))
		for _, uri := range []string{
			"/v2/demo/" + long + "/a.jpg", "/v2/demo/t.x(" + long + ")/a.jpg", "/v2/demo/t.x(a:" + long,
			"/v2/demo/original/" + long, "/v2/demo/original/https://" + long,
			"/v2/demo/original/https%3A%2F%2Fh%2F" + long, "/v2/demo/original/a?" + long, "/" + long,
		} {
			allocations := testing.AllocsPerRun(1, func() {
				if r, err := parse(uri, ""); err == nil && r.File == "" {
					t.Errorf("Parse(%.40s...) names no picture", uri)
				}
			})
			if allocations > most {
				t.Errorf("Parse(%.40s...) makes %v allocations, want at most %d", uri, allocations, most)
			}
		}
	}
}

func TestDeepParentheses(t *testing.T) {
	for _, text := range []string{strings.Repeat("(", 8000), strings.Repeat("t.x(", 2000), "t.x(" + strings.Repeat("()", 4000) + ")"} {
		if _, err := urlparse.Parse("/v2/demo/"+text+"/a.jpg", "", ""); fault.Of(err) != fault.Invalid {
			t.Errorf("Parse of %.12s...: %v, want an Invalid error", text, err)
		}
	}
	if _, err := urlparse.Parse("/"+strings.Repeat("(", 100_000), "", ""); fault.Of(err) != fault.TooLong {
		t.Errorf("Parse of 100,000 parentheses: %v, want TooLong", err)
	}
}

// Messages show no more of a request than fits a line.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("日", 1000)
	for _, uri := range []string{"/v2/" + long + "/original/a", "/v2/demo/" + long + "/a", "/v2/demo/t.x(" + long + ")/a", "/v2/demo/original/a?dpr=" + long} {
		_, err := parse(uri, "")
		if message := fault.Message(err); err == nil || len([]rune(message)) > 160 || !strings.Contains(message, "日") {
			t.Errorf("Parse(%.20s...): message %q", uri, message)
		}
	}
}

// same reports whether two requests are equal but for their spelling and their
// signature.
func same(a, b urlparse.Request) bool {
	if len(a.Pipeline) != len(b.Pipeline) {
		return false
	}
	for i := range a.Pipeline {
		if a.Pipeline[i].Name != b.Pipeline[i].Name || !slices.Equal(a.Pipeline[i].Args, b.Pipeline[i].Args) {
			return false
		}
	}
	return a.Version == b.Version && a.Cloud == b.Cloud && a.Custom == b.Custom && a.Zone == b.Zone &&
		a.Worker == b.Worker && a.File == b.File && a.Options == b.Options
}
