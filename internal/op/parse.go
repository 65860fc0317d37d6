package op

import (
	"slices"
	"strings"

	"pixedge/internal/fault"
)

// Limits on a pattern: well over the 15 operations that a stored preset of
// PixelBin may have.
const (
	maxCalls = 32 // operations in one pattern
	maxArgs  = 32 // parameters of one operation
)

// Parse reads a pattern, that is "original" or operations joined by "~". It is
// the inverse of [Pipeline.String]; an empty pipeline stands for "original". Time
// is linear in the length of text. Errors are fault.Invalid.
func Parse(text string) (Pipeline, error) {
	if text == "original" {
		return nil, nil
	}
	n := strings.Count(text, "~") + 1
	if n > maxCalls {
		return nil, invalid("more than %d operations", maxCalls)
	}
	p := make(Pipeline, 0, n)
	for part := range strings.SplitSeq(text, "~") {
		c, err := parseCall(part)
		if err != nil {
			return nil, err
		}
		p = append(p, c)
	}
	return p, nil
}

// parseCall reads plugin.method(params), p:preset, p:preset(params) or
// p.apply(n:preset,params), which is an old spelling of the form before it.
func parseCall(text string) (Call, error) {
	name, rest, open := strings.Cut(text, "(")
	if err := checkName(name); err != nil {
		return Call{}, err
	}
	c := Call{Name: name}
	if !open {
		if _, preset := c.Preset(); !preset {
			return Call{}, invalid("%.40q has no parentheses", name)
		}
		return c, nil
	}
	inside, closed := strings.CutSuffix(rest, ")")
	switch {
	case !closed:
		return Call{}, invalid("%.40q does not end with a parenthesis", text)
	case strings.ContainsAny(inside, "()"):
		return Call{}, invalid("%.40q has parentheses within parentheses", text)
	}
	args, err := parseArgs(name, inside)
	if err != nil {
		return Call{}, err
	}
	if name == "p.apply" {
		return applied(args)
	}
	c.Args = args
	return c, nil
}

func checkName(name string) error {
	if name == "original" {
		return invalid("original stands alone, without other operations")
	}
	if preset, ok := strings.CutPrefix(name, PresetPrefix); ok {
		if !IsWord(preset) {
			return invalid("%.40q is not the name of a preset: letters, digits, _ or -", preset)
		}
		return nil
	}
	plugin, method, _ := strings.Cut(name, ".")
	if !isIdentifier(plugin) || !isIdentifier(method) {
		return invalid("%.40q is not an operation; want plugin.method(name:value,...)", name)
	}
	return nil
}

// IsWord reports whether text has only the characters of names: ASCII letters,
// digits, _ and -. An empty text is no word.
func IsWord(text string) bool {
	for i := range len(text) {
		if c := text[i]; !isAlphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return text != ""
}

// isKey reports whether text can be the name of a parameter.
func isKey(text string) bool { return IsWord(text) && text[0] != '-' }

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func invalid(format string, args ...any) error { return fault.Errorf(fault.Invalid, format, args...) }

func isIdentifier(text string) bool {
	for i := range len(text) {
		if !isAlphanumeric(text[i]) {
			return false
		}
	}
	return text != "" && isLetter(text[0])
}

// parseArgs reads key:value pairs joined by commas. Spaces around keys and
// values are dropped: people write them after commas.
func parseArgs(name, text string) ([]Arg, error) {
	if strings.Trim(text, " ") == "" {
		return nil, nil
	}
	n := strings.Count(text, ",") + 1
	if n > maxArgs {
		return nil, invalid("%.40s: more than %d parameters", name, maxArgs)
	}
	args := make([]Arg, 0, n)
	for pair := range strings.SplitSeq(text, ",") {
		a, wrong := parseArg(pair)
		if wrong == "" && slices.ContainsFunc(args, func(b Arg) bool { return a.Name == b.Name }) {
			wrong = "is given twice"
		}
		if wrong != "" {
			return nil, invalid("%.40s: parameter %.40q %s", name, pair, wrong)
		}
		args = append(args, a)
	}
	return args, nil
}

// parseArg reads key:value, or says what is wrong with it.
func parseArg(pair string) (a Arg, wrong string) {
	key, value, colon := strings.Cut(pair, ":")
	a = Arg{Name: strings.Trim(key, " "), Value: strings.Trim(value, " ")}
	switch {
	case !colon:
		return a, "has no colon"
	case a.Name == "":
		return a, "has no name"
	case !isKey(a.Name):
		return a, "has a name that is not of letters, digits, _ or -, or begins with -"
	case a.Value == "":
		return a, "has no value"
	case strings.Contains(a.Value, ":"):
		return a, "has a second colon"
	}
	return a, ""
}

// applied returns the preset call that p.apply with the given arguments means.
func applied(args []Arg) (Call, error) {
	i := slices.IndexFunc(args, func(a Arg) bool { return a.Name == "n" })
	if i < 0 {
		return Call{}, invalid("p.apply: parameter n, the name of the preset, is missing")
	}
	c := Call{Name: PresetPrefix + args[i].Value}
	if err := checkName(c.Name); err != nil {
		return Call{}, err
	}
	if len(args) > 1 {
		c.Args = slices.Delete(args, i, i+1)
	}
	return c, nil
}
