package form

import (
	"encoding/json"
	"errors"

	"pixedge/internal/fault"
)

// json reads the members of an object. Their values are left as they are written.
func (r *reader) json(body []byte) error {
	depth, members := measure(body)
	switch {
	case depth > maxDepth:
		return errDepth("the body")
	case members > maxPairs:
		return fault.Errorf(fault.Invalid, "there are more than %d parameters", maxPairs)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(body, &values); err != nil || values == nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return fault.Errorf(fault.Invalid, "the JSON of the body is broken at byte %d", syntax.Offset)
		}
		return fault.Errorf(fault.Invalid, "the JSON of the body must be an object")
	}
	for name, raw := range values {
		if string(raw) == "null" {
			continue
		}
		size := len(raw) - len(`""`)
		if r.limits.text(name) > maxField {
			size /= 2 // what escapes may have added
		}
		if err := r.set(name, value{json: raw}, size); err != nil {
			return err
		}
	}
	return nil
}

func errDepth(what string) error {
	return fault.Errorf(fault.Invalid, "%s: the JSON is nested more than %d deep", what, maxDepth)
}

// measure returns how deep JSON is nested, and how many commas the outermost
// object or list has and one more. It may be wrong about what is no JSON.
func measure(text []byte) (depth, members int) {
	level, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			depth = max(depth, level)
		case c == '}' || c == ']':
			level--
		case c == ',' && level == 1:
			members++
		}
	}
	return depth, members + 1
}
