package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// read gives *into the value of node. Its errors begin with the key, which
// those of the YAML package and of values that read themselves do not.
func read[T any](node ast.Node, into *T) error {
	err := yaml.NodeToValue(node, into, yaml.Strict())
	if err == nil {
		return nil
	}
	key := strings.TrimPrefix(culprit(node, reflect.TypeFor[T]()).GetPath(), "$.")
	return fmt.Errorf("%s: %s", key, plain(err))
}

// culprit returns the innermost node that cannot be read: node, which is of
// type t, or one in it.
func culprit(node ast.Node, t reflect.Type) ast.Node {
	switch n := node.(type) {
	case *ast.SequenceNode:
		for _, item := range n.Values {
			if t.Kind() == reflect.Slice && !fits(item, t.Elem()) {
				return culprit(item, t.Elem())
			}
		}
	case *ast.MappingNode:
		for _, pair := range n.Values {
			if field, ok := fieldOf(t, pair.Key.String()); ok && !fits(pair.Value, field) {
				return culprit(pair.Value, field)
			}
		}
	}
	return node
}

func fits(node ast.Node, t reflect.Type) bool {
	return yaml.NodeToValue(node, reflect.New(t).Interface(), yaml.Strict()) == nil
}

// fieldOf returns the type of what a struct or a map has under the given key, or
// what it points to.
func fieldOf(t reflect.Type, key string) (reflect.Type, bool) {
	if t.Kind() == reflect.Map {
		return t.Elem(), true
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != key {
			continue
		}
		if f.Type.Kind() == reflect.Pointer {
			return f.Type.Elem(), true
		}
		return f.Type, true
	}
	return nil, false
}

// plain returns the text of an error of the YAML package without color, without
// the lines around the mistake and without the name of an alias: any of them may
// be somebody's token.
func plain(err error) string {
	text := yaml.FormatError(err, false, false)
	if before, _, alias := strings.Cut(text, "could not find alias"); alias {
		return before + "no anchor of this name; text that begins with * needs quotes"
	}
	return text
}
