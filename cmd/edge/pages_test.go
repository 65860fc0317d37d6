package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"pixedge/internal/config"
	"pixedge/internal/imgtest"
	"pixedge/internal/pixlab"
	"pixedge/internal/transform"
	"pixedge/internal/web"
)

// TestPages keeps the generated pages of docs true. Each is a template of
// testdata/pages, which has what is written by hand, filled with what the
// declarations say.
func TestPages(t *testing.T) {
	for name, facts := range map[string]any{
		"configuration.md": settingsFacts(t),
		"operations.md":    operationsFacts(),
		"metrics.md":       metricsFacts(t),
		"api.md":           apiFacts(t, nil),
		"pixlab.md":        pixlab.Describe(),
	} {
		tmpl, err := template.ParseFiles(filepath.Join("testdata", "pages", name))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := tmpl.Execute(&got, facts); err != nil {
			t.Fatal(err)
		}
		page := filepath.Join("..", "..", "docs", name)
		if imgtest.Updating() {
			write(t, page, got.Bytes())
		}
		want, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("docs/%s is stale: run make docs", name)
		}
	}
}

func settingsFacts(t *testing.T) any {
	t.Helper()
	parser, err := newParser(new(commands), config.File{}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile(filepath.Join("testdata", "edge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var reference strings.Builder
	config.Reference(&reference, parser.Model)
	return struct{ Example, Reference string }{string(example), reference.String()}
}

func operationsFacts() any {
	var manual strings.Builder
	transform.Manual(&manual, transform.Catalog(), "../internal/transform/testdata/golden/example")
	return struct{ Manual string }{strings.TrimSpace(manual.String())}
}

// apiFacts are those of the routes, and of the APIs if there are any.
func apiFacts(t *testing.T, apis []web.API) any {
	t.Helper()
	failures := web.Failures()
	slices.SortFunc(failures, func(a, b web.Failure) int { return cmp.Compare(a.Status, b.Status) })
	for _, f := range failures {
		if f.Doc == "" {
			t.Errorf("nothing says when %v is met", f.Kind)
		}
	}
	return struct {
		Routes   []web.Route
		APIs     []web.API
		Failures []web.Failure
	}{web.Routes(), apis, failures}
}

// TestEndpointsOnPage declares an API and looks for it on the page.
func TestEndpointsOnPage(t *testing.T) {
	tmpl := template.Must(template.ParseFiles(filepath.Join("testdata", "pages", "api.md")))
	apis := []web.API{{Endpoints: []web.Endpoint{
		{Methods: []string{"POST"}, Path: "/store", Doc: "Keeps a picture.", Body: true},
		{Methods: []string{"GET", "POST"}, Path: "/crop", Doc: "Cuts."},
	}}}
	var page bytes.Buffer
	if err := tmpl.Execute(&page, apiFacts(t, apis)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"\n## Endpoints\n", "\n| POST | `/store` | Keeps a picture. |\n| GET POST | `/crop` | Cuts. |\n\n"} {
		if !strings.Contains(page.String(), row) {
			t.Errorf("the page lacks %q:\n%s", row, &page)
		}
	}
}

// A metric is a family of /metrics.
type metric struct {
	Name, Kind, Help string
	Labels           []string
}

// metricsFacts reads the metrics of a running edge. Those with labels are there
// once they have counted something.
func metricsFacts(t *testing.T) any {
	t.Helper()
	edge := start(t, t.TempDir(), nil)
	get(t, edge.url+"/v2/demo/t.flip()/card.png")
	families := make(map[string]*metric)
	lines := bufio.NewScanner(bytes.NewReader(get(t, edge.metrics+"/metrics").body))
	for lines.Scan() {
		readMetric(families, lines.Text())
	}
	list := slices.Collect(maps.Values(families))
	slices.SortFunc(list, func(a, b *metric) int { return cmp.Compare(a.Name, b.Name) })
	if len(list) == 0 {
		t.Error("there are no metrics")
	}
	return struct{ Metrics []*metric }{list}
}

// readMetric reads a line of Prometheus' text format: "# HELP name text",
// "# TYPE name kind" or a sample.
func readMetric(families map[string]*metric, line string) {
	about, ok := strings.CutPrefix(line, "# ")
	if !ok {
		readLabels(families, line)
		return
	}
	what, rest, _ := strings.Cut(about, " ")
	name, text, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(name, "edge_") {
		return // of the runtime, and another with every version of Go
	}
	if families[name] == nil {
		families[name] = &metric{Name: name}
	}
	switch what {
	case "HELP":
		families[name].Help = text
	case "TYPE":
		families[name].Kind = text
	}
}

func readLabels(families map[string]*metric, sample string) {
	name, rest, _ := strings.Cut(sample, "{")
	m := families[strings.TrimSuffix(name, "_count")]
	if m == nil || len(m.Labels) > 0 {
		return
	}
	labels, _, _ := strings.Cut(rest, "}")
	for pair := range strings.SplitSeq(labels, ",") {
		if label, _, ok := strings.Cut(pair, "="); ok {
			m.Labels = append(m.Labels, fmt.Sprintf("`%s`", label))
		}
	}
}
