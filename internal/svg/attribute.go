package svg

import (
	"encoding/xml"
	"slices"
	"strings"
)

// An attribute is one that is written. The key of every reference is href.
type attribute struct{ key, value string }

// written returns the name in the document. References have the older form,
// which every renderer knows.
func (a attribute) written() string {
	if a.key == "href" {
		return "xlink:href"
	}
	return a.key
}

// attributes returns what is kept of an element's attributes, each key once,
// and notes on n what they mean for the cost of the drawing.
func (r *reader) attributes(n *node, from []xml.Attr) ([]attribute, error) {
	plain := slices.ContainsFunc(from, func(a xml.Attr) bool { return a.Name == xml.Name{Local: "href"} })
	var kept []attribute
	for _, a := range from {
		key := keyOf(a.Name)
		if key == "" || (key == "href" && plain && a.Name.Space != "") ||
			slices.ContainsFunc(kept, func(b attribute) bool { return b.key == key }) {
			continue
		}
		value, ok, err := r.value(n, key, a.Value)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, attribute{key, value})
		}
	}
	return kept, nil
}

// keyOf returns the key of an attribute, or nothing for those of a namespace
// that is not ours. The prefix itself stands for XLink where it is undeclared.
func keyOf(name xml.Name) string {
	switch {
	case name.Space == "":
		return name.Local
	case name.Local == "href" && (name.Space == nsXLink || name.Space == "xlink"):
		return "href"
	case name.Space == nsXML && (name.Local == "space" || name.Local == "lang"):
		return "xml:" + name.Local
	case name.Space == nsXML && name.Local == "id":
		return "id"
	}
	return ""
}

// value returns the safe form of an attribute's value and whether it is kept.
func (r *reader) value(n *node, key, value string) (string, bool, error) {
	switch {
	case key == "id":
		return value, r.name(n, value), nil
	case key == "class":
		n.classes = strings.Fields(value)
		return strings.Join(n.classes, " "), len(n.classes) <= maxClasses, nil
	case key == "style":
		value, _ = r.declarations(value, &n.trait)
		return value, value != "", nil
	case key == "href":
		value, err := r.href(n, value)
		return value, value != "", err
	case key == "requiredExtensions":
		// Nothing beyond SVG is drawn, whatever it is called.
		return "none", strings.TrimSpace(value) != "", nil
	case isProperty(key):
		return value, r.property(&n.trait, key, value), nil
	case isAttribute(key):
		refs, ok := references(value)
		return value, ok && len(refs) == 0, nil
	}
	return "", false, nil
}

// name gives n its id, unless that is of no use in a reference or was given
// before.
func (r *reader) name(n *node, id string) bool {
	_, taken := r.ids[id]
	if taken || !isID(id) {
		return false
	}
	n.id = id
	r.ids[id] = len(r.nodes)
	return true
}

// isID reports whether id can be referred to without quotes, escapes or
// decoding, so that everyone understands the reference alike.
func isID(id string) bool {
	const special = "\"'()\\%<>&;{}@#`\u007f"
	return id != "" && !strings.ContainsAny(id, special) &&
		!strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c == '\u00a0' || c == '\ufeff' })
}

// href returns the safe form of a reference, or nothing: to an element of the
// document for all elements that take one, and to an embedded picture for image
// and feImage.
func (r *reader) href(n *node, value string) (string, error) {
	value = strings.TrimSpace(value)
	if n.name == "image" || n.name == "feImage" {
		if head, data, ok := strings.Cut(value, ","); ok && len(head) < 40 && isPictureHead(strings.ToLower(head)) {
			return r.picture(n, data)
		}
	}
	id, ok := strings.CutPrefix(value, "#")
	if !ok || !isID(id) {
		return "", nil
	}
	switch n.name {
	case "use", "feImage", "pattern", "linearGradient", "radialGradient", "textPath":
		n.draws = append(n.draws, id)
		return value, nil
	}
	return "", nil
}

// references returns the ids that url(#id) refers to in a value, and whether the
// value is harmless: no other address, function, escape, block or comment, and
// no string or bracket left open that would swallow what is written after it.
func references(value string) (ids []string, ok bool) {
	depth := 0
	for {
		i := strings.IndexAny(value, "()'\"")
		if i < 0 {
			return ids, depth == 0 && isPlain(value)
		}
		before, c := value[:i], value[i]
		value = value[i+1:]
		if !isPlain(before) {
			return nil, false
		}
		switch {
		case c == ')':
			depth--
		case c == '(' && function(before) == "url":
			var id string
			if id, value, ok = strings.Cut(value, ")"); !ok || !isReference(&id) {
				return nil, false
			}
			ids = append(ids, id)
		case c == '(':
			depth++
			ok = isFunction(function(before))
		default:
			var text string
			text, value, ok = strings.Cut(value, string(c))
			ok = ok && isPlain(text) && !strings.ContainsAny(text, "()'\"\r\n\f")
		}
		if depth < 0 || (c != ')' && !ok) {
			return nil, false
		}
	}
}

// isReference reports whether what is in the brackets of url() is a reference to
// an element of the document, and makes it that element's id.
func isReference(text *string) bool {
	s := strings.TrimSpace(*text)
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	id, ok := strings.CutPrefix(s, "#")
	*text = id
	return ok && isID(id)
}

// function returns, in small letters, the name that text ends in.
func function(text string) string {
	i := strings.LastIndexFunc(text, func(c rune) bool {
		return c != '-' && c != '_' && c < 0x80 && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
	return strings.ToLower(text[i+1:])
}

// isPlain reports whether text has none of the characters with which a value
// could become anything else: escapes, at-rules, blocks, ends, addresses,
// markup, comments.
func isPlain(text string) bool {
	return !strings.ContainsAny(text, `\@<>{}[];:`) && !strings.Contains(text, "/*") && !strings.Contains(text, "*/")
}
