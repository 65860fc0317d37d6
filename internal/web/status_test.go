package web

import (
	"testing"

	"pixedge/internal/fault"
)

func TestEveryKindHasStatus(t *testing.T) {
	for _, k := range fault.Kinds() {
		f := failures(k)
		if f.status == 0 || f.code == "" || f.exception == "" {
			t.Errorf("fault.%v has no row: %+v", k, f)
		}
	}
}

// TestRoutesAreFound holds maxRoute to the routes.
func TestRoutesAreFound(t *testing.T) {
	for _, r := range Routes() {
		if found := find([]byte(r.Path + "?query")); found.Path != r.Path {
			t.Errorf("nobody gets to %s, because of maxRoute", r.Path)
		}
	}
}
