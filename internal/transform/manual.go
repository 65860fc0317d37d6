package transform

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"pixedge/internal/op"
)

// Manual writes the reference of the operations as Markdown.
func Manual(w io.Writer, specs []Spec) {
	for _, s := range specs {
		fmt.Fprintf(w, "## %s\n\n%s\n\nExample: `%s`\n\n", s.Name, s.Doc, s.Example)
		if params := s.Params(); len(params) > 0 {
			table(w, params)
		}
	}
}

func table(w io.Writer, params []op.Param) {
	fmt.Fprintln(w, "| parameter | kind | default | allowed | |\n| --- | --- | --- | --- | --- |")
	for _, p := range params {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", p.Name, p.Kind, code(p.Default), allowed(p), p.Doc)
	}
	fmt.Fprintln(w)
}

func allowed(p op.Param) string {
	var parts []string
	if p.Min != nil && p.Max != nil {
		parts = append(parts, fmt.Sprintf("%g to %g", *p.Min, *p.Max))
	}
	for _, c := range p.Choices {
		parts = append(parts, code(c))
	}
	return cmp.Or(strings.Join(parts, ", "), "–")
}

func code(text string) string {
	if text == "" {
		return "–"
	}
	return "`" + text + "`"
}
