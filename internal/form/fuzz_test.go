package form_test

import (
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"pixedge/internal/fault"
	"pixedge/internal/form"
)

// FuzzRead holds every answer to what Read promises: an error is a fault that says
// what the client did, a body without a length is read like one with, and
// nothing is left on the disk.
func FuzzRead(f *testing.F) {
	f.Add("a=1&b=x+y%26", urlencoded, "a=%2F&c")
	f.Add("", jsonType, `{"a":"x","b":[1,2],"c":true,"d":null,"w":1.5}`)
	f.Add("key=k", multi, part(`name="file"; filename="a.png"`, "12345")+part("name=a", "1")+end)
	f.Add("", multi, part("name=a\r\nContent-Type: multipart/mixed", "1")+"--b\r\n\r\n--b--")
	f.Add("a=%zz", "multipart/form-data", "--b")
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		l := form.Limits{MaxFile: 100, Large: []string{"img"}, Spool: t.TempDir()}
		known, err := form.Read(query, contentType, strings.NewReader(body), int64(len(body)), l)
		if err != nil && (fault.Of(err) == fault.Internal || fault.Message(err) == "") {
			t.Errorf("no fault: %v", err)
		}
		if len(body) > 0 {
			unknown, err2 := form.Read(query, contentType, iotest.HalfReader(strings.NewReader(body)), -1, l)
			if fault.Of(err) != fault.Of(err2) || (err == nil) != (err2 == nil) {
				t.Errorf("with a length %v, without %v", err, err2)
			}
			if unknown != nil {
				same(t, known, unknown)
				unknown.Close()
			}
		}
		if known != nil {
			known.Close()
		}
		if left, err := os.ReadDir(l.Spool); err != nil || len(left) > 0 {
			t.Errorf("left in the spool folder: %v, %v", left, err)
		}
	})
}

// same compares two forms, and has every accessor look at them.
func same(t *testing.T, a, b *form.Form) {
	t.Helper()
	for _, name := range []string{"a", "b", "w", "img", "file", "key"} {
		textA, errA := a.Text(name)
		textB, errB := b.Text(name)
		if textA != textB || (errA == nil) != (errB == nil) || a.Has(name) != b.Has(name) {
			t.Errorf("%s: %q, %v and %q, %v", name, textA, errA, textB, errB)
		}
		_, err := a.Int(name, 0, 0, 10)
		_, err2 := a.Float(name, 0, 0, 10)
		_, err3 := a.Bool(name, false)
		err4 := a.JSON(name, new(any))
		for _, err := range []error{err, err2, err3, err4} {
			if err != nil && !strings.HasPrefix(fault.Message(err), name+": ") {
				t.Errorf("an error does not name %s: %v", name, err)
			}
		}
	}
	if len(a.Files()) != len(b.Files()) || a.File() != nil && a.File().Size != b.File().Size {
		t.Errorf("files %v and %v", a.Files(), b.Files())
	}
}
