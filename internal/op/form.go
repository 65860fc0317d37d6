package op

import (
	"fmt"
	"slices"
	"strings"
)

// ChoiceOr declares a parameter that takes one of the given words, or a text of
// another form, which ok recognises and form describes: "fp_x_y".
func (s *ParamSet) ChoiceOr(v *string, name, def string, choices []string, form string, ok func(string) bool, doc string) {
	*v = def
	all := append(slices.Clone(choices), form)
	s.add(Param{Name: name, Kind: "enum", Doc: doc, Choices: all},
		func() string { return *v },
		func(text string) error {
			if !slices.Contains(choices, text) && !ok(text) {
				return fmt.Errorf("%s is not one of %s", quote(text), strings.Join(all, ", "))
			}
			*v = text
			return nil
		})
}

// ParseFocus reads a focal point written fp_x_y, both in percent of the picture
// from its upper left corner, 0 to 100.
func ParseFocus(text string) (x, y float64, ok bool) {
	rest, found := strings.CutPrefix(text, "fp_")
	left, top, two := strings.Cut(rest, "_")
	x, errX := parseFloat(left, 0, 100)
	y, errY := parseFloat(top, 0, 100)
	return x, y, found && two && errX == nil && errY == nil
}
