package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"pixedge/internal/config"
)

// TestBoundariesAreSettings finds each of them, so that none is lost when it gets another
// name.
func TestBoundariesAreSettings(t *testing.T) {
	parser, err := newParser(new(commands), config.File{}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range boundaries() {
		if !slices.ContainsFunc(parser.Model.Flags, func(f *kong.Flag) bool { key, _ := config.KeyOf(f); return key == name }) {
			t.Errorf("no setting is called %s", name)
		}
	}
}

// TestStartTellsLimits reads what a start logs, with settings of its own, and where
// pictures are rendered in the server.
func TestStartTellsLimits(t *testing.T) {
	for _, isolation := range []string{"process", "none"} {
		t.Run(isolation, func(t *testing.T) {
			edge := start(t, t.TempDir(), []string{"EDGE_MAX_PIXELS=7M"}, "--render-isolation="+isolation, "--render-memory=1GiB", "--request-timeout=7s")
			line := logged(t, edge.stderr.String(), "limits")
			for key, want := range map[string]string{
				"render_isolation": isolation, "render_memory": "1GiB", "worker_memory": "1GiB", "request_timeout": "7s",
				"max_pixels": "7M", "max_frames": "300",
			} {
				if line[key] != want {
					t.Errorf("%s is %v, want %s", key, line[key], want)
				}
			}
			for _, key := range boundaries() {
				if line[key] == nil || line[key] == "" {
					t.Errorf("%s is not told", key)
				}
			}
			reads, _ := line["reads"].([]any)
			for _, format := range []any{"jpeg", "png", "svg", "bmp"} {
				if !slices.Contains(reads, format) {
					t.Errorf("reads %v, want %v among them", reads, format)
				}
			}
			if slices.Contains(reads, any("ico")) || !strings.HasPrefix(line["libvips"].(string), "8.") {
				t.Errorf("reads %v, libvips %v", reads, line["libvips"])
			}
		})
	}
}

// logged returns the line of a log with the given message.
func logged(t *testing.T, log, message string) map[string]any {
	t.Helper()
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err == nil && line["msg"] == message {
			return line
		}
	}
	t.Fatalf("no line says %q:\n%s", message, log)
	return nil
}

func TestTellClock(t *testing.T) {
	built := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		now  time.Time
		want string // in the log
	}{
		{"right", built.Add(time.Hour), ""},
		{"built this moment", built, ""},
		{"a second behind", built.Add(-time.Second), `"clock":"2026-11-21T11:59:59Z","built":"2026-11-21T12:00:00Z"`},
		{"that of a board without a battery", time.Unix(0, 0), `"clock":"1970-01-01T00:00:00Z"`},
	} {
		var text bytes.Buffer
		tellClock(slog.New(slog.NewJSONHandler(&text, nil)), tt.now, built)
		if got := text.String(); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%s: logged %q, want %q", tt.name, got, tt.want)
		}
	}
}
