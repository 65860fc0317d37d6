package svg

import (
	"strconv"
	"strings"
)

// sheet returns the rules of a style sheet that are kept, and notes what they
// give to which elements. At-rules go, with everything in them.
func (r *reader) sheet(css string) (string, error) {
	var out strings.Builder
	css = withoutComments(strings.NewReplacer("<!--", " ", "-->", " ").Replace(css))
	for css = strings.TrimSpace(css); css != ""; css = strings.TrimSpace(css) {
		if css[0] == '@' {
			css = afterRule(css)
			continue
		}
		var selectors, body string
		selectors, css, _ = strings.Cut(css, "{")
		body, css, _ = strings.Cut(css, "}")
		out.WriteString(r.rule(selectors, body))
		if r.styling > maxStyling {
			return "", tooMuchStyle()
		}
	}
	return out.String(), nil
}

func tooMuchStyle() error { return refused("has style rules that take too long to apply") }

// rule returns a rule with the selectors and declarations that are kept.
func (r *reader) rule(selectors, body string) string {
	var gives trait
	declarations, n := r.declarations(body, &gives)
	var kept []string
	steps := 0
	for s := range strings.SplitSeq(selectors, ",") {
		s = strings.Join(strings.Fields(s), " ")
		key := subject(s)
		if key == "" {
			continue
		}
		kept = append(kept, s)
		steps += 1 + strings.Count(s, " ") + strings.Count(s, "+") + strings.Count(s, "~") + strings.Count(s, ">")
		r.rules[key] = r.rules[key].and(gives)
	}
	if len(kept) == 0 || n == 0 {
		return ""
	}
	r.styling += steps + n*len(kept)
	return strings.Join(kept, ",") + "{" + declarations + "}"
}

// declarations returns those that are kept, how many there are, and adds what
// they mean to t.
func (r *reader) declarations(css string, t *trait) (string, int) {
	var kept []string
	for d := range strings.SplitSeq(withoutComments(css), ";") {
		name, value, _ := strings.Cut(d, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if value != "" && isProperty(name) && r.property(t, name, value) {
			kept = append(kept, name+":"+value)
		}
	}
	return strings.Join(kept, ";"), len(kept)
}

// property reports whether a property may have the value, and if so notes on t
// what that costs.
func (r *reader) property(t *trait, name, value string) bool {
	refs, ok := references(value)
	if !ok {
		return false
	}
	value, _, _ = strings.Cut(strings.ToLower(value), "!") // important
	value = strings.TrimSpace(value)
	switch name {
	case "fill", "stroke":
		t.paints = append(t.paints, refs...)
	case "marker", "marker-start", "marker-mid", "marker-end":
		t.marks = append(t.marks, refs...)
	case "clip-path", "mask", "filter":
		t.draws = append(t.draws, refs...)
		t.effort += effortOfMask * float64(len(refs))
		// What is inherited here would be applied more often than it is written.
		return len(refs) > 0 || value == "none"
	case "opacity", "mix-blend-mode", "isolation":
		if value != "1" && value != "normal" && value != "auto" {
			t.effort += effortOfGroup
		}
	case "stroke-dasharray":
		return t.dash(value)
	case "vector-effect":
		r.fixedWidth = r.fixedWidth || value != "none"
	case "font-size", "font":
		r.enlarge(value)
	}
	return len(refs) == 0 || name == "fill" || name == "stroke" || strings.HasPrefix(name, "marker")
}

// dash reports whether the value of stroke-dasharray is none or in units of
// the drawing, and notes how long a dash is with its gap, on average.
func (t *trait) dash(value string) bool {
	if value == "none" || value == "inherit" {
		return true
	}
	period, count := 0.0, 0.0
	for f := range strings.FieldsFuncSeq(value, isSeparator) {
		n, err := strconv.ParseFloat(strings.TrimSuffix(f, "px"), 64)
		if err != nil || !(n >= 0 && n < 1e9) {
			return false
		}
		period += n
		count++
	}
	period *= 2 / max(2, count)
	if period > 0 && (t.period == 0 || period < t.period) {
		t.period = period
	}
	return true
}

// isSeparator reports whether c stands between numbers in a list.
func isSeparator(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// subject returns the key of the elements that a selector may be about: the
// class, the id or the name that the last of its steps asks for, or * for any.
// It is empty for selectors that are not kept: those with attributes, functions
// or anything unusual.
func subject(selector string) string {
	for _, c := range selector {
		if c < 0x80 && !strings.ContainsRune(" .#*>+~:-_", c) && !isAlphanumeric(c) {
			return ""
		}
	}
	last := selector[strings.LastIndexAny(selector, " >+~")+1:]
	last, _, _ = strings.Cut(last, ":")
	i := strings.IndexAny(last, ".#")
	if i < 0 {
		if last == "" && selector != "" {
			return "*"
		}
		return strings.ToLower(last)
	}
	name := last[i+1:]
	if j := strings.IndexAny(name, ".#"); j >= 0 {
		name = name[:j]
	}
	return last[i:i+1] + name
}

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// withoutComments puts a space in the place of each comment, so that what stood
// around it does not grow together.
func withoutComments(css string) string {
	if !strings.Contains(css, "/*") {
		return css
	}
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(css, "/*")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		out.WriteByte(' ')
		if _, css, ok = strings.Cut(after, "*/"); !ok {
			return out.String()
		}
	}
}

// afterRule returns what follows the at-rule that css begins with.
func afterRule(css string) string {
	depth := 0
	for i := range len(css) {
		switch css[i] {
		case '{':
			depth++
		case '}':
			depth--
			if depth <= 0 {
				return css[i+1:]
			}
		case ';':
			if depth == 0 {
				return css[i+1:]
			}
		}
	}
	return ""
}
