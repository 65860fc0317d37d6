package transform

import (
	"cmp"
	"image"
	"slices"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/op"
)

// The range of device pixel ratios, as PixelBin has it.
const (
	minDPR = 0.1
	maxDPR = 5.0
)

// A Plan is a pipeline whose operations exist and whose arguments are in range.
// The zero Plan delivers the original as it is.
type Plan struct {
	steps  []Operation
	texts  []string // the steps, canonically
	output Output
	least  int // how many times smaller the original is decoded; 0: as the steps can bear
}

// Original reports whether the plan leaves the bytes of the original alone.
func (p Plan) Original() bool { return len(p.steps) == 0 && p.output == Output{} }

// Format returns the format the URL asks for, or None.
func (p Plan) Format() media.Format { return p.output.Format }

// Makes returns the format of what the plan makes of a picture of the given format.
func (p Plan) Makes(of media.Format) media.Format { return cmp.Or(p.output.Format, natural(of)) }

// In returns the plan with another format for its result.
func (p Plan) In(f media.Format) Plan {
	p.output.Format = f
	return p
}

// Key returns a text that is the same for two plans exactly if they do the same:
// operations with their parameters in one order and without those left at their
// default, then how the result is encoded.
func (p Plan) Key() string {
	if p.Original() {
		return "original"
	}
	key := strings.Join(p.texts, "~")
	if p.output != (Output{}) {
		key += ">" + p.output.text()
	}
	return key
}

// Steps lists the operations of the plan, canonically.
func (p Plan) Steps() []string { return slices.Clone(p.texts) }

// Encoding says in words how the result is encoded.
func (p Plan) Encoding() string {
	switch {
	case p.Original():
		return "the original's bytes"
	case p.output.Format == media.None:
		return "the original's format" + p.output.text()
	}
	return p.output.text()
}

// Optional methods of operations.
type (
	// An outputter changes how the result is encoded and no pixels.
	outputter interface{ output(*Output) }
	// A reducer needs no more of the original than some fraction of its size. It says
	// how many times smaller it makes the sides, by which the original may be decoded
	// smaller.
	reducer interface {
		shrinks(from size) (h, v float64)
	}
	// A passer may do the same to a picture that was decoded smaller. It says how
	// large what it makes of a picture is, and whether it is such a case.
	passer interface {
		pass(from size) (to size, ok bool)
	}
	// A cropper may keep a part of a picture and nothing of the rest. It says which,
	// and whether it is such a case.
	cropper interface {
		part(from size) (part image.Rectangle, ok bool)
	}
	// A colorKeeper brings no colors that are finer than those it is given: it moves,
	// scales or softens pixels. It says whether it is such a case.
	colorKeeper interface{ keepsColors() bool }
	// A nester has operations of its own to compile, and checks what no single
	// parameter can.
	nester interface {
		nest(compile func(text string) (Plan, error)) error
	}
	// A filer needs other pictures. It names them as the URL does.
	filer interface{ files() []string }
	// A weigher says what it does to the memory of a render, as its Apply would. One
	// that does not say is taken to need all pixels at once and to keep the size.
	weigher interface{ weigh(d *draft) }
	// A hinter takes what the client says of itself. ownDPR tells that the URL gives
	// the operation a device pixel ratio of its own.
	hinter interface{ hint(h Hints, ownDPR bool) }
)

// Hints are what a request says besides its URL's operations. The zero Hints say
// nothing.
type Hints struct {
	DPR      float64 // device pixel ratio, for operations that are given none of their own
	Width    int     // device pixels, for a resize that is given no size
	SaveData bool    // fewer bytes are worth more than detail
}

// density returns the device pixel ratio of an operation: its own if the URL gives
// it one, and otherwise the request's.
func (h Hints) density(own float64, given bool) float64 {
	if given || h.DPR == 0 {
		return own
	}
	return h.DPR
}

// TakesWidth reports whether a width from outside changes the plan.
func (p Plan) TakesWidth() bool {
	for _, step := range p.steps {
		if r, ok := step.(*resize); ok && r.box == (size{}) {
			return true
		}
	}
	return false
}

// Recoding reports whether the plan changes no pixels and leaves the format open:
// what comes out shows the same as what goes in.
func (p Plan) Recoding() bool {
	return len(p.steps) == 0 && p.output.Format == media.None && p.output.Orientation == upright
}

// turn returns what is done for an EXIF orientation.
func (p Plan) turn(exif int) turn {
	if p.output.Orientation != upright {
		return turn{}
	}
	return orientation(exif)
}

// A Compiler turns pipelines into plans.
type Compiler struct {
	specs   map[string]Spec
	formats []media.Format
}

