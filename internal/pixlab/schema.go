package pixlab

import (
	"reflect"
	"strings"
)

// nameOf is what the document calls the shape of a reply.
func nameOf(reply any) string { return reflect.TypeOf(reply).Name() }

// schemaOf describes the shape of a reply as JSON Schema has it.
func schemaOf(reply any) object { return schemaOfType(reflect.TypeOf(reply)) }

func schemaOfType(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Struct:
		properties := object{}
		var required []string
		for f := range t.Fields() {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			properties[name] = schemaOfType(f.Type)
			if options != "omitempty" {
				required = append(required, name)
			}
		}
		return object{"type": "object", "properties": properties, "required": required}
	case reflect.Slice:
		return object{"type": "array", "items": schemaOfType(t.Elem())}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Bool:
		return object{"type": "boolean"}
	default:
		return object{"type": "string"}
	}
}
