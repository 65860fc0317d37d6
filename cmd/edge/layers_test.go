package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers lists the packages from the bottom of the house to the top. A package
// may import those on the lines above its own and none beside or below it.
//
// This is policy. Do not move a package up to make a test pass; see
// ARCHITECTURE.md.
const layers = `
	internal/fault internal/shm internal/sandbox
	internal/op internal/media internal/config internal/blob
	internal/database
	internal/library internal/apikey
	internal/form internal/urlparse internal/signing internal/cache internal/admit internal/background internal/origin internal/svg internal/face internal/transform/vips
	internal/inspect
	internal/transform
	internal/delivery internal/worker internal/rendition
	internal/web internal/demo
	internal/pixlab
	internal/metrics
	cmd/edge
`

// reserved lists what only some packages may import, with everything below it.
var reserved = map[string]string{
	"C":                                  "internal/transform/vips",
	"code.dny.dev/ssrf":                  "internal/origin",
	"github.com/alecthomas/kong":         "internal/config cmd/edge",
	"github.com/aws":                     "internal/blob",
	"github.com/cenkalti/backoff":        "internal/origin",
	"github.com/dgraph-io/ristretto":     "internal/cache",
	"github.com/goccy/go-yaml":           "internal/config cmd/edge",
	"github.com/h2non/bimg":              "internal/transform/vips",
	"github.com/hashicorp":               "internal/origin internal/apikey",
	"github.com/prometheus":              "internal/metrics",
	"github.com/sony/gobreaker":          "internal/origin",
	"github.com/valyala/fasthttp":        "internal/web cmd/edge",
	"log/slog":                           "internal/web cmd/edge",
	"net/http":                           "internal/origin internal/blob internal/metrics cmd/edge",
	"github.com/elastic/go-seccomp-bpf":  "internal/sandbox",
	"github.com/landlock-lsm":            "internal/sandbox",
	"kernel.org/pub/linux/libs/security": "internal/sandbox",
	"github.com/KimMachineGun":           "internal/admit cmd/edge",
	"database/sql":                       "internal/database",
	"golang.org/x/time":                  "internal/apikey",
	"github.com/jackc/pgx":               "internal/database",
	"github.com/pressly/goose":           "internal/database",
	"modernc.org/sqlite":                 "internal/database",
}

func TestLayers(t *testing.T) {
	level := make(map[string]int)
	for i, line := range strings.Split(strings.TrimSpace(layers), "\n") {
		for pkg := range strings.FieldsSeq(line) {
			level[pkg] = i
		}
	}
	pkgs := packages(t)
	for pkg, imports := range pkgs {
		if strings.HasSuffix(pkg, "test") || strings.HasPrefix(pkg, "internal/imgtest/") {
			continue // for tests only, which import what they like
		}
		here, ok := level[pkg]
		if !ok {
			t.Errorf("%s has no place in layers", pkg)
		}
		for _, imp := range imports {
			dep, ours := strings.CutPrefix(imp, "pixedge/")
			if below, known := level[dep]; ours && (!known || below >= here) {
				t.Errorf("%s imports %s, which is not below it", pkg, dep)
			}
			if who, kept := reservedFor(imp); kept && !slices.Contains(who, pkg) {
				t.Errorf("%s imports %s, which is reserved for %s", pkg, imp, strings.Join(who, " and "))
			}
		}
	}
	for pkg := range level {
		if _, ok := pkgs[pkg]; !ok {
			t.Errorf("layers has %s, which is no package", pkg)
		}
	}
}

// packages returns the packages of the program and what their files import,
// those of tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "pixedge/cmd/...", "pixedge/internal/...")
	list.Stderr = t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		imports[strings.TrimPrefix(fields[0], "pixedge/")] = fields[1:]
	}
	return imports
}

func reservedFor(imp string) (who []string, ok bool) {
	for path, pkgs := range reserved {
		if imp == path || strings.HasPrefix(imp, path+"/") {
			return strings.Fields(pkgs), true
		}
	}
	return nil, false
}

// TestGrammarNeedsNoLibvips builds what a client of our URLs would want without
// a C compiler.
func TestGrammarNeedsNoLibvips(t *testing.T) {
	build := exec.CommandContext(t.Context(), "go", "build", "pixedge/internal/urlparse", "pixedge/internal/op")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("go build: %v\n%s", err, out)
	}
}
