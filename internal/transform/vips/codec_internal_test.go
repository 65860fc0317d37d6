package vips

import "testing"

// TestOpens knows a loader that is closed, or not there, from one that is open. Those
// that start with x are in no libvips.
func TestOpens(t *testing.T) {
	for _, tt := range []struct {
		operation string
		want      bool
	}{
		{"jpegload_buffer", true},
		{"svgload_buffer", true}, // opened by name
		{"ppmload", false},
		{"csvload", false},
		{"jp2kload_buffer", false},
		{"magickload_buffer", false},
		{"pdfload_buffer", false},
		{"xload_buffer", false},
		{"_buffer", false},
	} {
		if got := opens(tt.operation); got != tt.want {
			t.Errorf("%s: open %v, want %v", tt.operation, got, tt.want)
		}
	}
	for l := Loader(1); l < numLoaders; l++ {
		if !l.Opens() {
			t.Errorf("%s is closed", l.about().name)
		}
	}
	if Loader(0).Opens() {
		t.Error("no loader is open")
	}
}
