package urlparse_test

import (
	"testing"

	"pixedge/internal/urlparse"
)

func TestTranslate(t *testing.T) {
	tests := []struct{ path, prefix, want string }{
		{"/v2/demo/wrkr/original/a.jpg", "", "/v2/demo/original/a.jpg"},
		{"/v2/demo/zone01/wrkr/t.resize(w:10)/b/a%20b.jpg", "", "/v2/demo/zone01/t.resize(w:10)/b/a%20b.jpg"},
		{"/v2/demo/wrkr/b/a.jpg", "t.flip()~t.flop()", "/v2/demo/t.flip()~t.flop()/b/a.jpg"},
		{"/v2/demo/wrkr/a.jpg", "", ""},               // no pattern
		{"/v2/demo/wrkr/wrkr/original/a.jpg", "", ""}, // a worker of a worker
		{"/v2/demo/wrkr/t.resize(/a.jpg", "", ""},     // a broken pattern
	}
	for _, tt := range tests {
		r, err := urlparse.Parse(tt.path, "", "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Translate(tt.prefix)
		if err != nil {
			if tt.want != "" {
				t.Errorf("Translate(%q) of %s: %v", tt.prefix, tt.path, err)
			}
			continue
		}
		if got.Path() != tt.want {
			t.Errorf("Translate(%q) of %s = %s, want %s", tt.prefix, tt.path, got.Path(), tt.want)
		}
	}
}

func TestInfo(t *testing.T) {
	for _, path := range []string{"/v2/demo/info/a/b.jpg", "/v1/demo/zone01/info/https://img.example.com/a.jpg"} {
		r, err := urlparse.Parse(path, "", "")
		if err != nil || !r.Info || len(r.Pipeline) != 0 || r.Path() != path {
			t.Errorf("Parse(%q) = %+v, %v; want a request for info", path, r, err)
		}
	}
}
