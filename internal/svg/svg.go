// Package svg makes drawings of strangers safe to render and to show.
//
// [Sanitize] does that; [Size] is for who only wants to know what a drawing measures
// and has little time. Sanitize reads the XML as a stream, writes the elements,
// attributes and style declarations of its lists anew, and forgets the rest:
// scripts, handlers, animations, foreign content and every reference that leaves
// the document. What it returns is never text of the source copied as it was.
// Start reading at Sanitize, then read.go; what is allowed is in tables.go.
//
// A drawing can also be small and take hours to draw. The package builds the
// graph of what draws what (cost.go) and refuses drawings that use, mask, filter,
// dash or repeat too much. That is an estimate for a renderer such as librsvg,
// not a promise of seconds: the caller limits the size in pixels, against which
// [Document.Effort] can be held.
//
// The package draws nothing, decodes no pictures, knows no fonts and does not
// validate: a drawing that is wrong, but harmless, stays wrong.
package svg

import (
	"bytes"

	"pixedge/internal/fault"
)

// What a drawing may be. A drawing over one of these limits is refused, not
// trimmed. Those of time were measured with librsvg 2.54 on one core.
const (
	maxBytes      = 2 << 20    // of the source, and of what is written; it bounds embedded pictures too
	maxHead       = 64 << 10   // of the source that Size reads; a millisecond or two
	maxElements   = 20_000     // of the source, dropped ones too
	maxDepth      = 100        // of elements in elements
	maxAttributes = 200        // of one element
	maxClasses    = 32         // of one element
	maxExpansion  = 10_000     // elements drawn by reference, such as by use, pattern and marker
	maxReferences = 10         // references behind one another, nested svg elements counted in
	maxPictures   = 4          // embedded
	maxPixels     = 50_000_000 // of the embedded pictures together, by their headers
	maxScans      = 100        // of an embedded JPEG
	maxStops      = 256        // of one gradient
	maxPrimitives = 20         // of one filter
	maxOctaves    = 5          // of noise
	maxBlur       = 100        // standard deviation, in the units of the drawing
	maxDashes     = 1_000_000  // of all lines; 2.8 million take 150 ms and 150 MB
	maxEffort     = 10_000     // see Document.Effort
	maxStyling    = 5_000_000  // elements by steps of selectors and declarations; it takes 1 s
	maxWriting    = 2000       // milliseconds of text; one line of 8,000 letters, or 1,200 of 100
)

// A Document is a drawing that is safe to render.
type Document struct {
	Data          []byte  // UTF-8, one svg element, no declarations
	Width, Height float64 // CSS pixels, from width and height or the viewBox; 0 if unknown
	Elements      int     // elements in Data

	// Effort estimates the milliseconds that filters, masks, patterns and
	// transparent groups take for each megapixel of the picture, because a
	// renderer may work on the whole canvas for each. It is 0 for most drawings
	// and at most 10,000. Plain colors (0.1 ms a megapixel) and gradients (9 ms)
	// are not in it, though 20,000 of them can cover the whole canvas too: only
	// a limit of time or of the canvas helps against those.
	Effort float64
}

// Sanitize returns the drawing in data without anything that runs, moves, loads
// or asks for far too much. It takes time linear in the length of data.
//
// Its errors are Unsupported for compressed drawings and encodings other than
// UTF-8, and Unprocessable for what is no drawing, is not well-formed, declares
// entities or includes, or is over a limit. They repeat nothing of the content.
func Sanitize(data []byte) (Document, error) {
	if err := legible(data); err != nil {
		return Document{}, err
	}
	r := newReader()
	if err := r.read(data); err != nil {
		return Document{}, err
	}
	if r.out.Len() > maxBytes {
		return Document{}, refused("has more than %d bytes", maxBytes)
	}
	cost, err := r.cost()
	if err != nil {
		return Document{}, err
	}
	return Document{
		Data: r.out.Bytes(), Width: r.width, Height: r.height,
		Elements: len(r.nodes), Effort: cost.layers,
	}, nil
}

// Size returns what the drawing in data measures in CSS pixels, as in Document, by its
// first element. It reads 64 KiB at most: a drawing whose first element is not whole by
// then is of unknown size. Its errors are those of Sanitize, for as much as it reads.
func Size(data []byte) (w, h float64, err error) {
	if err := legible(data); err != nil {
		return 0, 0, err
	}
	r := newReader()
	r.rootAlone = true
	err = r.read(data[:min(len(data), maxHead)])
	if r.malformed && len(data) > maxHead {
		return 0, 0, nil // where it was cut
	}
	return r.width, r.height, err
}

// legible refuses what is over the limit of bytes or in no encoding that is read.
func legible(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return fault.Errorf(fault.Unsupported, "compressed drawings are not supported")
	case bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\xff\xfe")):
		return notUTF8(nil)
	case len(data) > maxBytes:
		return refused("has more than %d bytes", maxBytes)
	}
	return nil
}

// refused is the error of a drawing; the format continues "the drawing".
func refused(format string, args ...any) error {
	return fault.Errorf(fault.Unprocessable, "the drawing "+format, args...)
}

func notUTF8(err error) error {
	const text = "drawings in encodings other than UTF-8 are not supported"
	if err == nil {
		return fault.Errorf(fault.Unsupported, text)
	}
	return fault.Wrap(err, fault.Unsupported, text)
}
