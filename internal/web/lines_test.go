package web_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"pixedge/internal/web"
)

func TestLinesAreThoseOfJSONHandler(t *testing.T) {
	for _, attrs := range [][]any{
		{"path", "/v2/demo/t.resize(w:1)/a.jpg", "status", 200, "elapsed_ms", 0.013, "bytes", 43008},
		{"path", "/\"\\\x00\x7f<é\xff", "error", "a\nb"},
		{"took", time.Second, "ok", true},
		{"elapsed_ms", 1234.5, "clouds", []string{"demo"}},
		{slog.Group("g", slog.Int("a", 1))},
		{slog.GroupAttrs("", slog.Int("a", 1), slog.String("b", "c"))},
	} {
		var got, want bytes.Buffer
		r := slog.NewRecord(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), slog.LevelWarn, "request", 0)
		r.Add(attrs...)
		_ = web.NewLines(&got, nil).Handle(t.Context(), r)
		_ = slog.NewJSONHandler(&want, nil).Handle(t.Context(), r)
		if got.String() != want.String() {
			t.Errorf("%s, want %s", &got, &want)
		}
	}
}
