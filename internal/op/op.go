// Package op is the vocabulary the stages share.
//
// A [Call] names an operation and its arguments as the caller wrote them. A
// [Pipeline] is the calls in order. A [ParamSet] is how an operation declares
// the arguments it takes; see package transform for the operations themselves.
//
// The package knows neither URLs nor pixels and imports nothing but fault, so
// every other package may import it.
package op

import "strings"

// PresetPrefix begins the name of a call that stands for a preset: "p:thumb".
const PresetPrefix = "p:"

// An Arg is one argument of a call, as written.
type Arg struct{ Name, Value string }

// A Call asks for one operation.
type Call struct {
	Name string // "t.resize", or "p:name" for a preset
	Args []Arg
}

// Preset returns the name of the preset that c stands for, if it does.
func (c Call) Preset() (name string, ok bool) { return strings.CutPrefix(c.Name, PresetPrefix) }

// String returns the call as it is written in a URL. Parentheses that hold
// nothing are left out for presets and kept for operations, as the grammar
// asks.
func (c Call) String() string {
	var b strings.Builder
	b.WriteString(c.Name)
	if _, preset := c.Preset(); preset && len(c.Args) == 0 {
		return b.String()
	}
	b.WriteByte('(')
	for i, a := range c.Args {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(a.Name)
		b.WriteByte(':')
		b.WriteString(a.Value)
	}
	b.WriteByte(')')
	return b.String()
}

// A Pipeline is the calls of a request, first to last.
type Pipeline []Call

// String returns the pipeline as it is written in a URL, with the arguments in
// the order the caller gave them. It is not a cache key: see transform.Plan.
func (p Pipeline) String() string {
	s := make([]string, len(p))
	for i, c := range p {
		s[i] = c.String()
	}
	return strings.Join(s, "~")
}
