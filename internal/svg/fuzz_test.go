package svg_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"pixedge/internal/svg"
)

func checksum(chunk []byte) []byte {
	return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk))
}

// FuzzSanitize holds that what comes out is safe and stays as it is.
func FuzzSanitize(f *testing.F) {
	for _, seed := range []string{
		`<a href="javascript:x" onclick="y"><rect style="fill:url(#a);behavior:url(http://x)"/></a>`,
		`<style>@import "x";.a,b > c{fill:red;stroke:url('#d')}/* e */</style><script>f</script>`,
		`<use xlink:href="#a"/><use href="http://b/"/><g id="a" class="c d" opacity=".5"/>`,
		`<text xml:space="preserve">a&amp;<![CDATA[<b>]]>&#x1f600;<a>c</a></text>`,
		`<filter id="f"><feGaussianBlur stdDeviation="2 3"/></filter><path filter="url(#f)" d="M0-.5.5e1" stroke-dasharray="1,2"/>`,
		`<image href="` + pixel(f, 1, 1) + `"/><animate/><foreignObject><p/></foreignObject>`,
	} {
		f.Add([]byte(drawing(seed)))
		f.Add([]byte(`<?xml version="1.0"?><!DOCTYPE svg><svg width="1" viewBox="0 0 2 3">` + seed + `</svg>`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := svg.Sanitize(data)
		if err != nil {
			return
		}
		checkSafe(t, doc.Data)
		if w, h, err := svg.Size(data); err != nil || len(data) <= 64<<10 && (w != doc.Width || h != doc.Height) {
			t.Errorf("Size = %g, %g, %v; want %g, %g", w, h, err, doc.Width, doc.Height)
		}
		again, err := svg.Sanitize(doc.Data)
		if err != nil || !bytes.Equal(again.Data, doc.Data) {
			t.Errorf("%s\nbecame %s, %v", doc.Data, again.Data, err)
		}
		if again.Width != doc.Width || again.Height != doc.Height || again.Elements != doc.Elements || again.Effort != doc.Effort {
			t.Errorf("%+v became %+v", doc, again)
		}
	})
}

// checkSafe reads a drawing as another program would.
func checkSafe(t *testing.T, data []byte) {
	t.Helper()
	if bytes.Contains(data, []byte("<script")) || bytes.Contains(data, []byte("<!")) || bytes.Contains(data, []byte("<?")) {
		t.Errorf("markup in %s", data)
	}
	inStyle := false
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		switch token := token.(type) {
		case xml.StartElement:
			checkElement(t, token)
			inStyle = token.Name.Local == "style"
		case xml.EndElement:
			inStyle = false
		case xml.CharData:
			if inStyle {
				checkStyle(t, string(token))
			}
		}
	}
}

func checkElement(t *testing.T, e xml.StartElement) {
	t.Helper()
	switch strings.ToLower(e.Name.Local) {
	case "script", "foreignobject", "a", "iframe", "audio", "video", "animate", "set", "handler":
		t.Errorf("an element %s", e.Name.Local)
	}
	seen := make(map[xml.Name]bool)
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		switch {
		case seen[a.Name]:
			t.Errorf("two attributes %s", name)
		case strings.HasPrefix(name, "on"):
			t.Errorf("a handler %s", name)
		case name == "href" && !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "data:image/"):
			t.Errorf("a reference %s", a.Value)
		case name != "href" && name != "id" && name != "class" && a.Name.Space != "xmlns" && name != "xmlns":
			checkStyle(t, a.Value)
		}
		seen[a.Name] = true
	}
}

// checkStyle finds addresses and functions that load in a value, however it is
// meant.
func checkStyle(t *testing.T, value string) {
	t.Helper()
	value = strings.ToLower(value)
	for _, bad := range []string{"\\", "@", "/*", "://", "javascript:", "expression(", "image(", "src(", "data:"} {
		if strings.Contains(value, bad) {
			t.Errorf("%s in %s", bad, value)
		}
	}
	for rest := value; ; {
		_, after, ok := strings.Cut(rest, "url(")
		if !ok {
			return
		}
		if !strings.HasPrefix(strings.TrimLeft(after, " \t\r\n\f\v'\"\u0085\u00a0"), "#") {
			t.Errorf("an address in %s", value)
		}
		rest = after
	}
}
