package config

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// Reference writes the reference page of every setting as Markdown: the flags
// of app, then the keys of a cloud.
func Reference(w io.Writer, app *kong.Application) {
	fmt.Fprintln(w, "| key in edge.yaml | flag | variable | default | |\n| --- | --- | --- | --- | --- |")
	for _, f := range app.Flags {
		name, ok := KeyOf(f)
		if !ok && len(f.Envs) == 0 {
			continue // --help
		}
		fmt.Fprintf(w, "| %s | `--%s` | `%s` | %s | %s |\n",
			code(name), f.Name, strings.Join(f.Envs, " "), code(f.Default), f.Help)
	}
	fmt.Fprint(w, "\n## Clouds\n\nOnly edge.yaml can describe clouds.\n\n| key | |\n| --- | --- |\n")
	keys(w, "clouds[]", reflect.TypeFor[Cloud]())
}

// keys writes a row a field, and the fields of those that are structs below
// them. The keys of a map are NAME.
func keys(w io.Writer, at string, t reflect.Type) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		path := at + "." + name
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Map {
			inner = inner.Elem()
			path += ".NAME"
		}
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
			path += "[]"
		}
		fmt.Fprintf(w, "| `%s` | %s |\n", path, f.Tag.Get("help"))
		described := inner.Kind() == reflect.Struct && inner.NumField() > 0 && inner.Field(0).Tag.Get("help") != ""
		again := strings.HasPrefix(at, "clouds[].zones") && inner == reflect.TypeFor[Source]()
		if described && !again {
			keys(w, path, inner)
		}
	}
}

func code(text string) string {
	if text == "" {
		return "–"
	}
	return "`" + cmp.Or(text, "–") + "`"
}
