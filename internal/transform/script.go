package transform

import (
	"strings"

	"pixedge/internal/media"
	"pixedge/internal/op"
)

// A Script is a plan on its way to another process. [Compiler.Load] makes the
// same plan of it there.
type Script struct {
	Steps  string // operations that change pixels, canonically; what the client said of itself is in them
	Output Output
	Least  int // see Reduced
}

// Script returns what Load needs to make the same plan again.
func (p Plan) Script() Script {
	return Script{Steps: strings.Join(p.texts, "~"), Output: p.output, Least: p.least}
}

// Load makes the plan that the script was taken from. Its errors are those of
// Compile, for scripts of another program.
func (c *Compiler) Load(s Script) (Plan, error) {
	var plan Plan
	if s.Steps != "" {
		pipeline, err := op.Parse(s.Steps)
		if err != nil {
			return Plan{}, err
		}
		if plan, err = c.Compile(pipeline, Hints{}); err != nil {
			return Plan{}, err
		}
	}
	plan.output, plan.least = s.Output, s.Least
	if s.Output.Format == media.Pixels {
		return plan, nil
	}
	return plan, c.encodable(s.Output.Format)
}
