package pixlab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// A recipe is what an endpoint that changes a picture takes, and how it is said in
// the operations of delivery URLs. There is no second way to do the work.
type recipe interface {
	params(p *params)
	// write adds the operations, and names the other pictures that they take. Its
	// errors are faults of the kind Invalid.
	write(o *order) error
}

// An order is the operations that a request comes to.
type order struct {
	endpoint string
	calls    op.Pipeline
	others   []string // what img would be, for the pictures that the operations call 1, 2, …
}

// add appends an operation. args are names and values in turn.
func (o *order) add(name string, args ...any) {
	call := op.Call{Name: name}
	for i := 0; i+1 < len(args); i += 2 {
		call.Args = append(call.Args, op.Arg{Name: args[i].(string), Value: word(args[i+1])}) //nolint:forcetypeassert // names are texts
	}
	o.calls = append(o.calls, call)
}

// word writes a value as URLs have it.
func word(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// asStored has coordinates and sides count on the pixels as they are stored, as
// ImageMagick does: viewers turn the result.
func (o *order) asStored() { o.add("t.orientation", "m", "keep") }

// other gives another picture a name that operations can take. One that is there twice
// is fetched once.
func (o *order) other(img string) (name string) {
	i := slices.Index(o.others, img)
	if i < 0 {
		i = len(o.others)
		o.others = append(o.others, img)
	}
	return op.EncodeText(otherName(i))
}

func otherName(i int) string { return strconv.Itoa(i + 1) }

// maxCalls is how many operations a delivery URL may have.
const maxCalls = 32

// check holds an order to what can be done at once.
func (o *order) check() error {
	if len(o.calls) <= maxCalls {
		return nil
	}
	return o.errorf("this comes to %d operations, and at most %d are carried out: send fewer items, or those of a color together", len(o.calls), maxCalls)
}

// errorf returns a fault of the request that names the endpoint.
func (o *order) errorf(format string, args ...any) error {
	return fault.Errorf(fault.Invalid, "%s: %s", o.endpoint, fmt.Sprintf(format, args...))
}

// nested joins the items of a list as URLs have it: [[a_b]_[c_d]].
func nested(items []string) string { return "[[" + strings.Join(items, "]_[") + "]]" }

// A box is a width and a height, each of which stands for both if it is alone.
type box struct{ w, h int }

func (b *box) params(p *params, what string, most int) {
	p.Int(&b.w, "width", 0, 1, most, "Width "+what+" in pixels; without it, the height.")
	p.Int(&b.h, "height", 0, 1, most, "Height "+what+" in pixels; without it, the width.")
}

// settle fills in the side that is missing.
func (b *box) settle(o *order) error {
	if b.w == 0 && b.h == 0 {
		return o.errorf("width and height are missing")
	}
	if b.w == 0 {
		b.w = b.h
	}
	if b.h == 0 {
		b.h = b.w
	}
	return nil
}
