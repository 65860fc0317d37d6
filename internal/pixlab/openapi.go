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
	paths := object{}
	for _, e := range list {
		item := object{}
		for _, method := range e.methods() {
			item[strings.ToLower(method)] = e.operation(method)
		}
		paths["/"+e.name] = item
	}
	return object{
		"openapi": "3.0.3",
		"info": object{
			"title": "Pixedge: PixLab's API", "version": "1",
			"description": "Every reply but a picture is JSON with the status of the status line.",
		},
		"servers":  []object{{"url": server}},
		"security": []object{{"query": []string{}}, {"header": []string{}}},
		"paths":    paths,
		"components": object{
			"securitySchemes": object{
				"query":  object{"type": "apiKey", "in": "query", "name": "key"},
				"header": object{"type": "apiKey", "in": "header", "name": "WWW-Authenticate"},
			},
			"schemas": object{
				"Stored": shape("status", "id", "link", "ssl_link"),
				"Failed": shape("status", "error"),
			},
		},
	}
}

// shape is the schema of a reply: a status and texts.
func shape(names ...string) object {
	properties := object{}
	for _, name := range names {
		properties[name] = object{"type": "string"}
	}
	properties["status"] = object{"type": "integer"}
	return object{"type": "object", "required": names, "properties": properties}
}

func (e endpoint) operation(method string) object {
	o := object{
		"operationId": strings.ToLower(method) + "_" + e.name,
		"summary":     e.doc,
		"responses":   e.responses(),
	}
	properties, required := e.schema()
	if method == "GET" {
		o["parameters"] = inQuery(properties, required)
		return o
	}
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	content := object{}
	for _, kind := range e.contentTypes() {
		content[kind] = object{"schema": withFile(schema, kind == multipart && e.uploads())}
	}
	o["requestBody"] = object{"required": true, "content": content}
	return o
}

const multipart = "multipart/form-data"

// contentTypes are those of bodies that the endpoint takes.
func (e endpoint) contentTypes() []string {
	if e.fileOnly {
		return []string{multipart}
	}
	return []string{multipart, contentType, "application/x-www-form-urlencoded"}
}

func (e endpoint) uploads() bool { return e.fileOnly || len(e.picture) > 0 }

// withFile adds the part that a picture comes in.
func withFile(schema object, file bool) object {
	if !file {
		return schema
	}
	schema = maps.Clone(schema)
	properties := maps.Clone(schema["properties"].(object)) //nolint:forcetypeassert // operation made it
	properties["file"] = object{"type": "string", "format": "binary", "description": "The picture itself."}
	schema["properties"] = properties
	return schema
}

func inQuery(properties object, required []string) []object {
	list := make([]object, 0, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		list = append(list, object{"name": name, "in": "query", "required": slices.Contains(required, name), "schema": properties[name]})
	}
	return list
}

func (e endpoint) responses() object {
	success := object{contentType: object{"schema": object{"$ref": "#/components/schemas/Stored"}}}
	if e.recipe != nil {
		success["image/*"] = object{"schema": object{"type": "string", "format": "binary"}}
	} else if !e.keeps {
		success = object{contentType: object{"schema": object{"type": "object"}}}
	}
	return object{
		"200":     object{"description": "Done.", "content": success},
		"default": object{"description": "What went wrong.", "content": object{contentType: object{"schema": object{"$ref": "#/components/schemas/Failed"}}}},
	}
}

// schema describes the parameters, and names those that must be given. A picture may
// be a file instead, so it is not among them.
func (e endpoint) schema() (properties object, required []string) {
	p := e.parameters()
	properties = object{}
	if len(e.picture) > 0 {
		properties[e.picture[0]] = object{"type": "string", "description": "The picture: its address, the id of a stored one, or base64."}
	}
	if e.recipe != nil {
		properties["blob"] = object{"type": "boolean", "default": false, "description": "Answer with the picture and keep nothing."}
	}
	for _, d := range p.Describe() {
		properties[d.Name] = property(d)
	}
	for _, l := range p.lists {
		item := object{}
		for _, field := range l.fields {
			item[field] = object{}
		}
		properties[l.name] = object{"type": "array", "description": l.doc, "items": object{"type": "object", "properties": item}}
	}
	return properties, p.needed
}

// property describes a parameter.
func property(d op.Param) object {
	o := object{"description": d.Doc, "type": "string"}
	switch d.Kind {
	case "integer":
		o["type"] = "integer"
	case "float":
		o["type"] = "number"
	case "boolean":
		o["type"] = "boolean"
	}
	if d.Min != nil && d.Max != nil {
		o["minimum"], o["maximum"] = *d.Min, *d.Max
	}
	if len(d.Choices) > 0 {
		o["enum"] = d.Choices
	}
	return o
}
