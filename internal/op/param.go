package op

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pixedge/internal/fault"
)

// A Param describes one parameter of an operation. Validation, the reference
// manual and every user interface are made from it.
type Param struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"` // other names for the same parameter
	Kind    string   `json:"kind"`
	Default string   `json:"default"`
	Doc     string   `json:"doc"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Choices []string `json:"choices,omitempty"`
}

type param struct {
	Param

	set   func(string) error
	text  func() string // the current value, canonically
	given bool
}

// A ParamSet holds the parameters of one operation. It is used the way a
// flag.FlagSet is: each method ties a parameter to a variable, which holds the
// default until Bind gives it the caller's value.
type ParamSet struct {
	name   string
	params []param
}

// Int declares a whole number from lo to hi.
func (s *ParamSet) Int(v *int, name string, def, lo, hi int, doc string) {
	*v = def
	minimum, maximum := float64(lo), float64(hi)
	s.add(Param{Name: name, Kind: "integer", Doc: doc, Min: &minimum, Max: &maximum},
		func() string { return strconv.Itoa(*v) },
		func(text string) (err error) {
			*v, err = parseInt(text, lo, hi)
			return err
		})
}

// Float declares a number from lo to hi.
func (s *ParamSet) Float(v *float64, name string, def, lo, hi float64, doc string) {
	*v = def
	s.add(Param{Name: name, Kind: "float", Doc: doc, Min: &lo, Max: &hi},
		func() string { return formatFloat(*v) },
		func(text string) (err error) {
			*v, err = parseFloat(text, lo, hi)
			return err
		})
}

// Bool declares a switch, written true, false, 1 or 0.
func (s *ParamSet) Bool(v *bool, name string, def bool, doc string) {
	*v = def
	s.add(Param{Name: name, Kind: "boolean", Doc: doc},
		func() string { return strconv.FormatBool(*v) },
		func(text string) (err error) {
			*v, err = parseBool(text)
			return err
		})
}

// Choice declares a parameter that takes one of the given words.
func (s *ParamSet) Choice(v *string, name, def string, choices []string, doc string) {
	*v = def
	s.add(Param{Name: name, Kind: "enum", Doc: doc, Choices: choices},
		func() string { return *v },
		func(text string) error {
			if !slices.Contains(choices, text) {
				return fmt.Errorf("%s is not one of %s", quote(text), strings.Join(choices, ", "))
			}
			*v = text
			return nil
		})
}

// Color declares a color written RRGGBB or RRGGBBAA in hexadecimal digits.
func (s *ParamSet) Color(v *Color, name string, def Color, doc string) {
	*v = def
	s.add(Param{Name: name, Kind: "color", Doc: doc},
		func() string { return v.String() },
		func(text string) (err error) {
			*v, err = ParseColor(text)
			return err
		})
}

// Text declares free text, which travels as base64.
func (s *ParamSet) Text(v *string, name, doc string) { s.base64(v, name, "custom", doc) }

// File declares a reference to a stored file, which travels as base64.
func (s *ParamSet) File(v *string, name, doc string) { s.base64(v, name, "file", doc) }

func (s *ParamSet) base64(v *string, name, kind, doc string) {
	*v = ""
	s.add(Param{Name: name, Kind: kind, Doc: doc},
		func() string { return EncodeText(*v) },
		func(text string) (err error) {
			*v, err = DecodeText(text)
			return err
		})
}

// Box declares a rectangle written top_left_height_width, in pixels. It stays
// the zero Box until the caller gives one.
func (s *ParamSet) Box(v *Box, name, doc string) {
	*v = Box{}
	s.add(Param{Name: name, Kind: "bbox", Doc: doc},
		func() string { return v.String() },
		func(text string) (err error) {
			*v, err = ParseBox(text)
			return err
		})
}

// Boxes declares a list of rectangles written [[t_l_h_w]_[t_l_h_w]].
func (s *ParamSet) Boxes(v *[]Box, name, doc string) {
	*v = nil
	s.add(Param{Name: name, Kind: "bboxList", Doc: doc},
		func() string { return formatBoxes(*v) },
		func(text string) (err error) {
			*v, err = ParseBoxes(text)
			return err
		})
}

// Polygons declares a list of polygons written [[[x_y]_[x_y]_[x_y]]_[…]].
func (s *ParamSet) Polygons(v *[][]Point, name, doc string) {
	*v = nil
	s.add(Param{Name: name, Kind: "polygonList", Doc: doc},
		func() string { return formatPolygons(*v) },
		func(text string) (err error) {
			*v, err = ParsePolygons(text)
			return err
		})
}

// Alias gives the parameter declared last another name.
func (s *ParamSet) Alias(name string) {
	p := &s.params[len(s.params)-1]
	p.Aliases = append(p.Aliases, name)
}

func (s *ParamSet) add(p Param, text func() string, set func(string) error) {
	p.Default = text()
	s.params = append(s.params, param{Param: p, set: set, text: text})
}

// Bind gives the declared variables the values in c. Its errors are Invalid
// and name the operation, the parameter and what is allowed.
func (s *ParamSet) Bind(c Call) error {
	s.name = c.Name
	for _, a := range c.Args {
		p := s.find(a.Name)
		if p == nil {
			return fault.Errorf(fault.Invalid, "%s: no parameter %s; it takes %s", c.Name, quote(a.Name), s.names())
		}
		if p.given {
			return fault.Errorf(fault.Invalid, "%s: %s: given twice", c.Name, p.Name)
		}
		p.given = true
		if err := p.set(a.Value); err != nil {
			return fault.Errorf(fault.Invalid, "%s: %s: %v", c.Name, p.Name, err)
		}
	}
	return nil
}

func (s *ParamSet) find(name string) *param {
	i := slices.IndexFunc(s.params, func(p param) bool {
		return p.Name == name || slices.Contains(p.Aliases, name)
	})
	if i < 0 {
		return nil
	}
	return &s.params[i]
}

func (s *ParamSet) names() string {
	if len(s.params) == 0 {
		return "none"
	}
	names := make([]string, len(s.params))
	for i, p := range s.params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// Given reports whether Bind met a value for the parameter.
func (s *ParamSet) Given(name string) bool {
	p := s.find(name)
	return p != nil && p.given
}

// Canonical returns the bound call in the one spelling that all calls of the
// same meaning share: parameters in the order of their declaration, values
// normalised, and those that equal their default left out.
func (s *ParamSet) Canonical() Call {
	c := Call{Name: s.name}
	for _, p := range s.params {
		if text := p.text(); text != p.Default {
			c.Args = append(c.Args, Arg{Name: p.Name, Value: text})
		}
	}
	return c
}

// Describe lists the declared parameters.
func (s *ParamSet) Describe() []Param {
	list := make([]Param, len(s.params))
	for i, p := range s.params {
		list[i] = p.Param
	}
	return list
}

// quote shows a client its own words, cut to a length that suits an error.
func quote(text string) string {
	const most = 40 // characters
	if utf8.RuneCountInString(text) > most {
		return fmt.Sprintf("%.*q…", most, text)
	}
	return fmt.Sprintf("%q", text)
}

var (
	errNotWhole   = errors.New("not a whole number")
	errNotDecimal = errors.New("not a decimal number")
)
