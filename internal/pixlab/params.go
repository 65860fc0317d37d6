package pixlab

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// params declares what an endpoint takes, beside the key and the picture. What op
// checks and describes of an operation it checks and describes here.
type params struct {
	op.ParamSet

	needed []string
	lists  []list
}

// A list is a parameter that is an array of objects, in JSON.
type list struct {
	name, doc string
	fields    []string
	into      any // a pointer to a slice
}

// need says that parameters must be given.
func (p *params) need(names ...string) { p.needed = append(p.needed, names...) }

// objects declares a list of objects.
func (p *params) objects(into any, name, doc string, fields ...string) {
	p.lists = append(p.lists, list{name, doc, fields, into})
	p.need(name)
}

// maxSide is the longest side, in pixels, that can be asked for.
const maxSide = 10000

// A source has the values of a request's parameters.
type source interface {
	Has(name string) bool
	Text(name string) (string, error)
	JSON(name string, into any) error
}

// bind gives the declared variables the values of a request. Parameters that are not
// declared are left alone: clients send them.
func (p *params) bind(endpoint string, from source) error {
	for _, name := range p.needed {
		if !p.has(from, name) {
			return fault.Errorf(fault.Invalid, "%s: %s is missing", endpoint, name)
		}
	}
	call := op.Call{Name: endpoint}
	for _, d := range p.Describe() {
		for _, name := range append([]string{d.Name}, d.Aliases...) {
			if !from.Has(name) {
				continue
			}
			text, err := from.Text(name)
			if err != nil {
				return err
			}
			call.Args = append(call.Args, op.Arg{Name: d.Name, Value: normalize(d.Kind, text)})
			break
		}
	}
	if err := p.Bind(call); err != nil {
		return err
	}
	for _, l := range p.lists {
		if err := from.JSON(l.name, l.into); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a parameter is there under any of its names.
func (p *params) has(from source, name string) bool {
	if from.Has(name) {
		return true
	}
	i := slices.IndexFunc(p.Describe(), func(d op.Param) bool { return d.Name == name })
	return i >= 0 && slices.ContainsFunc(p.Describe()[i].Aliases, from.Has)
}

// normalize turns what PixLab takes into what op reads.
func normalize(kind, text string) string {
	text = strings.TrimSpace(text)
	switch kind {
	case "integer", "float":
		return number(kind, text)
	case "boolean":
		if strings.EqualFold(text, "true") {
			return "true"
		}
		if strings.EqualFold(text, "false") || text == "" {
			return "false"
		}
	case "color":
		return color(text)
	case "enum":
		return strings.ToLower(text)
	case "custom":
		return op.EncodeText(text)
	}
	return text
}

// number reads what JSON and people write: 1e2, +3, 007. A whole number may have a
// fraction, which is cut off: faces are found at such places.
func number(kind, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) > 1e9 {
		return text // op says what is wrong
	}
	if kind == "integer" {
		f = math.Trunc(f)
	}
	return strconv.FormatFloat(f+0, 'f', -1, 64)
}

// A whole is a number of an object in a list, without its fraction.
type whole int

// UnmarshalJSON takes numbers and texts that are numbers.
func (w *whole) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(number("integer", strings.Trim(string(data), `"`)))
	if err != nil {
		return fault.Errorf(fault.Invalid, "%s is not a number", data)
	}
	*w = whole(n)
	return nil
}

// A truth is a boolean of an object in a list, however it is written.
type truth bool

// UnmarshalJSON takes what the parameter of a request may be.
func (t *truth) UnmarshalJSON(data []byte) error {
	text := normalize("boolean", strings.Trim(string(data), `"`))
	*t = text == "true" || text == "1"
	return nil
}
