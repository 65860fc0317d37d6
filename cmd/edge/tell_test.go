package main

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

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
