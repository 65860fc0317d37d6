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
	Params    []ParamDoc // its own
}

// A ParamDoc is a parameter other than the key, the picture and blob.
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
		doc := EndpointDoc{Name: e.name, Doc: e.doc, Methods: e.methods()}
		for _, d := range p.Describe() {
			if d.Name == blobName {
				continue
			}
			doc.Params = append(doc.Params, ParamDoc{
				Name: d.Name, Aliases: d.Aliases, Doc: d.Doc, Needed: p.needs(d.Name), Default: p.fallback(d), Range: p.bounds(d),
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
func (p *params) bounds(d op.Param) string {
	switch {
	case d.Kind == "integer":
		return fmt.Sprintf("%.0f..%.0f", *d.Min, *d.Max)
	case d.Kind == "float":
		return fmt.Sprintf("%g..%g, with a fraction", *d.Min, *d.Max)
	case d.Kind == "color":
		return "a color"
	case slices.Contains(p.letters, d.Name):
		return fmt.Sprintf("text of at most %d bytes", maxText)
	case d.Kind == "custom":
		return "text"
	case len(d.Choices) > 0:
		return strings.Join(d.Choices, ", ")
	}
	return "true or false"
}
