package urlparse_test

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/urlparse"
)

// FuzzParse holds Parse to its inverse, and its errors to the kinds it promises.
func FuzzParse(f *testing.F) {
	for _, seed := range []struct{ path, query string }{
		{"/v2/demo/original/a.jpg", ""},
		{"/demo/zone01/t.resize(w:320, h : 2)~p:x(a:1)~p.apply(n:y,b:2)/a b/%C3%BC.jpg", "dpr=2.0&f_auto=TRUE&preview&download=1"},
		{"/v1/demo/wrkr/resize:h100,w:200/a.jpg", "pbs=a&pbe=1&pbt=c&v=3"},
		{"/v2/zone01/t.merge(m:wrap,bboxes:[[10_10_100_100]_[200_20_100_100]])/a%25.jpg", "dpr=auto&%70bs="},
		{"/v2/demo/original/https:/host/a%20b%3Fx=1", "&&x"},
		{"/v2/demo/original/http%3A%2F%2F[::1]:80%2Fa%2520b.jpg%3Fx%3D1", ""},
		{"/v2/demo/original/..%2f%252e%00%ff\\", "dpr=%zz"},
		{"/v2/demo/t.x((((a::1,,))))/~/./..//", "dpr=1e1&dpr"},
	} {
		f.Add(seed.path, seed.query, false)
		f.Add(seed.path, seed.query, true)
	}
	f.Fuzz(func(t *testing.T, path, query string, custom bool) {
		cloud := ""
		if custom {
			cloud = hosted
		}
		first, err := urlparse.Parse(path, query, cloud)
		if err != nil {
			if kind := fault.Of(err); kind != fault.Invalid && kind != fault.TooLong {
				t.Fatalf("Parse(%q, %q): kind %v", path, query, kind)
			}
			return
		}
		checkFile(t, first)
		canonical, options, _ := strings.Cut(first.URI(), "?")
		if canonical != first.Path() {
			t.Fatalf("URI %q does not begin with Path %q", first.URI(), first.Path())
		}
		second, err := urlparse.Parse(canonical, options, cloud)
		if err != nil {
			t.Fatalf("Parse(%q, %q) is fine but its URI %q is not: %v", path, query, first.URI(), err)
		}
		if !same(first, second) {
			t.Errorf("Parse(%q, %q) = %s, but its URI %q gives %s", path, query, fields(first), first.URI(), fields(second))
		}
		if second.URI() != first.URI() {
			t.Errorf("URI %q of the canonical URL %q differs", second.URI(), first.URI())
		}
	})
}

// checkFile checks what every reader of a File relies on.
func checkFile(t *testing.T, r urlparse.Request) {
	t.Helper()
	if r.File == "" || strings.ContainsAny(r.File, "\x00\r\n\x7f\\") {
		t.Errorf("File = %q", r.File)
	}
	if r.Remote() {
		if r.Worker || strings.ContainsAny(r.Link(), "# ") {
			t.Errorf("Link = %q", r.Link())
		}
		return
	}
	for segment := range strings.SplitSeq(r.File, "/") {
		if segment == "" || segment == "." || segment == ".." || len(segment) > 255 {
			t.Errorf("File = %q", r.File)
		}
	}
}
