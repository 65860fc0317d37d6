package urlparse_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/urlparse"
)

// hosted is the cloud that the host names in tests of custom domains.
const hosted = "hosted-cloud"

// differs lists the URLs that the JavaScript SDK reads and the server refuses,
// with the reason. The server must never guess what a picture was to look like.
var differs = map[string]string{
	"/v2/dill-doe-36b4fc/t.rotate(a:102)~p:preset1(a:12/__playground/playground-default.jpeg": "the parenthesis is not closed; the SDK deletes one if there is one",
	"/v2/t.rotate(a:102)~p:preset1(a:12/__playground/playground-default.jpeg":                 "the same on a custom domain",
	"/v2/demo/original/": "names no picture; the SDK gives an empty path",
	"/v2/demo/wrkr/":     "names nothing to translate; the SDK gives an empty path",
	"/v2/demo/t.merge(i:https://x.com/y.png)/a.jpg": "a value holds no slash; the SDK takes https: for the pattern's end",
	"/v2/demo/t.x(a:1:2)/a.jpg":                     "a second colon; one SDK drops what follows it, another fails",
	"/v2/demo/t.x(-a:1)/a.jpg":                      "a minus before the key; the SDK drops it",
	"/v2/demo/t.x(a:b(c),d:1)/a.jpg":                "nested parentheses; the SDK drops d",
	"/v2/demo/t.x(a)/a.jpg":                         "a key without a colon; the SDK has no value for it",
	"/v2/demo/t.x(a:)/a.jpg":                        "a key without a value; no builder writes one",
	"/v2/demo/original/a.jpg?f_auto=yes":            "neither true nor false; the SDK says false, another fails",
}

// A row is one line of the files of SDK cases: three columns between tabs.
type row struct{ form, url, want string }

func readRows(t *testing.T, name string) []row {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 {
			t.Fatalf("%s: %q has %d columns, want 3", name, line, len(columns))
		}
		rows = append(rows, row{columns[0], columns[1], columns[2]})
	}
	return rows
}

func (r row) parse() (urlparse.Request, error) {
	if r.form == "custom" {
		return parse(r.url, hosted)
	}
	return parse(r.url, "")
}

// parse reads a path and a query that are still one text.
func parse(uri, cloud string) (urlparse.Request, error) {
	path, query, _ := strings.Cut(uri, "?")
	return urlparse.Parse(path, query, cloud)
}

// fields writes a request the way the files of SDK cases do.
func fields(r urlparse.Request) string {
	words := []string{"v" + strconv.Itoa(r.Version)}
	add := func(word string, set bool) {
		if set {
			words = append(words, word)
		}
	}
	pattern := r.Pipeline.String()
	if pattern == "" {
		pattern = "original"
	}
	add("cloud="+r.Cloud, !r.Custom)
	add("zone="+r.Zone, r.Zone != "")
	add("worker", r.Worker)
	add("pattern="+pattern, !r.Worker)
	add("dpr=auto", r.Options.DPRAuto)
	add("dpr="+strconv.FormatFloat(r.Options.DPR, 'f', -1, 64), r.Options.DPR != 0)
	add("f_auto", r.Options.FormatAuto)
	add("preview", r.Options.Preview)
	add("download", r.Options.Download)
	add("file="+r.File, true)
	return strings.Join(words, " ")
}

func TestSDKReads(t *testing.T) {
	refused := 0
	for _, row := range readRows(t, "read.tsv") {
		t.Run(row.form+" "+row.url, func(t *testing.T) {
			want := row.want
			if _, ok := differs[row.url]; ok {
				if want == "error" {
					t.Error("the SDK refuses it too: nothing differs")
				}
				want = "error"
				refused++
			}
			r, err := row.parse()
			switch {
			case want != "error" && err != nil:
				t.Errorf("Parse: %v, want %s", err, want)
			case want == "error" && fault.Of(err) != fault.Invalid:
				t.Errorf("Parse = %s, %v; want an Invalid error", fields(r), err)
			case want != "error" && fields(r) != want:
				t.Errorf("Parse = %s, want %s", fields(r), want)
			}
		})
	}
	if refused != len(differs) {
		t.Errorf("%d rows differ from the SDK, but %d are listed", refused, len(differs))
	}
}

func TestSDKBuilds(t *testing.T) {
	for _, row := range readRows(t, "built.tsv") {
		t.Run(row.form+" "+row.url, func(t *testing.T) {
			r, err := row.parse()
			if err != nil {
				t.Fatal(err)
			}
			if fields(r) != row.want {
				t.Errorf("Parse = %s, want %s", fields(r), row.want)
			}
			if r.URI() != row.url {
				t.Errorf("URI = %s", r.URI())
			}
		})
	}
}
