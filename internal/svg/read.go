package svg

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	nsSVG   = "http://www.w3.org/2000/svg"
	nsXLink = "http://www.w3.org/1999/xlink"
	nsXML   = "http://www.w3.org/XML/1998/namespace"
)

var errEncoding = errors.New("declared encoding is not UTF-8")

// A reader reads a drawing and writes the safe one as it goes.
type reader struct {
	out     bytes.Buffer
	unended bool   // the tag written last still wants its >
	stack   []open // the elements around the one being read
	seen    int    // elements read
	css     []byte // of the style element being read

	rootAlone bool // nothing after the first element counts
	malformed bool // it is not XML, or not to its end

	width, height float64

	nodes      []node           // the elements written, in their order
	ids        map[string]int   // nodes by id
	rules      map[string]trait // what style rules give, by the key of their selectors
	styling    int              // steps of selectors and declarations of style rules
	pictures   int
	pixels     int
	extent     float64 // the largest size of a viewport or a font, in units of the drawing
	enlarged   float64 // by how much sizes of fonts relative to others may enlarge them
	fixedWidth bool    // a line does not scale with the drawing
}

// An open element is one whose end was not read yet.
type open struct {
	name string
	kind kind
	node int // its index; of no meaning if it is dropped
}

func newReader() *reader {
	return &reader{
		ids: make(map[string]int), rules: make(map[string]trait),
		enlarged: 1, extent: 1000, // more than the default of any renderer
	}
}

// read reads the document. Entities other than the five of XML are errors,
// since the decoder is told of none.
func (r *reader) read(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	for !r.rootAlone || len(r.nodes) == 0 {
		token, err := d.Token()
		r.malformed = err != nil
		switch {
		case errors.Is(err, io.EOF) && len(r.nodes) > 0:
			return nil
		case errors.Is(err, io.EOF):
			return refused("is empty")
		case errors.Is(err, errEncoding):
			r.malformed = false
			return notUTF8(err)
		case err != nil:
			// The decoder's text may quote the content, so it is for nobody.
			return refused("is not well-formed XML")
		}
		if err := r.token(token); err != nil {
			return err
		}
	}
	return nil
}

// token takes the next token. Comments and processing instructions vanish.
func (r *reader) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end()
	case xml.CharData:
		r.text(t)
	case xml.Directive:
		return r.directive(string(t))
	}
	return nil
}

// directive lets a plain document type vanish and refuses every other one.
func (r *reader) directive(text string) error {
	fields := strings.Fields(text)
	if len(fields) < 2 || fields[0] != "DOCTYPE" || r.seen > 0 ||
		strings.Contains(text, "[") || strings.Contains(strings.ToUpper(text), "ENTITY") {
		return refused("declares entities or another document type")
	}
	if name := fields[1]; name != "svg" && !strings.HasSuffix(name, ":svg") {
		return refused("declares entities or another document type")
	}
	return nil
}

func (r *reader) start(t xml.StartElement) error {
	r.seen++
	switch {
	case r.seen > maxElements:
		return refused("has more than %d elements", maxElements)
	case len(r.stack) == maxDepth:
		return refused("has elements nested deeper than %d", maxDepth)
	case len(t.Attr) > maxAttributes:
		return refused("has an element of more than %d attributes", maxAttributes)
	case t.Name.Space == "xi" || strings.HasSuffix(t.Name.Space, "/XInclude"):
		return refused("includes other documents")
	}
	o, around := r.classify(t.Name), r.around()
	if around == nil && (o.name != "svg" || r.seen > 1) {
		return refused("is not one svg element")
	}
	if around != nil && (around.kind == dropped || around.kind == words || around.kind == sheet) {
		o.kind = dropped
	}
	if o.kind == dropped {
		r.stack = append(r.stack, o)
		return nil
	}
	return r.element(o, t.Attr)
}

// around returns the innermost open element, or nil before and after the root.
func (r *reader) around() *open {
	if len(r.stack) == 0 {
		return nil
	}
	return &r.stack[len(r.stack)-1]
}

