package web

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/delivery"
)

// TestLineOfPicture holds the line that is put together from pieces to the one
// that slog writes.
func TestLineOfPicture(t *testing.T) {
	for _, tt := range []struct {
		method, uri string
		began       time.Time
		elapsed     time.Duration
		size        int
	}{
		{"GET", "/v2/demo/t.resize(w:1)/a.jpg?pbs=x", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), 13 * time.Microsecond, 43_008},
		{"HEAD", "/v2/demo/original/https://a.example/b.jpg%3Fx", time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), 0, 0},
		{"GET", "/a", time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.UTC), 61_020_300 * time.Microsecond, 1},
	} {
		var c fasthttp.RequestCtx
		c.Request.Header.SetMethod(tt.method)
		c.Request.SetRequestURI(tt.uri)
		route := &delivery.Route{Cloud: &delivery.Cloud{Name: "demo"}}
		x := &exchange{c: &c, began: tt.began, elapsed: tt.elapsed, size: tt.size, route: delivered, id: []byte("id-1")}
		x.answer.Route = route
		x.kept = x.keep(route)
		client := []byte("203.0.113.7")
		var want bytes.Buffer
		if err := slog.NewJSONHandler(&want, nil).Handle(t.Context(), x.record(slog.LevelInfo, 200, "hit", client)); err != nil {
			t.Fatal(err)
		}
		if got := x.appendLine(nil, slog.LevelInfo, 200, "hit", client); string(got) != want.String() {
			t.Errorf("%s, want %s", got, &want)
		}
	}
}

// TestKeptPieces leaves lines that are not plain to slog.
func TestKeptPieces(t *testing.T) {
	for text, want := range map[string]string{
		"/v2/demo/a.jpg": `"/v2/demo/a.jpg"`, "": `""`, `a"b`: "", "a<b": "", "\x00": "", "ä": "", "\xff": "", `a\b`: "",
	} {
		if got := quoted([]byte(text)); string(got) != want {
			t.Errorf("quoted(%q) = %s, want %s", text, got, want)
		}
	}
}
