package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// resultOf calls the API and returns the link in its reply.
func resultOf(t *testing.T, call string) string {
	t.Helper()
	var reply struct{ Link string }
	if a := get(t, call); a.status != http.StatusOK || json.Unmarshal(a.body, &reply) != nil {
		t.Errorf("%s: status %d: %s", call, a.status, a.body)
	}
	return reply.Link
}

// TestDemoLinks follows every link that a server without settings prints.
func TestDemoLinks(t *testing.T) {
	edge := start(t, t.TempDir(), nil)
	eventually(t, "invited", func() bool { return strings.Contains(edge.stdout.String(), "&key=") })
	links := 0
	for word := range strings.FieldsSeq(edge.stdout.String()) {
		if !strings.HasPrefix(word, "http") {
			continue
		}
		links++
		if strings.Contains(word, "&key=") {
			word = resultOf(t, word)
		}
		if a := get(t, word, "Accept: image/avif,image/webp,*/*"); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
			t.Errorf("%s: status %d: %.200s", word, a.status, a.body)
		}
	}
	if links < 6 {
		t.Errorf("%d links are printed:\n%s", links, &edge.stdout)
	}
}
