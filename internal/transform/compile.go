package transform

import (
	"fmt"
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
}

// Original reports whether the plan leaves the bytes of the original alone.
func (p Plan) Original() bool { return len(p.steps) == 0 && p.output == Output{} }

// Format returns the format the URL asks for, or None.
func (p Plan) Format() media.Format { return p.output.Format }

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
		key += fmt.Sprintf(">%v,%d", p.output.Format, p.output.Quality)
	}
	return key
}

// Steps lists the operations of the plan, canonically.
func (p Plan) Steps() []string { return slices.Clone(p.texts) }

// Encoding says in words how the result is encoded.
func (p Plan) Encoding() string {
	format, quality := "the original's format", "the format's own quality"
	if f := p.Format(); f != media.None {
		format = f.String()
	}
	if p.output.Quality > 0 {
		quality = fmt.Sprintf("quality %d", p.output.Quality)
	}
	if p.Original() {
		return "the original's bytes"
	}
	return format + ", " + quality
}

// Optional methods of operations.
type (
	// An outputter changes how the result is encoded and no pixels.
	outputter interface{ output(*Output) error }
	// A reducer needs no more of the original than some fraction of its size.
	// It says how many times smaller the original may be decoded.
	reducer interface{ reduction(from size) float64 }
	// A densityScaler multiplies its sizes with the request's device pixel ratio.
	densityScaler interface{ setDPR(float64) }
)

// A Compiler turns pipelines into plans.
type Compiler struct{ specs map[string]Spec }

// NewCompiler returns a compiler that knows the given operations.
func NewCompiler(specs []Spec) *Compiler {
	c := &Compiler{specs: make(map[string]Spec, len(specs))}
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
func (c *Compiler) Compile(p op.Pipeline, dpr float64) (Plan, error) {
	plan := Plan{steps: make([]Operation, 0, len(p)), texts: make([]string, 0, len(p))}
	for _, call := range p {
		if err := c.add(&plan, call, dpr); err != nil {
			return Plan{}, err
		}
	}
	return plan, nil
}

func (c *Compiler) add(plan *Plan, call op.Call, dpr float64) error {
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
	if d, ok := step.(densityScaler); ok && dpr != 0 && !set.Given("dpr") {
		d.setDPR(dpr)
	}
	if o, ok := step.(outputter); ok {
		return o.output(&plan.output)
	}
	plan.steps = append(plan.steps, step)
	plan.texts = append(plan.texts, set.Canonical().String())
	return nil
}

// reduction says how many times smaller than it is the original may be decoded.
func (p Plan) reduction(from size) float64 {
	if len(p.steps) == 0 {
		return 1
	}
	if r, ok := p.steps[0].(reducer); ok {
		return max(1, r.reduction(from))
	}
	return 1
}
