package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pixedge/internal/config"
	"pixedge/internal/database"
)

// settingsOf returns the defaults for an edge whose data lies in a folder of the test's.
func settingsOf(t *testing.T) *settings {
	t.Helper()
	var cmds commands
	parser, err := newParser(&cmds, config.File{}, t.Output(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"serve", "--data-dir=" + filepath.Join(t.TempDir(), "data"), "--render-workers=1"}); err != nil {
		t.Fatal(err)
	}
	return &cmds.settings
}

// TestBuildFails has a build fail at each of its steps, and looks for what it leaves
// behind: goroutines, files, sockets and processes.
func TestBuildFails(t *testing.T) {
	shop := func(change func(*config.Cloud)) []config.Cloud {
		c := config.Cloud{Name: "shop", Library: &config.Library{}}
		change(&c)
		return []config.Cloud{c}
	}
	for _, tt := range []struct {
		name   string
		change func(*settings)
		clouds []config.Cloud
		want   string // in the error
		usage  bool
	}{
		{"database", func(s *settings) { s.Storage.Database.Database = "/proc/none/edge.db" }, shop(func(*config.Cloud) {}), "database: ", false},
		{"library", func(*settings) {}, shop(func(c *config.Cloud) { c.Library.Dir = "/proc/none" }), "cloud shop: library.dir: ", true},
		{"clouds", func(*settings) {}, shop(func(c *config.Cloud) {
			c.Sources = []config.Source{{HTTP: &config.HTTP{Base: "ftp://example.com/"}}}
		}), "clouds[0].sources[0].http.base: ", true},
		{"apis", func(*settings) {}, shop(func(c *config.Cloud) { c.Library.Fetch = []string{"a b"} }), "cloud shop: library.fetch: ", true},
	} {
		s := settingsOf(t)
		tt.change(s)
		before := heldBy()
		e, err := build(t.Context(), s, tt.clouds, slog.New(slog.DiscardHandler))
		if err == nil {
			e.stop()
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || errors.Is(err, errUsage) != tt.usage {
			t.Errorf("%s: %v", tt.name, err)
		}
		eventually(t, tt.name+": undone", func() bool { return heldBy().within(before) })
	}
}

// A holding is what this process holds.
type holding struct{ goroutines, files, children int }

func heldBy() holding {
	files, _ := os.ReadDir("/proc/self/fd")
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	h := holding{goroutines: runtime.NumGoroutine(), files: len(files)}
	for _, task := range tasks {
		pids, _ := os.ReadFile(task) // or the thread has ended
		h.children += len(strings.Fields(string(pids)))
	}
	return h
}

func (h holding) within(most holding) bool {
	return h.goroutines <= most.goroutines && h.files <= most.files && h.children <= most.children
}

// TestBuildStopped has an edge made and stopped again, without a request.
func TestBuildStopped(t *testing.T) {
	s := settingsOf(t)
	before := heldBy()
	e, err := build(t.Context(), s, []config.Cloud{{Name: "shop", Library: &config.Library{}}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stopKeeping := e.keep(t.Context(), slog.New(slog.DiscardHandler))
	if now := heldBy(); now.files <= before.files || now.children <= before.children {
		t.Errorf("it holds nothing: %+v, before %+v", now, before)
	}
	stopKeeping()
	e.stop()
	eventually(t, "gone", func() bool { return heldBy().within(before) })
}

// TestBuildWithoutServing opens no database and makes no folder.
func TestBuildWithoutServing(t *testing.T) {
	s := settingsOf(t)
	s.Storage.Database.Database = database.Location(filepath.Join(s.Storage.DataDir, "other.db"))
	e, err := build(t.Context(), s, []config.Cloud{{Name: "shop", Library: &config.Library{}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e.close()
	if _, err := os.Stat(s.Storage.DataDir); !os.IsNotExist(err) {
		t.Errorf("there is %s: %v", s.Storage.DataDir, err)
	}
}
