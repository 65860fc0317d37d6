package web_test

import (
	"io"
	"testing"
)

// TestLoop asks the edge that the site calls edge-1.
func TestLoop(t *testing.T) {
	w := dialer(t, newSite(t, io.Discard))()
	for _, tt := range []struct {
		name   string
		header string
		loop   bool
	}{
		{"itself", "CDN-Loop: edge-1", true},
		{"behind another", "CDN-Loop: other, edge-1;x=1", true},
		{"without spaces", "CDN-Loop: other;a=b,edge-1", true},
		{"with many", "cdn-loop: ,\t, edge-1 ; x=1", true},
		{"in a second header", "CDN-Loop: other\r\nCDN-Loop: edge-1", true},
		{"behind a quoted comma", `CDN-Loop: other;x="a, \"b", edge-1`, true},
		{"another", "CDN-Loop: edge-2", false},
		{"a longer name", "CDN-Loop: edge-11, my-edge-1", false},
		{"in a parameter", "CDN-Loop: other;edge-1;x=edge-1", false},
		{"in quotes", `CDN-Loop: other;x="a, \", edge-1, b"`, false},
		{"nobody", "CDN-Loop: , ;x=1", false},
		{"another header", "Via: edge-1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := w.get("/v2/demo/original/a.jpg", tt.header)
			if tt.loop {
				r.isError(t, 508, "a source of this picture leads back to this edge")
			} else {
				r.has(t, 200)
			}
		})
	}
	w.get("/health", "CDN-Loop: edge-1").has(t, 200)
}

// TestLoopWithoutName is of an edge that nobody has named: no list has it.
func TestLoopWithoutName(t *testing.T) {
	s := newSite(t, io.Discard)
	s.ID = ""
	dialer(t, s)().get("/v2/demo/original/a.jpg", "CDN-Loop: , ;x=1").has(t, 200)
}
