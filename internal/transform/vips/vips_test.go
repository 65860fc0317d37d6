package vips_test

import (
	"os"
	"strings"
	"testing"

	"pixedge/internal/transform/vips"
)

// TestVersion asks the library that is loaded, whose file is named by its
// version, and not the headers: one program runs with several.
func TestVersion(t *testing.T) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	version := vips.Version()
	major, rest, _ := strings.Cut(version, ".")
	minor, micro, ok := strings.Cut(rest, ".")
	if major != "8" || minor == "" || micro == "" || !ok {
		t.Fatalf("version %q", version)
	}
	// libvips.so.42.N.MICRO: N counts interfaces.
	_, file, ok := strings.Cut(string(maps), "/libvips.so.42.")
	if !ok {
		t.Skip("libvips is not loaded from a file named as usual")
	}
	file, _, _ = strings.Cut(file, "\n")
	if !strings.HasSuffix(file, "."+micro) {
		t.Errorf("version %s, but libvips.so.42.%s is loaded", version, file)
	}
}
