package config_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pixedge/internal/config"
)

const withPresets = `
clouds:
- name: demo
  sources: [{dir: .}]
  presets_only: true
  presets:
  - name: card
    transformation: t.resize(w:$w,f:$fit)~t.extend(bc:$color)
    params:
      w: {type: integer, default: 300}
      fit: {type: enum, default: cover, enum: [cover, 1, 2.50, true]}
      color: {type: color, default: 04000000}
      text: {type: string, default: "12 "}
      free: {type: float}
`

// TestPresets holds values to the spelling they have in the file: read as
// numbers, some colors would be other colors.
func TestPresets(t *testing.T) {
	list, problem := read(t, withPresets)
	if problem != "" {
		t.Fatal(problem)
	}
	c := list[0]
	if !c.PresetsOnly || len(c.Presets) != 1 || c.Presets[0].Name != "card" || len(c.Presets[0].Params) != 5 {
		t.Fatalf("cloud = %+v", c)
	}
	for name, want := range map[string]config.Scalar{"w": "300", "fit": "cover", "color": "04000000", "text": "12 ", "free": ""} {
		if got := c.Presets[0].Params[name].Default; got != want {
			t.Errorf("default of %s = %q, want %q", name, got, want)
		}
	}
	if got := c.Presets[0].Params["fit"].Enum; len(got) != 4 || got[1] != "1" || got[2] != "2.50" || got[3] != "true" {
		t.Errorf("enum = %q", got)
	}
}

// TestPresetsPrinted reads what edge config print writes.
func TestPresetsPrinted(t *testing.T) {
	first, problem := read(t, withPresets)
	if problem != "" {
		t.Fatal(problem)
	}
	printed, err := yaml.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	second, problem := read(t, "clouds:\n"+string(printed))
	if problem != "" {
		t.Fatalf("%s\n%s", problem, printed)
	}
	if again, err := yaml.Marshal(second); err != nil || string(again) != string(printed) {
		t.Errorf("%s\nis printed again as\n%s%v", printed, again, err)
	}
}

func TestPresetErrors(t *testing.T) {
	tests := []struct{ keys, want string }{
		{"  presets: [{transformation: t.x()}]", "clouds[0].presets[0].name: want letters"},
		{"  presets: [{name: a b, transformation: t.x()}]", "clouds[0].presets[0].name: want letters"},
		{"  presets: [{name: a, transformation: t.x()}, {name: a, transformation: t.y()}]", "clouds[0].presets[1].name: two presets have this name"},
		{"  presets: [{name: a, transformation: t.x()}, {name: b}]", "clouds[0].presets[1].transformation: must not be empty"},
		{"  presets: [{name: a, transformation: t.x(), params: {w: {default: 1}}}]", "clouds[0].presets[0].params.w.type: must not be empty"},
		{"  presets: [{name: a, transformation: t.x(), params: {w w: {type: integer}}}]", "clouds[0].presets[0].params.w w: want a name"},
		{"  presets: [{name: a, transformation: t.x(), params: {w: {type: integer, default: [1]}}}]", "clouds[0].presets[0].params.w.default: want text, a number, true or false"},
		{"  presets: [{name: a, transformation: t.x(), params: {w: {type: enum, enum: 1}}}]", "clouds[0].presets[0].params.w.enum: "},
		{"  presets: [{name: a, transformation: t.x(), params: {w: {typ: integer}}}]", `clouds[0].presets[0].params.w: [4:59] unknown field "typ"`},
		{"  presets: [{name: a, transformation: t.x(), params: [w]}]", "clouds[0].presets[0].params: "},
		{"  presets_only: true", "clouds[0].presets_only: needs at least one of presets"},
	}
	for _, tt := range tests {
		_, problem := read(t, "clouds:\n- name: demo\n  sources: [{dir: .}]\n"+tt.keys)
		if !strings.Contains(problem, tt.want) {
			t.Errorf("%s: %s, want %s", tt.keys, problem, tt.want)
		}
	}
}
