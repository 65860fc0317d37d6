package main

import (
	"slices"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
)

// TestRenditions asks for a photograph in sizes and formats, by workers and without, and
// looks at what the answers say of how they were made.
func TestRenditions(t *testing.T) {
	for _, isolation := range []string{"process", "none"} {
		edge := start(t, t.TempDir(), []string{"EDGE_RENDER_ISOLATION=" + isolation})
		var derived []bool
		for _, ops := range []string{
			"t.resize(w:200)", "t.resize(w:400)", "t.resize(w:600)", "t.resize(w:600)~t.toFormat(f:png)", "t.crop(w:30,h:30)",
		} {
			r := get(t, edge.url+"/v2/demo/"+ops+"/turned.jpg")
			if r.status != 200 {
				t.Fatalf("%s: %d %s", ops, r.status, r.body)
			}
			derived = append(derived, strings.Contains(r.header.Get("Server-Timing"), `, source;desc="rendition", total;`))
			if strings.Contains(ops, "w:600") {
				if size := imgtest.Decode(t, r.body).Bounds().Size(); size.X != 600 || size.Y != 450 {
					t.Errorf("%s: %v", ops, size)
				}
			}
		}
		if want := []bool{false, false, true, true, false}; !slices.Equal(derived, want) {
			t.Errorf("with isolation %s: of a rendition: %v, want %v", isolation, derived, want)
		}
	}
}
