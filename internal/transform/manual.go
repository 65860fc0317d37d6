package transform

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"pixedge/internal/op"
)

// Manual writes the reference of the operations as Markdown. Beside each example
// stands its result, the golden picture that TestExamples holds it to; pictures is
// where they are, as seen from the page.
func Manual(w io.Writer, specs []Spec, pictures string) {
	for _, s := range specs {
		result := "JSON"
		if s.Shows() {
			result = fmt.Sprintf("![the result](%s/%s.png)", pictures, s.Name)
		}
		fmt.Fprintf(w, "## %s\n\n%s\n\n| example | result |\n| --- | --- |\n", s.Name, s.Doc)
		fmt.Fprintf(w, "| `/v2/demo/%s/card.png` | %s |\n\n", s.Example, result)
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
		parts = append(parts, number(*p.Min)+" to "+number(*p.Max))
	}
	for _, c := range p.Choices {
		parts = append(parts, code(c))
	}
	return cmp.Or(strings.Join(parts, ", "), "–")
}

// number writes n without an exponent.
func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func code(text string) string {
	if text == "" {
		return "–"
	}
	return "`" + text + "`"
}