// classify says what becomes of an element. Links lose their target and stay as
// groups, for they can carry transformations and paint. A document without any
// namespace is taken for SVG, as it was surely meant.
func (r *reader) classify(name xml.Name) open {
	if name.Space != nsSVG && name.Space != "" {
		return open{}
	}
	local := name.Local
	if local == "a" {
		local = "g"
		if o := r.around(); o != nil && o.kind == lettering {
			local = "tspan"
		}
	}
	return open{name: local, kind: kindOf(local)}
}

// element writes the start of an element and makes its node.
func (r *reader) element(o open, from []xml.Attr) error {
	o.node = len(r.nodes)
	n := node{name: o.name, kind: o.kind, parent: -1}
	if around := r.around(); around != nil {
		n.parent = around.node
	}
	kept, err := r.attributes(&n, from)
	if err != nil {
		return err
	}
	if n.parent >= 0 {
		if err := r.join(o.node, n); err != nil {
			return err
		}
	}
	r.weigh(&n, kept)
	if err := n.filter(kept); err != nil {
		return err
	}
	r.nodes = append(r.nodes, n)
	r.stack = append(r.stack, o)
	r.write(o.name, kept)
	return nil
}

// join makes node i a child of its parent.
func (r *reader) join(i int, n node) error {
	p := &r.nodes[n.parent]
	p.children = append(p.children, i)
	switch {
	case p.kind == gradient && len(p.children) > maxStops:
		return refused("has a gradient of more than %d stops", maxStops)
	case p.name == "filter" && len(p.children) > maxPrimitives:
		return refused("has a filter of more than %d steps", maxPrimitives)
	}
	return nil
}

// write writes the start tag without its >.
func (r *reader) write(name string, attributes []attribute) {
	r.endTag()
	r.out.WriteString("<" + name)
	if len(r.nodes) == 1 {
		r.out.WriteString(` xmlns="` + nsSVG + `" xmlns:xlink="` + nsXLink + `"`)
		r.width, r.height = size(attributes)
	}
	for _, a := range attributes {
		r.out.WriteString(" " + a.written() + `="`)
		escape(&r.out, a.value)
		r.out.WriteByte('"')
	}
	r.unended = true
}

func (r *reader) endTag() {
	if r.unended {
		r.out.WriteByte('>')
	}
	r.unended = false
}

func (r *reader) end() error {
	o := *r.around()
	r.stack = r.stack[:len(r.stack)-1]
	if o.kind == dropped {
		return nil
	}
	if o.kind == sheet {
		if err := r.endSheet(); err != nil {
			return err
		}
	}
	if r.unended {
		r.out.WriteString("/>")
		r.unended = false
		return nil
	}
	r.out.WriteString("</" + o.name + ">")
	return nil
}

// text takes characters. They mean something in few elements only.
func (r *reader) text(chars []byte) {
	o := r.around()
	if o == nil {
		return
	}
	switch o.kind {
	case sheet:
		r.css = append(r.css, chars...)
	case lettering, words:
		r.endTag()
		escape(&r.out, string(chars))
		if o.kind == lettering {
			r.nodes[o.node].write(len(chars))
		}
	default: // white space between elements
	}
}

func (r *reader) endSheet() error {
	rules, err := r.sheet(string(r.css))
	r.css = r.css[:0]
	if rules != "" {
		r.endTag()
		escape(&r.out, rules)
	}
	return err
}

// escape writes text so that it reads the same in content and in attributes.
func escape(w *bytes.Buffer, text string) {
	for {
		i := strings.IndexAny(text, "&<>\"\r\n\t")
		if i < 0 {
			w.WriteString(text)
			return
		}
		w.WriteString(text[:i])
		switch text[i] {
		case '&':
			w.WriteString("&amp;")
		case '<':
			w.WriteString("&lt;")
		case '>':
			w.WriteString("&gt;")
		case '"':
			w.WriteString("&#34;")
		case '\r':
			w.WriteString("&#13;")
		case '\n':
			w.WriteString("&#10;")
		case '\t':
			w.WriteString("&#9;")
		}
		text = text[i+1:]
	}
}
