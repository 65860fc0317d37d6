// Package vipstest runs the tests of packages that need libvips. It makes no pictures:
// those are package imgtest's.
package vipstest

import (
	"fmt"
	"os"
	"testing"

	"pixedge/internal/transform/vips"
)

// Run runs the tests between the start and the end of libvips, and returns the status to
// exit with.
func Run(m *testing.M) int {
	if err := vips.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer vips.Stop()
	return m.Run()
}
