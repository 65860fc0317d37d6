package op_test

import (
	"testing"

	"pixedge/internal/op"
)

func TestPipelineString(t *testing.T) {
	tests := []struct {
		pipeline op.Pipeline
		want     string
	}{
		{nil, ""},
		{op.Pipeline{{Name: "t.flip"}}, "t.flip()"},
		{op.Pipeline{{Name: "p:thumb"}}, "p:thumb"},
		{op.Pipeline{{Name: "p:thumb", Args: []op.Arg{{"w", "1"}}}}, "p:thumb(w:1)"},
		{op.Pipeline{{Name: "t.x", Args: []op.Arg{{"b", "2"}, {"a", "1"}}}, {Name: "t.y"}}, "t.x(b:2,a:1)~t.y()"},
	}
	for _, tt := range tests {
		if got := tt.pipeline.String(); got != tt.want {
			t.Errorf("String = %q, want %q", got, tt.want)
		}
	}
}

func TestPreset(t *testing.T) {
	if name, ok := (op.Call{Name: "p:thumb"}).Preset(); !ok || name != "thumb" {
		t.Errorf("Preset of p:thumb = %q, %t", name, ok)
	}
	if name, ok := (op.Call{Name: "p.apply"}).Preset(); ok {
		t.Errorf("Preset of p.apply = %q", name)
	}
}