// NewCompiler returns a compiler that knows the given operations and makes the
// given formats; see [Catalog] and [Encodable].
func NewCompiler(specs []Spec, formats []media.Format) *Compiler {
	c := &Compiler{specs: make(map[string]Spec, len(specs)), formats: formats}
	for _, s := range specs {
		if _, dup := c.specs[s.Name]; dup {
			panic("transform: two operations named " + s.Name)
		}
		c.specs[s.Name] = s
	}
	return c
}

// Compile checks p. It touches no pixels, so a request that cannot succeed
// costs neither a fetch nor a decode. dpr is the device pixel ratio of the
// request, for operations that are given none of their own; 0 means 1.
//
// Its errors are Invalid, or Unsupported for formats that cannot be made.
func (c *Compiler) Compile(p op.Pipeline, hints Hints) (Plan, error) {
	plan := Plan{steps: make([]Operation, 0, len(p)), texts: make([]string, 0, len(p))}
	for _, call := range p {
		if err := c.add(&plan, call, hints); err != nil {
			return Plan{}, err
		}
	}
	plan.output.Saving = hints.SaveData && plan.output.Quality == 0 && !plan.Original()
	return plan, nil
}

func (c *Compiler) add(plan *Plan, call op.Call, hints Hints) error {
	if name, ok := call.Preset(); ok {
		return fault.Errorf(fault.Invalid, "no preset %q", name)
	}
	s, ok := c.specs[call.Name]
	if !ok {
		return fault.Errorf(fault.Invalid, "no operation %q", call.Name)
	}
	step := s.New()
	var set op.ParamSet
	step.Params(&set)
	if err := set.Bind(call); err != nil {
		return err
	}
	if k, ok := step.(hinter); ok {
		k.hint(hints, set.Given("dpr"))
	}
	if n, ok := step.(nester); ok {
		if err := n.nest(c.nested); err != nil {
			return err
		}
	}
	if o, ok := step.(outputter); ok {
		o.output(&plan.output)
		return c.encodable(plan.output.Format)
	}
	plan.steps = append(plan.steps, step)
	plan.texts = append(plan.texts, set.Canonical().String())
	return nil
}

// nested compiles the operations on a second picture, which may not call for a
// third.
func (c *Compiler) nested(text string) (Plan, error) {
	p, err := op.Parse(text)
	if err != nil {
		return Plan{}, err
	}
	plan, err := c.Compile(p, Hints{})
	if err == nil && len(plan.Files()) > 0 {
		return Plan{}, invalid("t.merge: tr: operations on a second picture may not name a third")
	}
	return plan, err
}

// keepsColors reports whether colors that were stored at half the size of a picture
// are no finer after the plan.
func (p Plan) keepsColors() bool {
	return !slices.ContainsFunc(p.steps, func(step Operation) bool {
		k, ok := step.(colorKeeper)
		return !ok || !k.keepsColors()
	})
}

// Files lists the pictures that the plan needs besides the original, as the URL
// names them.
func (p Plan) Files() []string {
	var names []string
	for _, step := range p.steps {
		if f, ok := step.(filer); ok {
			names = append(names, f.files()...)
		}
	}
	return names
}

// encodable refuses formats that cannot be made here.
func (c *Compiler) encodable(f media.Format) error {
	if f == media.None || f == media.JSON || slices.Contains(c.formats, f) {
		return nil
	}
	return fault.Errorf(fault.Unsupported, "t.toFormat: f: %v cannot be made here; there are %s", f, list(c.formats))
}

// part returns the part of the original that the plan begins with, if it does not
// need the rest, and how many steps that takes care of.
func (p Plan) part(from size) (part image.Rectangle, steps int) {
	if len(p.steps) == 0 {
		return image.Rectangle{}, 0
	}
	c, ok := p.steps[0].(cropper)
	if !ok {
		return image.Rectangle{}, 0
	}
	if part, ok = c.part(from); !ok {
		return image.Rectangle{}, 0
	}
	return part, 1
}

// reduction says how many times smaller than it is the original may be decoded:
// as much as the first step that does not pass on what it is given can bear.
// What is drawn may also be made larger than it is, without getting coarse.
func (p Plan) reduction(from size, drawn bool) float64 {
	if p.least > 0 {
		return float64(p.least)
	}
	r, from, ok := p.reducer(from)
	if !ok {
		return 1
	}
	h, v := r.shrinks(from)
	if drawn {
		return min(h, v)
	}
	return max(1, min(h, v))
}

// reducer returns the first step that does not pass on what it is given, if it is one,
// and the size that it is given.
func (p Plan) reducer(from size) (r reducer, given size, ok bool) {
	for _, step := range p.steps {
		if s, ok := step.(passer); ok {
			if to, ok := s.pass(from); ok {
				from = to
				continue
			}
		}
		r, ok = step.(reducer)
		return r, from, ok
	}
	return nil, from, false
}
