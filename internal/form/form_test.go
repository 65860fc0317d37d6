package form_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pixedge/internal/fault"
	"pixedge/internal/form"
)

const (
	urlencoded = "application/x-www-form-urlencoded"
	jsonType   = "application/json"
	multi      = "multipart/form-data; boundary=b"

	maxFile  = 200_000
	maxField = 64 << 10
	base64Of = (maxFile + 2) / 3 * 4
)

func limits(tb testing.TB) form.Limits {
	tb.Helper()
	return form.Limits{MaxFile: maxFile, Large: []string{"img"}, Spool: tb.TempDir()}
}

// part returns a part of a body with the boundary b.
func part(head, content string) string {
	return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content + "\r\n"
}

const end = "--b--\r\n"

// pairs returns n pairs.
func pairs(n int) string { return strings.TrimSuffix(strings.Repeat("a=1&", n), "&") }

// read reads a body whose length is known, and one whose is not, and expects the same.
func read(t *testing.T, query, contentType, body string, l form.Limits) (*form.Form, error) {
	t.Helper()
	known, err := form.Read(query, contentType, strings.NewReader(body), int64(len(body)), l)
	unknown, err2 := form.Read(query, contentType, iotest.OneByteReader(strings.NewReader(body)), -1, l)
	if len(body) > 0 && (fault.Of(err) != fault.Of(err2) || (err == nil) != (err2 == nil)) {
		t.Errorf("with a length %v, without %v", err, err2)
	}
	if unknown != nil {
		unknown.Close()
	}
	if known != nil {
		t.Cleanup(known.Close)
	}
	return known, err
}

func TestRead(t *testing.T) {
	const file = `name="file"; filename="a.png"`
	for _, tt := range []struct {
		name, query, kind, body string
		want                    map[string]string
		file                    string // "field name size"
	}{
		{"nothing", "", "", "", map[string]string{"a": ""}, ""},
		{"query", "a=1&b=x+y%26&c&&=d", "", "", map[string]string{"a": "1", "b": "x y&", "c": ""}, ""},
		{"unescaped link", "img=http://a.example/b;c?d=e:80/~", "", "", map[string]string{"img": "http://a.example/b;c?d=e:80/~"}, ""},
		{"last of several", "a=1&a=2", "", "", map[string]string{"a": "2"}, ""},
		{"body wins", "a=1&b=2", urlencoded, "a=3", map[string]string{"a": "3", "b": "2"}, ""},
		{"charset", "", urlencoded + "; charset=UTF-8", "a=%C3%A4", map[string]string{"a": "ä"}, ""},
		{"JSON", "a=1&b=2", jsonType, `{"a":12.50,"t":true,"s":"x\/yä","e":1e3,"b":null}`, map[string]string{"a": "12.50", "t": "true", "s": "x/yä", "e": "1e3", "b": "2"}, ""},
		{"JSON twice", "", jsonType + ";charset=utf-8", ` {"a":1,"a":"2"} `, map[string]string{"a": "2"}, ""},
		{"multipart", "a=1", multi, part(`name="a"`, "2") + part(`name="b"`, "x\r\ny") + end, map[string]string{"a": "2", "b": "x\r\ny"}, ""},
		{"key before file", "", multi, part(`name="key"`, "k") + part(file, "12345") + end, map[string]string{"key": "k"}, "file a.png 5"},
		{"key behind file", "", multi, part(file, "12345") + part(`name="key"`, "k") + end, map[string]string{"key": "k"}, "file a.png 5"},
		{"file without a name", "", multi, part(`name="file"`, "12345") + end, map[string]string{"file": ""}, "file  5"},
		{"file elsewhere", "", multi, part(`name="up"; filename="/x/b.png"`, "123") + end, nil, "up b.png 3"},
		{"file first of all", "", multi, part(`name="up"; filename="b.png"`, "123") + part(file, "12345") + end, nil, "file a.png 5"},
		{"file with a type", "", multi, part(file+"\r\nContent-Type: image/png", "12345") + end, nil, "file a.png 5"},
		{"empty file", "", multi, part(file, "") + end, nil, "file a.png 0"},
		{"no file chosen", "", multi, part(`name="file"; filename=""`, "") + end, nil, ""},
		{"preamble and epilogue", "", `multipart/form-data; boundary="b"`, "preamble\r\n" + part(`name="a"`, "1") + end + "epilogue", map[string]string{"a": "1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := read(t, tt.query, tt.kind, tt.body, limits(t))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got, err := f.Text(name); got != want || err != nil {
					t.Errorf("%s is %q, %v; want %q", name, got, err, want)
				}
			}
			got := ""
			if file := f.File(); file != nil {
				got = fmt.Sprint(file.Field, " ", file.Name, " ", file.Size)
			}
			if got != tt.file {
				t.Errorf("file %q, want %q", got, tt.file)
			}
		})
	}
}

