package pixlab

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// params declares what an endpoint takes, beside the key and the picture. What op
// checks and describes of an operation it checks and describes here.
type params struct {
	op.ParamSet

	needed  []string
	formats []string
	letters []string // texts that are drawn
	lists   []list
}

// A list is a parameter that is an array of objects, in JSON.
type list struct {
	name, doc string
	fields    []string
	bind      func(from source) error
}

// need says that parameters must be given.
func (p *params) need(names ...string) { p.needed = append(p.needed, names...) }

// format declares the name of a format. Others are Unsupported, not Invalid.
func (p *params) format(v *string, name, def, doc string) {
	p.Choice(v, name, def, exports(), doc)
	p.formats = append(p.formats, name)
}

// text declares a text that is drawn.
func (p *params) text(v *string, name, doc string) {
	p.Text(v, name, doc)
	p.letters = append(p.letters, name)
}

// objects declares a list of objects, of which there must be one at least.
func objects[T any](p *params, into *[]T, name, doc string, fields ...string) {
	p.need(name)
	p.lists = append(p.lists, list{name, doc, fields, func(from source) error {
		err := from.JSON(name, into)
		if inner := errors.Unwrap(err); err != nil && fault.Of(inner) == fault.Invalid {
			return fault.Wrap(err, fault.Invalid, "%s: %s", name, fault.Message(inner)) // a whole, say
		}
		if err == nil && len(*into) == 0 {
			err = fault.Errorf(fault.Invalid, "%s: is empty", name)
		}
		return err
	}})
}

const (
	maxSide  = 10000     // longest side of a picture that can be asked for, in pixels
	maxPlace = 1_000_000 // how far from the upper left corner a place may be, in pixels
	maxText  = 1000      // bytes of a text that is drawn
)

// A source has the values of a request's parameters.
type source interface {
	Has(name string) bool
	Text(name string) (string, error)
	JSON(name string, into any) error
}

// bind gives the declared variables the values of a request. Parameters that are not
// declared are left alone: clients send them. One that is blank is as good as none:
// forms send those.
func (p *params) bind(endpoint string, from source) error {
	call := op.Call{Name: endpoint}
	for _, d := range p.Describe() {
		text, err := first(from, append([]string{d.Name}, d.Aliases...)...)
		if err == nil && text != "" {
			text, err = p.value(d, text)
		}
		switch {
		case err != nil:
			return of(endpoint, err)
		case text != "":
			call.Args = append(call.Args, op.Arg{Name: d.Name, Value: text})
		case slices.Contains(p.needed, d.Name):
			return fault.Errorf(fault.Invalid, "%s: %s is missing", endpoint, d.Name)
		}
	}
	for _, l := range p.lists {
		if !from.Has(l.name) {
			return fault.Errorf(fault.Invalid, "%s: %s is missing", endpoint, l.name)
		}
		if err := l.bind(from); err != nil {
			return of(endpoint, err)
		}
	}
	return p.Bind(call)
}

// of says which endpoint an error is of.
func of(endpoint string, err error) error {
	return fault.Wrap(err, fault.Of(err), "%s: %s", endpoint, fault.Message(err))
}

// first returns the first of a request's parameters that is not blank.
func first(from source, names ...string) (string, error) {
	for _, name := range names {
		text, err := from.Text(name)
		if text = strings.TrimSpace(text); err != nil || text != "" {
			return text, err
		}
	}
	return "", nil
}

// value returns a value that is not blank as op reads it.
func (p *params) value(d op.Param, text string) (string, error) {
	switch {
	case d.Kind == "custom" && !utf8.ValidString(text):
		return "", fault.Errorf(fault.Invalid, "%s: is not text in UTF-8", d.Name)
	case slices.Contains(p.letters, d.Name) && len(text) > maxText:
		return "", fault.Errorf(fault.Invalid, "%s: is longer than %d bytes", d.Name, maxText)
	}
	value := normalize(d.Kind, text)
	if slices.Contains(p.formats, d.Name) && !slices.Contains(d.Choices, value) {
		return "", fault.Errorf(fault.Unsupported, "%s: %.40q is no format that can be made here; there are %s", d.Name, value, strings.Join(d.Choices, ", "))
	}
	return value, nil
}

// normalize turns what PixLab takes into what op reads. What is neither is left as
// it is, and op says what is wrong with it.
func normalize(kind, text string) string {
	text = strings.TrimSpace(text)
	switch kind {
	case "integer", "float":
		return number(kind, text)
	case "boolean", "enum":
		return strings.ToLower(text)
	case "color":
		return color(text)
	case "custom":
		return op.EncodeText(text)
	}
	return text
}

// number reads what JSON and people write: 1e2, +3, 007. A whole number may have a
// fraction, which is cut off: faces are found at such places.
func number(kind, text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.eE+-") != "" {
		return text
	}
	if kind == "integer" {
		f = math.Trunc(f)
	}
	return strconv.FormatFloat(f+0, 'f', -1, 64) // plus nothing: not minus zero
}

// A whole is a number of an object in a list, without its fraction.
type whole int

// UnmarshalJSON takes numbers and texts that are numbers.
func (w *whole) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	n, err := strconv.Atoi(normalize("integer", strings.Trim(string(data), `"`)))
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return fault.Errorf(fault.Invalid, "%.40s is not a number", data)
	case err != nil || n < -maxPlace || n > maxPlace:
		return fault.Errorf(fault.Invalid, "%.40s is outside %d..%d", data, -maxPlace, maxPlace)
	}
	*w = whole(n)
	return nil
}

// A truth is a boolean of an object in a list, however it is written.
type truth bool

// UnmarshalJSON takes what the parameter of a request may be, and nothing else for true.
func (t *truth) UnmarshalJSON(data []byte) error {
	text := normalize("boolean", strings.Trim(string(data), `"`))
	*t = text == "true" || text == "1"
	return nil
}
