package pixlab

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

const (
	own  = "img.example/v2/demo/original/"
	anID = "abcdefghijklmnopqrstuvwxyz"
	odd  = "\xfb\xff\xbe~~?" // "+/++fn4/": what the two alphabets write differently
)

// TestRefer reads what img may be.
func TestRefer(t *testing.T) {
	link := func(text string) reference { return reference{link: text} }
	data := reference{data: []byte(odd)}
	for _, tt := range []struct {
		text string
		want reference
	}{
		{"http://web.example/a.png", link("http://web.example/a.png")},
		{" HTTPS://web.example/a b.png?x=1&y#z ", link("HTTPS://web.example/a b.png?x=1&y")},
		{"http://", link("http://")},
		{"https://img.example/v2/demo/t.flip()/a.png", link("https://img.example/v2/demo/t.flip()/a.png")},
		{"https://IMG.example/v2/demo/original/api/a.png", reference{path: "api/a.png"}},
		{"https://img.example.evil/v2/demo/original/a.png", link("https://img.example.evil/v2/demo/original/a.png")},
		{"https://img.example/v2/demo/original/%zz", link("https://img.example/v2/demo/original/%zz")},
		{"https://img.example/v2/demo/original/api/a.png", reference{path: "api/a.png"}},
		{"http://img.example/v2/demo/original/api/a%20b.png?x#y", reference{path: "api/a b.png"}},
		{anID, reference{id: anID}},
		{" " + anID + ".png", reference{id: anID}},
		{anID[:24] + "29.tar.gz", reference{id: anID[:24] + "29"}},
		{"+/++fn4/", data},
		{"-_--fn4_", data},
		{"+/  fn4/", data},
		{"+/++\r\nfn\t4/\n", data},
		{"data:image/png;base64,+/++fn4/", data},
		{"DATA:image/png; charset=x; BASE64,+/++fn4/", data},
		{"data:;base64,-_--fn4_", data},
		{"YQ==", reference{data: []byte("a")}},
		{"YQ=", reference{data: []byte("a")}},
		{"YQ", reference{data: []byte("a")}},
		{"YQ== ", reference{data: []byte("a")}},
		{"YWE+", reference{data: []byte("aa>")}},
		{"YWE ", reference{data: []byte("aa>")}}, // its plus sign lost
		{"YWJj ", reference{data: []byte("abc")}},
		{"", reference{}},
		{"====", reference{}},
		{"a", reference{}},
		{"hällo", reference{}},
		{"web.example/a.png", reference{}},
		{"//web.example/a.png", reference{}},
		{"data:image/png,+/++fn4/", reference{}},
		{"data:image/png;base64,", reference{}},
		{"image/png;base64,+/++fn4/", reference{}},
		{"24p62f73c9583ec6.jpeg", reference{}},
		{strings.ToUpper(anID) + ".png", reference{}},
	} {
		got, err := refer("src", tt.text, own)
		if fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%q: %+v, want %+v", tt.text, got, tt.want)
		}
		if none := fmt.Sprint(tt.want) == fmt.Sprint(reference{}); none != (fault.Of(err) == fault.Invalid) || none && !strings.HasPrefix(fault.Message(err), "src: ") {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

// TestNormalize writes values as op reads them.
func TestNormalize(t *testing.T) {
	for _, tt := range []struct{ kind, text, want string }{
		{"integer", " 145.9 ", "145"},
		{"integer", "-0.5", "0"},
		{"integer", "1e3", "1000"},
		{"integer", "+007", "7"},
		{"integer", "1e400", "1e400"},
		{"integer", "1_000", "1_000"},
		{"integer", "0x10p1", "0x10p1"},
		{"integer", "Inf", "Inf"},
		{"integer", "", ""},
		{"float", "12.50", "12.5"},
		{"float", "-.5", "-0.5"},
		{"float", "-0", "0"},
		{"float", "1e-3", "0.001"},
		{"float", "nan", "nan"},
		{"boolean", "True", "true"},
		{"boolean", "FALSE", "false"},
		{"boolean", "1", "1"},
		{"enum", "PNG", "png"},
		{"color", "gray", "808080"},
		{"color", "Red", "ff0000"},
		{"color", "TR", "00000000"},
		{"color", "transparent", "00000000"},
		{"color", "none", "00000000"},
		{"color", "#F80", "ff8800"},
		{"color", "#FF8800", "ff8800"},
		{"color", "ff880080", "ff880080"},
		{"color", "#ff88008", "ff88008"},
		{"color", "#éa", "éa"},
		{"custom", " été ", base64.RawURLEncoding.EncodeToString([]byte("été"))},
	} {
		if got := normalize(tt.kind, tt.text); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.kind, tt.text, got, tt.want)
		}
	}
}

// TestItems reads numbers and booleans of objects in lists.
func TestItems(t *testing.T) {
	var item struct {
		A, B, C, D, E whole
		F, G, H       truth
	}
	item.E = 9
	if err := json.Unmarshal([]byte(`{"A":1.9,"B":"-2","C":" 3 ","D":1e2,"E":null,"F":true,"G":"True","H":1}`), &item); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(item) != "{1 -2 3 100 9"+strings.Repeat(" true", 3)+"}" {
		t.Errorf("read %v", item)
	}
	for text, want := range map[string]string{
		`"x"`: `"x" is not a number`, `true`: `true is not a number`, `[1]`: `[1] is not a number`, `1000001`: `1000001 is outside -1000000..1000000`,
		`-9223372036854775808`: `-9223372036854775808 is outside -1000000..1000000`,
	} {
		if err := new(whole).UnmarshalJSON([]byte(text)); fault.Message(err) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzRead has any text for what a request says: it is refused as the client's, or is
// what it is read as.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"+/++fn4/", "data:image/png;base64,YQ==", "https://" + own + "a%20b", anID + ".png", "#F80", "-1e3", "True", "http://x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := refer("img", text, own)
		said := 0
		for _, is := range []bool{ref.link != "", ref.path != "", ref.id != "", len(ref.data) > 0} {
			if is {
				said++
			}
		}
		if err != nil && (said != 0 || fault.Of(err) != fault.Invalid) || err == nil && said != 1 && !strings.Contains(text, own) {
			t.Errorf("%q is %+v, %v", text, ref, err)
		}
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			if data, ok := decode(encoding.EncodeToString([]byte("x" + text))); !ok || string(data) != "x"+text {
				t.Errorf("%q comes back as %q", "x"+text, data)
			}
		}
		for _, kind := range []string{"integer", "float", "boolean", "enum", "color", "custom"} {
			once := normalize(kind, text)
			_, err := op.ParseColor(once)
			again := kind != "custom" && (kind != "color" || err == nil)
			if twice := normalize(kind, once); again && once != twice {
				t.Errorf("%s %q: %q, and then %q", kind, text, once, twice)
			}
			if _, err := strconv.ParseFloat(strings.TrimSpace(text), 64); kind == "integer" && err == nil && strings.ContainsAny(once, ".") {
				t.Errorf("%q is the whole number %q", text, once)
			}
		}
		var n whole
		if err := json.Unmarshal([]byte(text), &n); err == nil && max(n, -n) > maxPlace {
			t.Errorf("%q is %d", text, n)
		}
	})
}