// TestLimits asks for the most that is allowed and for one more.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", maxField)
	picture := strings.Repeat("A", base64Of)
	escaped := strings.Repeat("%2F", base64Of)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	members := func(n int) string { return strings.TrimSuffix(strings.Repeat(`"a":1,`, n), ",") }
	file := func(n int) string { return part(`name="file"; filename="a"`, strings.Repeat("x", n)) }
	parts := func(n int) string { return strings.Repeat(part(`name="a"`, "1"), n) + end }
	const ok = fault.Kind(255)
	for _, tt := range []struct {
		name, query, kind, body string
		want                    fault.Kind
	}{
		{"pairs", pairs(1000), "", "", ok},
		{"too many pairs", pairs(1001), "", "", fault.Invalid},
		{"too many pairs in query and body", pairs(600), urlencoded, pairs(401), fault.Invalid},
		{"a million pairs", "", urlencoded, strings.Repeat("&", 100) + pairs(200_000), fault.Invalid},
		{"long name", strings.Repeat("n", 257) + "=1", "", "", fault.Invalid},
		{"bad escape", "a=%zz", "", "", fault.Invalid},
		{"bad escape in a name", "%2", "", "", fault.Invalid},
		{"bad escape in the body", "", urlencoded, "a=%", fault.Invalid},
		{"field", "", urlencoded, "a=" + long, ok},
		{"large field", "", urlencoded, "a=" + long + "x", fault.TooLarge},
		{"picture", "", urlencoded, "img=" + picture, ok},
		{"picture, escaped", "", urlencoded, "img=" + escaped, ok},
		{"large picture", "", urlencoded, "img=" + picture + strings.Repeat("A", 1025), fault.TooLarge},
		{"large body", "", urlencoded, "img=" + strings.Repeat("%41%41", base64Of), fault.TooLarge},
		{"field in JSON", "", jsonType, `{"a":"` + long + `"}`, ok},
		{"large field in JSON", "", jsonType, `{"a":"` + long + `x"}`, fault.TooLarge},
		{"large list in JSON", "", jsonType, `{"a":[` + strings.Repeat("1,", maxField/2) + `1]}`, fault.TooLarge},
		{"picture in JSON", "", jsonType, `{"img":"` + strings.ReplaceAll(picture, "A", `\/`) + `"}`, ok},
		{"large picture in JSON", "", jsonType, `{"img":"` + strings.Repeat("A", 2*base64Of+2050) + `"}`, fault.TooLarge},
		{"large JSON", "", jsonType, `{"a":` + strings.Repeat(" ", 2*base64Of+2<<20) + `1}`, fault.TooLarge},
		{"deep JSON", "", jsonType, `{"a":` + deep(31) + `}`, ok},
		{"too deep JSON", "", jsonType, `{"a":` + deep(32) + `}`, fault.Invalid},
		{"far too deep JSON", "", jsonType, strings.Repeat(`{"a":`, 100_000), fault.Invalid},
		{"members", "", jsonType, "{" + members(1000) + "}", ok},
		{"too many members", "", jsonType, "{" + members(1001) + "}", fault.Invalid},
		{"broken JSON", "", jsonType, `{"a":`, fault.Invalid},
		{"two JSON", "", jsonType, `{} {}`, fault.Invalid},
		{"list", "", jsonType, `[1]`, fault.Invalid},
		{"null", "", jsonType, `null`, fault.Invalid},
		{"no JSON", "", jsonType, `a=b`, fault.Invalid},
		{"no boundary", "", "multipart/form-data", parts(1), fault.Invalid},
		{"empty boundary", "", "multipart/form-data; boundary=", parts(1), fault.Invalid},
		{"long boundary", "", "multipart/form-data; boundary=" + strings.Repeat("b", 71), parts(1), fault.Invalid},
		{"another boundary", "", "multipart/form-data; boundary=c", parts(1), fault.Invalid},
		{"no end", "", multi, part(`name="a"`, "1"), fault.Invalid},
		{"end in a part", "", multi, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nxx", fault.Invalid},
		{"end in a file", "", multi, "--b\r\nContent-Disposition: form-data; name=file\r\n\r\nxx", fault.Invalid},
		{"end behind a boundary", "", multi, part(`name="a"`, "1") + "--b\r\n", fault.Invalid},
		{"end behind the headers", "", multi, part(`name="a"`, "1") + "--b\r\n\r\n", fault.Invalid},
		{"end without a line break", "", multi, part(`name="a"`, "1") + "--b--", ok},
		{"end with white space", "", multi, part(`name="a"`, "1") + "--b-- \t\r\n\r\n", ok},
		{"end in the headers", "", multi, "--b\r\nContent-Disp", fault.Invalid},
		{"broken headers", "", multi, "--b\r\nno header\r\n\r\nx\r\n" + end, fault.Invalid},
		{"parts", "", multi, parts(100), ok},
		{"too many parts", "", multi, parts(101), fault.Invalid},
		{"a million parts", "", multi, parts(10_000), fault.Invalid},
		{"no name", "", multi, part(`x="a"`, "1") + end, fault.Invalid},
		{"no disposition", "", multi, "--b\r\nX: y\r\n\r\nx\r\n" + end, fault.Invalid},
		{"headers", "", multi, part("name=a\r\nX: "+strings.Repeat("y", 10<<10), "1") + end, ok},
		{"large headers", "", multi, part("name=a\r\nX: "+strings.Repeat("y", 24<<10), "1") + end, fault.Invalid},
		{"endless preamble", "", multi, strings.Repeat("x\r\n", 100_000) + parts(1), fault.Invalid},
		{"nested", "", multi, part("name=a\r\nContent-Type: Multipart/mixed; boundary=c", "--c--") + end, fault.Invalid},
		{"encoded", "", multi, part("name=a\r\nContent-Transfer-Encoding: base64", "eA==") + end, fault.Invalid},
		{"part", "", multi, part(`name="a"`, long) + end, ok},
		{"large part", "", multi, part(`name="a"`, long+"x") + end, fault.TooLarge},
		{"picture as part", "", multi, part(`name="img"`, picture) + end, ok},
		{"large picture as part", "", multi, part(`name="img"`, picture+strings.Repeat("A", 1025)) + end, fault.TooLarge},
		{"two pictures as parts", "", multi, part(`name="img"`, picture) + part(`name="img"`, picture) + end, fault.TooLarge},
		{"file", "", multi, file(maxFile) + end, ok},
		{"large file", "", multi, file(maxFile+1) + end, fault.TooLarge},
		{"two files", "", multi, file(maxFile/2) + file(maxFile/2) + end, ok},
		{"two files that are large together", "", multi, file(maxFile/2) + file(maxFile/2+1) + end, fault.TooLarge},
		{"no type", "", "", "x", fault.Unsupported},
		{"other type", "", "text/plain", "x", fault.Unsupported},
		{"other multipart", "", "multipart/mixed; boundary=b", parts(1), fault.Unsupported},
		{"bad type", "", "multipart/form-data; boundary=b; boundary=c", parts(1), fault.Unsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := limits(t)
			f, err := read(t, tt.query, tt.kind, tt.body, l)
			if (tt.want == ok) != (err == nil) || err != nil && fault.Of(err) != tt.want {
				t.Errorf("%v (%v), want %v", err, fault.Of(err), tt.want)
			}
			if (f == nil) != (err != nil) {
				t.Errorf("form %v with the error %v", f, err)
			}
			if left, err := os.ReadDir(l.Spool); err != nil || len(left) > 0 {
				t.Errorf("left in the spool folder: %v, %v", left, err)
			}
		})
	}
}

