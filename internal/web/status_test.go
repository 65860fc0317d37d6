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

func TestRoutesAreShort(t *testing.T) {
	for _, r := range Routes() {
		if len(r.Path) > maxRoute {
			t.Errorf("%s is longer than maxRoute, so nobody gets there", r.Path)
		}
	}
}
