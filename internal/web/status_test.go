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
