package urlparse_test

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/urlparse"
)

func TestOptions(t *testing.T) {
	tests := []struct {
		query string
		want  urlparse.Options
	}{
		{"", urlparse.Options{}},
		{"&", urlparse.Options{}},
		{"x=1&DPR=2&F_AUTO=true&v=3", urlparse.Options{}},
		{"dpr=auto", urlparse.Options{DPRAuto: true}},
		{"dpr=0.1", urlparse.Options{DPR: 0.1}},
		{"dpr=5", urlparse.Options{DPR: 5}},
		{"dpr=5.0", urlparse.Options{DPR: 5}},
		{"dpr=2.50", urlparse.Options{DPR: 2.5}},
		{"f_auto=true", urlparse.Options{FormatAuto: true}},
		{"f_auto=True", urlparse.Options{FormatAuto: true}},
		{"f_auto=FALSE", urlparse.Options{}},
		{"preview", urlparse.Options{Preview: true}},
		{"preview=", urlparse.Options{Preview: true}},
		{"preview=1&download=true", urlparse.Options{Preview: true, Download: true}},
		{"preview=0&download=false", urlparse.Options{}},
		{"download=%74rue", urlparse.Options{Download: true}},
		{"x=dpr=3;dpr=2&dpr=4", urlparse.Options{DPR: 4}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			r, err := urlparse.Parse("/v2/demo/original/a.jpg", tt.query, "")
			if err != nil || r.Options != tt.want {
				t.Errorf("Options = %+v, %v; want %+v", r.Options, err, tt.want)
			}
		})
	}
}

func TestDPRRefused(t *testing.T) {
	for _, text := range []string{
		"", "0", "0.0", "0.09", "5.01", "5.5", "-1", "-0", "%2B1", "+1", "1+", "01", ".5", "5.", "1,5", "1e0", "1e999",
		"NaN", "Inf", "0x2", "1_0", "٢", "AUTO", "99999", "2dpr", strings.Repeat("9", 400),
	} {
		_, err := urlparse.Parse("/v2/demo/original/a.jpg", "dpr="+text, "")
		message := fault.Message(err)
		if fault.Of(err) != fault.Invalid || !strings.Contains(message, "dpr") || !strings.Contains(message, "0.1..5") {
			t.Errorf("dpr=%.20s: %v, want an Invalid error that names the range", text, err)
		}
	}
}

func TestSignature(t *testing.T) {
	tests := []struct {
		query         string
		pbs, pbe, pbt string
		present       bool
		rest, keys    string
	}{
		{"", "", "", "", false, "", ""},
		{"dpr=2", "", "", "", false, "dpr=2", "dpr"},
		{"pbs=ab&pbe=17&pbt=key-1", "ab", "17", "key-1", true, "", ""},
		{"v=1&pbs=ab&dpr=2.0&pbe=17&x=%41&pbt=k&download", "ab", "17", "k", true, "v=1&dpr=2.0&x=%41&download", "v dpr x download"},
		{"%70bs=ab&p%62e=1%37&pbt=a%20b+c", "ab", "17", "a b c", true, "", ""},
		{"pbs", "", "", "", true, "", ""},
		{"pbt=", "", "", "", true, "", ""},
		{"PBS=ab&pb=1&xpbs=2", "", "", "", false, "PBS=ab&pb=1&xpbs=2", "PBS pb xpbs"},
		{"x=pbs=ab&pbs=cd", "cd", "", "", true, "x=pbs=ab", "x"},
		{"x=%26pbs%3Dab&pbs=cd&x=pbs=cd", "cd", "", "", true, "x=%26pbs%3Dab&x=pbs=cd", "x x"},
		{"a;pbs=1&pbs=2", "2", "", "", true, "a;pbs=1", "a;pbs"},
		{"v=a b~c,d&pbs=1", "1", "", "", true, "v=a b~c,d", "v"},
		{"v=a+b%7Ec%2Cd&pbs=1", "1", "", "", true, "v=a+b%7Ec%2Cd", "v"},
		{"&&dpr=2&pbs=1&", "1", "", "", true, "&&dpr=2&", "dpr"},
		{"%66%5Fauto=true&+=1&=2", "", "", "", false, "%66%5Fauto=true&+=1&=2", "f_auto   "},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			r, err := urlparse.Parse("/v2/demo/original/a.jpg", tt.query, "")
			if err != nil {
				t.Fatal(err)
			}
			s := r.Signature
			if s.PBS != tt.pbs || s.PBE != tt.pbe || s.PBT != tt.pbt || s.Present() != tt.present {
				t.Errorf("Signature = %+v, Present %t", s, s.Present())
			}
			if r.Spelling.Query != tt.rest {
				t.Errorf("Spelling.Query = %q, want %q", r.Spelling.Query, tt.rest)
			}
			if got := strings.Join(r.Spelling.Keys, " "); got != tt.keys {
				t.Errorf("Spelling.Keys = %q, want %q", got, tt.keys)
			}
			if strings.Contains(r.URI(), "pb") {
				t.Errorf("URI = %s holds the signature", r.URI())
			}
		})
	}
}

// A Signature that was not parsed is there when any of it is.
func TestSignaturePresent(t *testing.T) {
	if (urlparse.Signature{}).Present() || !(urlparse.Signature{PBE: "1"}).Present() {
		t.Error("Present does not look at the values")
	}
}

func TestSpelling(t *testing.T) {
	tests := []struct{ path, decoded string }{
		{"/v2/demo/original/a%20b/%C3%BC.jpg", "/v2/demo/original/a b/ü.jpg"},
		{"/demo/t.x%28a:1%29/a b.jpg", "/demo/t.x(a:1)/a b.jpg"},
		{"/v2/demo/original/https:/host/a%3Fb", "/v2/demo/original/https:/host/a?b"},
		{"/v2/demo/original/https%3A%2F%2Fhost%2Fa%2520b", "/v2/demo/original/https://host/a%20b"},
	}
	for _, tt := range tests {
		r, err := urlparse.Parse(tt.path, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if r.Spelling.Raw != tt.path || r.Spelling.Decoded != tt.decoded {
			t.Errorf("Spelling of %s = %+v, want Decoded %s", tt.path, r.Spelling, tt.decoded)
		}
	}
}
