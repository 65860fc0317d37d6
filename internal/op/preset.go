package op

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Preset is a chain of operations under a name.
type Preset struct {
	Name           string // letters, digits, _ and -
	Transformation string // as in a URL; the whole of a value may be $ and the name of a variable
	Vars           []Var
}

// A Var is a variable of a preset, which the call of the preset may set.
type Var struct {
	Name    string   // as the name of a parameter, without the $
	Type    string   // integer, float, boolean, color, enum, string, file or custom
	Default string   // as in a URL; "" if the call must give a value
	Choices []string // of an enum
}

// Presets finds presets by name. The zero Presets has none.
type Presets struct{ byName map[string]preset }

// A preset is a Preset that was read and found good.
type preset struct {
	calls Pipeline // their values may be variables
	vars  []Var
}

// NewPresets reads the presets. Its errors are for those who write presets: they
// name the preset, and the variable if it is about one.
func NewPresets(list []Preset) (Presets, error) {
	p := Presets{byName: make(map[string]preset, len(list))}
	for _, one := range list {
		calls, err := one.read()
		if _, twice := p.byName[one.Name]; twice {
			err = errors.New("two presets have this name")
		}
		if err != nil {
			return Presets{}, fmt.Errorf("preset %s: %w", quote(one.Name), err)
		}
		p.byName[one.Name] = preset{calls: calls, vars: slices.Clone(one.Vars)}
	}
	return p, nil
}

// read returns the operations of p, and finds every mistake that does not take
// knowing the operations.
func (p Preset) read() (Pipeline, error) {
	if !IsWord(p.Name) {
		return nil, errors.New("the name is not of letters, digits, _ and -")
	}
	calls, err := Parse(p.Transformation)
	if err != nil {
		return nil, fmt.Errorf("transformation: %w", err)
	}
	used, err := variables(calls)
	if err != nil {
		return nil, fmt.Errorf("transformation: %w", err)
	}
	return calls, match(p.Vars, used)
}

// match finds variables that are declared and not used, or used and not declared.
func match(vars []Var, used []string) error {
	declared := make(map[string]bool, len(vars))
	for _, v := range vars {
		err := v.declared()
		switch {
		case declared[v.Name]:
			err = errors.New("declared twice")
		case err == nil && !slices.Contains(used, v.Name):
			err = errors.New("declared, and not used in the transformation")
		}
		if err != nil {
			return fmt.Errorf("$%s: %w", v.Name, err)
		}
		declared[v.Name] = true
	}
	for _, name := range used {
		if !declared[name] {
			return fmt.Errorf("$%s: used in the transformation, and not declared", name)
		}
	}
	return nil
}

// variables lists the variables in the values of calls.
func variables(calls Pipeline) (names []string, err error) {
	for _, c := range calls {
		if _, nested := c.Preset(); nested {
			return nil, fmt.Errorf("%s: a preset may not hold another", c.Name)
		}
		for _, a := range c.Args {
			name, ok := variable(a.Value)
			switch {
			case ok:
				names = append(names, name)
			case strings.Contains(a.Value, "$"):
				return nil, fmt.Errorf("%s: %s: %s is not $ and the name of a variable; a variable is the whole of a value", c.Name, a.Name, quote(a.Value))
			}
		}
	}
	return names, nil
}

// variable returns the name of the variable that value stands for, if it does.
func variable(value string) (name string, ok bool) {
	name, ok = strings.CutPrefix(value, "$")
	return name, ok && isKey(name)
}

// declared finds what is wrong with the declaration of v.
func (v Var) declared() error {
	if !isKey(v.Name) {
		return errors.New("the name is not of letters, digits, _ and -, or begins with -")
	}
	if !slices.Contains(types(), v.Type) {
		return fmt.Errorf("%s is not one of the types %s", quote(v.Type), strings.Join(types(), ", "))
	}
	if (v.Type == "enum") != (len(v.Choices) > 0) {
		return errors.New("an enum has choices, and only an enum has")
	}
	for _, choice := range v.Choices {
		if err := checkText(choice); err != nil {
			return fmt.Errorf("choices: %w", err)
		}
	}
	if v.Default == "" {
		return nil
	}
	if err := v.check(v.Default); err != nil {
		return fmt.Errorf("default: %w", err)
	}
	return nil
}

func types() []string {
	return []string{"integer", "float", "boolean", "color", "enum", "string", "file", "custom"}
}

// mostNumber bounds the numbers of variables, as every operation has bounds of
// its own that are tighter.
const mostNumber = math.MaxInt32

