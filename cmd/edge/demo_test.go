package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestDemoLinks follows every link that a server without settings prints.
func TestDemoLinks(t *testing.T) {
	edge := start(t, t.TempDir(), nil)
	eventually(t, "invited", func() bool { return strings.Contains(edge.stdout.String(), "pbs=") })
	links := 0
	for word := range strings.FieldsSeq(edge.stdout.String()) {
		if !strings.HasPrefix(word, "http") {
			continue
		}
		links++
		if a := get(t, word, "Accept: image/avif,image/webp,*/*"); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
			t.Errorf("%s: status %d: %.200s", word, a.status, a.body)
		}
	}
	if links < 5 {
		t.Errorf("%d links are printed:\n%s", links, &edge.stdout)
	}
}
