package pixlab

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pixedge/internal/op"
	"pixedge/internal/web"
)

// document is the endpoint that describes the others, in OpenAPI 3.0.
func (s *Service) document(list []endpoint) web.Endpoint {
	body, err := json.MarshalIndent(openAPI(s.Public, list), "", "  ")
	return web.Endpoint{
		Name: "openapi", Methods: []string{"GET", "HEAD"}, Path: "/openapi.json", Doc: "This API as an OpenAPI document.",
		Serve: func(context.Context, *web.Call) (web.Reply, error) {
			return web.Reply{ContentType: contentType, Body: body}, err
		},
	}
}

// object is one of JSON.
type object = map[string]any

// openAPI describes endpoints as OpenAPI 3.0.3 has it.
func openAPI(server string, list []endpoint) object {
	paths, schemas := object{}, object{"failed": schemaOf(failed{})}
	for _, e := range list {
		item := object{}
		for _, method := range e.methods() {
			item[strings.ToLower(method)] = e.operation(method)
		}
		paths["/"+e.name] = item
		schemas[nameOf(e.reply)] = schemaOf(e.reply)
	}
	return object{
		"openapi": "3.0.3",
		"info": object{
			"title": "Pixedge: PixLab's API", "version": "1",
			"description": "Every reply but a picture is JSON with the status of the status line. Parameters may be in the query, in the body or in both; the body's count first. Those that are not described here are ignored.",
		},
		"servers":  []object{{"url": server}},
		"security": []object{{"query": []string{}}, {"header": []string{}}},
		"paths":    paths,
		"components": object{
			"securitySchemes": object{
				"query":  object{"type": "apiKey", "in": "query", "name": "key", "description": "It may be in the body instead."},
				"header": object{"type": "apiKey", "in": "header", "name": "WWW-Authenticate", "description": "The bare key, without a scheme."},
			},
			"schemas": schemas,
		},
	}
}

func (e endpoint) operation(method string) object {
	o := object{
		"operationId": strings.ToLower(method) + "_" + e.name,
		"summary":     e.doc,
		"responses":   e.responses(),
	}
	properties, required := e.properties()
	if method != "GET" {
		o["requestBody"] = e.body(properties, required)
		return o
	}
	if len(e.picture) > 0 {
		required = append(required, e.picture[0])
	}
	if list := inQuery(properties, required); len(list) > 0 {
		o["parameters"] = list
	}
	return o
}

func inQuery(properties object, required []string) []object {
	list := make([]object, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		schema, _ := properties[name].(object)
		list = append(list, object{"name": name, "in": "query", "required": slices.Contains(required, name), "description": schema["description"], "schema": schema})
	}
	return list
}

const multipart = "multipart/form-data"

// body describes the bodies that the endpoint takes. Only a form in parts has a file.
func (e endpoint) body(properties object, required []string) object {
	content := object{}
	for _, kind := range e.contentTypes() {
		fields, needed := maps.Clone(properties), slices.Clone(required)
		switch {
		case kind == multipart && len(e.picture) > 0, e.fileOnly:
			fields["file"] = object{"type": "string", "format": "binary", "description": "The file itself."}
		case len(e.picture) > 0:
			needed = append(needed, e.picture[0])
		}
		if e.fileOnly {
			needed = append(needed, "file")
		}
		fields["key"] = object{"type": "string", "description": "The API key, if it is neither in the query nor in the header."}
		schema := object{"type": "object", "properties": fields}
		if len(needed) > 0 {
			schema["required"] = needed
		}
		content[kind] = e.media(kind, schema)
	}
	return object{"required": e.fileOnly, "content": content}
}

// media describes a body of a content type. Lists in forms are JSON.
func (e endpoint) media(kind string, schema object) object {
	m := object{"schema": schema}
	encoding := object{}
	for _, l := range e.parameters().lists {
		encoding[l.name] = object{"contentType": contentType}
	}
	if len(encoding) > 0 && kind != contentType {
		m["encoding"] = encoding
	}
	return m
}

// contentTypes are those of bodies that the endpoint takes.
func (e endpoint) contentTypes() []string {
	if e.fileOnly {
		return []string{multipart}
	}
	return []string{multipart, contentType, "application/x-www-form-urlencoded"}
}

func (e endpoint) responses() object {
	content := func(reply any) object {
		return object{contentType: object{"schema": object{"$ref": "#/components/schemas/" + nameOf(reply)}}}
	}
	success := content(e.reply)
	if e.recipe != nil {
		success["image/*"] = object{"schema": object{"type": "string", "format": "binary"}}
	}
	list := object{"200": object{"description": "Done.", "content": success}}
	for status, text := range failures() {
		list[status] = object{"description": text, "content": content(failed{})}
	}
	return list
}

// failures says when the statuses are met that any endpoint may answer with.
func failures() map[string]string {
	return map[string]string{
		"400":     "A parameter is missing or is not what it should be.",
		"401":     "The key is missing or not valid.",
		"403":     "The key is not for this endpoint, the address may not be fetched, or the cloud's quota is used up.",
		"404":     "The picture is not there.",
		"413":     "The picture has too many bytes.",
		"415":     "It is no picture, or of a format that is not supported.",
		"429":     "Too many requests; Retry-After says when to come back.",
		"default": "Anything else.",
	}
}

// properties describes the parameters other than the key and the file, and names
// those that must be given.
func (e endpoint) properties() (properties object, required []string) {
	p := e.parameters()
	properties = object{}
	for i, name := range e.picture {
		text := "The picture: its address, the id of a stored one, or base64."
		if i > 0 {
			text = "Another name for " + e.picture[0] + "."
		}
		if !e.fileOnly {
			properties[name] = object{"type": "string", "description": text}
		}
	}
	for _, d := range p.Describe() {
		properties[d.Name] = p.property(d)
		for _, alias := range d.Aliases {
			other := maps.Clone(p.property(d))
			other["description"] = "Another name for " + d.Name + "."
			properties[alias] = other
		}
	}
	for _, l := range p.lists {
		properties[l.name] = l.schema()
	}
	return properties, slices.Clip(p.needed)
}

// property describes a parameter.
func (p *params) property(d op.Param) object {
	o := object{"description": d.Doc, "type": "string"}
	switch d.Kind {
	case "integer":
		o["type"] = "integer"
	case "float":
		o["type"] = "number"
	case "boolean":
		o["type"] = "boolean"
	case "color":
		o["description"] = d.Doc + " A name, #rgb, #rrggbb, rrggbb or rrggbbaa; transparent, tr or none."
	}
	if slices.Contains(p.letters, d.Name) {
		o["maxLength"] = maxText
	}
	if d.Min != nil && d.Max != nil {
		o["minimum"], o["maximum"] = *d.Min, *d.Max
	}
	if len(d.Choices) > 0 && !slices.Contains(d.Choices, anyOther) {
		o["enum"] = d.Choices
	}
	if text := p.fallback(d); text != "" {
		o["default"] = typed(d.Kind, text)
	}
	return o
}

// typed is the text of a value as JSON has it.
func typed(kind, text string) any {
	if kind == "integer" || kind == "float" || kind == "boolean" {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			return v
		}
	}
	return text
}

func (l list) schema() object {
	properties := object{}
	for _, name := range l.fields {
		kind := "number"
		switch name {
		case "img", "color":
			kind = "string"
		case "center", "center_y":
			kind = "boolean"
		}
		properties[name] = object{"type": kind}
	}
	item := object{"type": "object", "properties": properties}
	return object{"type": "array", "minItems": 1, "description": l.doc, "items": item}
}