// check finds what is wrong with a value for v, which is of a known type.
func (v Var) check(value string) (err error) {
	switch v.Type {
	case "integer":
		_, err = parseInt(value, -mostNumber, mostNumber)
	case "float":
		_, err = parseFloat(value, -mostNumber, mostNumber)
	case "boolean":
		_, err = parseBool(value)
	case "color":
		_, err = ParseColor(value)
	case "enum":
		if !slices.Contains(v.Choices, value) {
			err = fmt.Errorf("%s is not one of %s", quote(value), strings.Join(v.Choices, ", "))
		}
	case "string":
		err = checkText(value)
	case "file", "custom":
		_, err = DecodeText(value)
	}
	return err
}

// checkText refuses what no value in a URL can be. That the grammar was here
// before is not relied on: what gets past it could add operations.
func checkText(value string) error {
	if value == "" || value != strings.Trim(value, " ") || strings.ContainsAny(value, "~,:()/") {
		return fmt.Errorf("%s is empty, begins or ends with a space, or has one of the characters ~ , : ( ) /", quote(value))
	}
	return nil
}

// Only reports whether p asks for presets and nothing else.
func (Presets) Only(p Pipeline) bool {
	return len(p) > 0 && !slices.ContainsFunc(p, func(c Call) bool {
		_, ok := c.Preset()
		return !ok
	})
}

// Expand returns calls with the operations of presets in the place of their
// calls. There are at most 32, as in a URL. Errors are fault.Invalid, and name
// the preset, the variable and what is allowed.
func (p Presets) Expand(calls Pipeline) (Pipeline, error) {
	expanded := make(Pipeline, 0, len(calls))
	for _, c := range calls {
		operations := Pipeline{c}
		if name, ok := c.Preset(); ok {
			var err error
			if operations, err = p.expand(name, c); err != nil {
				return nil, err
			}
		}
		if expanded = append(expanded, operations...); len(expanded) > maxCalls {
			return nil, invalid("more than %d operations, those of presets counted", maxCalls)
		}
	}
	return expanded, nil
}

func (p Presets) expand(name string, c Call) (Pipeline, error) {
	one, ok := p.byName[name]
	if !ok {
		return nil, invalid("no preset %s", quote(name))
	}
	values, err := one.values(c.Args)
	if err != nil {
		return nil, invalid("%s: %v", c.Name, err)
	}
	return one.with(values), nil
}

// Defaults returns the operations of a preset with the defaults of its variables,
// for a trial. Those that need a value which has no default are left out.
func (p Presets) Defaults(name string) Pipeline {
	one := p.byName[name]
	values := make(map[string]string, len(one.vars))
	for _, v := range one.vars {
		values[v.Name] = v.Default
	}
	return slices.DeleteFunc(one.with(values), func(c Call) bool {
		return slices.ContainsFunc(c.Args, func(a Arg) bool { return a.Value == "" })
	})
}

// values returns the value of every variable for a call with the given arguments.
func (p preset) values(args []Arg) (map[string]string, error) {
	values := make(map[string]string, len(p.vars))
	for _, a := range args {
		i := slices.IndexFunc(p.vars, func(v Var) bool { return v.Name == a.Name })
		if i < 0 {
			return nil, fmt.Errorf("no variable %s; it takes %s", quote(a.Name), p.names())
		}
		if _, twice := values[a.Name]; twice {
			return nil, fmt.Errorf("%s: given twice", a.Name)
		}
		if err := p.vars[i].check(a.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		values[a.Name] = a.Value
	}
	for _, v := range p.vars {
		values[v.Name] = cmp.Or(values[v.Name], v.Default)
		if values[v.Name] == "" {
			return nil, fmt.Errorf("%s: not given, and has no default; want %s", v.Name, v.allowed())
		}
	}
	return values, nil
}

func (p preset) names() string {
	if len(p.vars) == 0 {
		return "none"
	}
	names := make([]string, len(p.vars))
	for i, v := range p.vars {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

func (v Var) allowed() string {
	if v.Type == "enum" {
		return "one of " + strings.Join(v.Choices, ", ")
	}
	return "a value of type " + v.Type
}

// with returns the operations with values in the place of variables. A value is
// not looked at again, so it cannot name another variable.
func (p preset) with(values map[string]string) Pipeline {
	calls := slices.Clone(p.calls)
	for i := range calls {
		calls[i].Args = slices.Clone(calls[i].Args)
		for j, a := range calls[i].Args {
			if name, ok := variable(a.Value); ok {
				calls[i].Args[j].Value = values[name]
			}
		}
	}
	return calls
}