// TestStopsAtLimit counts what is read of a body that goes on for ever.
func TestStopsAtLimit(t *testing.T) {
	const some = 128 << 10
	for _, tt := range []struct {
		name, kind, head string
		most             int64
	}{
		{"file", multi, "--b\r\nContent-Disposition: form-data; name=file\r\n\r\n", maxFile + some},
		{"field", multi, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n", maxField + some},
		{"picture", multi, "--b\r\nContent-Disposition: form-data; name=img\r\n\r\n", base64Of + some},
		{"pairs", urlencoded, "img=", 3*base64Of + 2<<20},
		{"JSON", jsonType, `{"img":"`, 2*base64Of + 2<<20},
	} {
		count := &counter{r: io.MultiReader(strings.NewReader(tt.head), endless{})}
		_, err := form.Read("", tt.kind, count, -1, limits(t))
		if fault.Of(err) != fault.TooLarge || count.n > tt.most {
			t.Errorf("%s: %v after %d bytes, want at most %d", tt.name, err, count.n, tt.most)
		}
		count.n = 0
		_, err = form.Read("", tt.kind, count, 10<<30, limits(t))
		if fault.Of(err) != fault.TooLarge || count.n > 0 {
			t.Errorf("%s announced: %v after %d bytes, want none", tt.name, err, count.n)
		}
	}
}

// An endless reader has nothing but a letter.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// TestBodyErrors passes on what the body says.
func TestBodyErrors(t *testing.T) {
	slow := fault.Errorf(fault.Timeout, "slow")
	for _, tt := range []struct{ kind, body string }{
		{urlencoded, "a=b"},
		{jsonType, "{"},
		{urlencoded, "a=" + strings.Repeat("x", 100_000)},
		{multi, ""},
		{multi, "--b\r\nX"},
		{multi, part("name=a", "x")},
		{multi, "--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx"},
	} {
		body := io.MultiReader(strings.NewReader(tt.body), iotest.ErrReader(slow))
		if _, err := form.Read("", tt.kind, body, -1, limits(t)); !errors.Is(err, slow) || fault.Of(err) != fault.Timeout {
			t.Errorf("%s %.20q: %v, want %v", tt.kind, tt.body, err, slow)
		}
	}
}

// A budget lends memory, as far as there is some.
type budget struct{ free, lent int64 }

var errNoMemory = errors.New("no memory")

func (b *budget) Take(n int64) (func(), error) {
	if b.lent+n > b.free {
		return nil, errNoMemory
	}
	b.lent += n
	return func() { b.lent -= n }, nil
}

func TestMemory(t *testing.T) {
	picture := strings.Repeat("A", 100_000)
	bodies := []struct{ kind, body string }{
		{urlencoded, "img=" + picture},
		{jsonType, `{"img":"` + picture + `"}`},
		{multi, part(`name="img"`, picture) + part(`name="img"`, picture) + end},
	}
	for _, tt := range bodies {
		for _, length := range []int64{int64(len(tt.body)), -1} {
			l, memory := limits(t), &budget{free: 10 << 20}
			l.Memory = memory
			f, err := form.Read("", tt.kind, strings.NewReader(tt.body), length, l)
			if err != nil {
				t.Fatal(err)
			}
			if memory.lent < 3*int64(len(picture)) {
				t.Errorf("%s: took %d bytes", tt.kind, memory.lent)
			}
			f.Close()
			f.Close()
			if memory.lent != 0 {
				t.Errorf("%s: %d bytes were not given back", tt.kind, memory.lent)
			}
			memory.free = 1000
			if _, err := form.Read("", tt.kind, strings.NewReader(tt.body), length, l); !errors.Is(err, errNoMemory) {
				t.Errorf("%s: %v, want %v", tt.kind, err, errNoMemory)
			}
			small := part("name=a", "1") + end
			if _, err := form.Read("", multi, strings.NewReader(small), -1, l); err != nil {
				t.Errorf("a small body: %v", err)
			}
		}
	}
}

// TestSlowText stops in the midst of a text that was announced as large. It holds no
// more memory than what came of it needs.
func TestSlowText(t *testing.T) {
	l, memory := limits(t), &budget{free: 100 << 20}
	l.Memory, l.MaxFile = memory, 10<<20
	stopped := errors.New("stopped")
	const came = 100_000
	lent := int64(-1)
	body := io.MultiReader(strings.NewReader(`{"img":"`+strings.Repeat("A", came)), readerFunc(func([]byte) (int, error) {
		lent = memory.lent
		return 0, stopped
	}))
	if _, err := form.Read("", jsonType, body, l.MaxFile, l); !errors.Is(err, stopped) {
		t.Errorf("Read = %v, want the error of the body", err)
	}
	if lent < 3*came || lent > 9*came {
		t.Errorf("%d bytes are held for the %d that came", lent, came)
	}
	if memory.lent != 0 {
		t.Errorf("%d bytes were not given back", memory.lent)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFileContent(t *testing.T) {
	want := make([]byte, 150_000)
	for i := range want {
		want[i] = byte(i * i >> 3)
	}
	body := part(`name="file"; filename="a"`, string(want)) + part(`name="more"; filename="b"`, "more") + end
	f, err := read(t, "", multi, body, limits(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // each Reader begins anew
		got, err := io.ReadAll(f.File().Reader())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v; want the file", len(got), err)
		}
	}
	var names []string
	for _, file := range f.Files() {
		names = append(names, file.Name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("files %q", names)
	}
}

func TestNoSpool(t *testing.T) {
	l := limits(t)
	l.Spool += "/missing"
	_, err := form.Read("", multi, strings.NewReader(part("name=file", "x")+end), -1, l)
	if fault.Of(err) != fault.Internal || fault.Message(err) != "internal error" {
		t.Errorf("%v (%s), want an error inside", err, fault.Message(err))
	}
}
