package pixlab

import (
	"fmt"
	"slices"
	"strings"

	"pixedge/internal/op"
)

// An EndpointDoc says what an endpoint is and takes, for people.
type EndpointDoc struct {
	Name, Doc string
	Methods   []string
	Picture   []string // names of the parameter that has the picture; none: it is not about one
	Upload    bool     // the picture must be a file in a form
	Params    []ParamDoc
}

// A ParamDoc is a parameter other than the key and the picture.
type ParamDoc struct {
	Name    string
	Aliases []string
	Doc     string
	Needed  bool
	Default string // empty: there is none
	Range   string // what it may be
}

// Describe lists the endpoints by name.
func Describe() []EndpointDoc {
	var docs []EndpointDoc
	for _, e := range catalog() {
		p := e.parameters()
		doc := EndpointDoc{Name: e.name, Doc: e.doc, Methods: e.methods(), Picture: e.picture, Upload: e.fileOnly}
		for _, d := range p.Describe() {
			doc.Params = append(doc.Params, ParamDoc{
				Name: d.Name, Aliases: d.Aliases, Doc: d.Doc, Needed: p.needs(d.Name), Default: p.fallback(d), Range: bounds(d),
			})
		}
		for _, l := range p.lists {
			doc.Params = append(doc.Params, ParamDoc{Name: l.name, Doc: l.doc, Needed: true, Range: "a list of objects with " + strings.Join(l.fields, ", ")})
		}
		docs = append(docs, doc)
	}
	return docs
}

func (p *params) needs(name string) bool { return slices.Contains(p.needed, name) }

// fallback returns what counts where the parameter is missing, or "" if nothing does.
func (p *params) fallback(d op.Param) string {
	unset := d.Min != nil && d.Max != nil && d.Default == "0" && (*d.Min > 0 || *d.Max < 0)
	if unset || p.needs(d.Name) {
		return ""
	}
	return d.Default
}

// bounds says what a parameter may be.
func bounds(d op.Param) string {
	switch {
	case d.Kind == "integer":
		return fmt.Sprintf("%.0f..%.0f", *d.Min, *d.Max)
	case d.Kind == "float":
		return fmt.Sprintf("%g..%g, with a fraction", *d.Min, *d.Max)
	case d.Kind == "color":
		return "a color"
	case d.Kind == "custom":
		return fmt.Sprintf("text of at most %d bytes", maxText)
	case len(d.Choices) > 0:
		return strings.Join(d.Choices, ", ")
	}
	return "true or false"
}
