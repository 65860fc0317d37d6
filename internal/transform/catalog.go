// Package transform turns one image into another.
//
// An [Operation] is a struct whose Params method declares its arguments and
// whose Apply method does the work. The operations live in one file per family
// (geometry.go, resize.go, output.go), each ending in the table that puts them
// in the [Catalog]. Validation, the reference manual and every user interface
// are read from the catalog: to add an operation, write its struct and add its
// row, in the same file.
//
// A request's [op.Pipeline] becomes a [Plan] in compile.go, which touches no
// pixels, and a picture in render.go, which decodes once and encodes once
// however many operations lie between. Arithmetic about boxes is in box.go and
// has no pixels in it; pixels are touched by package vips and nowhere else.
//
// The package does not fetch, cache, negotiate or know URLs.
package transform

import (
	"slices"

	"pixedge/internal/media"
	"pixedge/internal/op"
)

// An Operation changes what is on a canvas. Its errors are faults: Invalid for
// arguments that do not suit the picture.
type Operation interface {
	Params(*op.ParamSet)
	Apply(*Canvas) error
}

// A Spec is an entry of the catalog.
type Spec struct {
	Name    string
	Doc     string
	Example string // a call for the manual, as in a URL
	New     func() Operation
}

// Params lists the parameters the operation takes.
func (s Spec) Params() []op.Param {
	var set op.ParamSet
	s.New().Params(&set)
	return set.Describe()
}

// Shows reports whether the operation makes a picture, and not a text about one.
func (s Spec) Shows() bool {
	var o Output
	if step, ok := s.New().(outputter); ok {
		step.output(&o)
	}
	return o.Format != media.JSON
}

func spec[T any, P interface {
	*T
	Operation
}](name, doc, example string,
) Spec {
	return Spec{Name: name, Doc: doc, Example: example, New: func() Operation { return P(new(T)) }}
}

// Catalog lists every operation, family by family.
func Catalog() []Spec {
	return slices.Concat(resizing(), geometry(), colors(), filters(), composing(), writings(),
		painting(), scaling(), areas(), drawing(), captions(), output())
}
