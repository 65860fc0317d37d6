package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A Size is a number of bytes, written for people: 512MiB, 2GB, 1024.
type Size int64

// A Count is a number of things, written for people: 50M, 300, 1.5k.
type Count int64

var (
	errSize  = errors.New("want a number of bytes such as 512MiB, 2GB or 4096")
	errCount = errors.New("want a number such as 50M, 300k or 4096")
)

type unit struct {
	suffix string
	factor int64
}

func sizeUnits() []unit {
	return []unit{
		{"GiB", 1 << 30},
		{"MiB", 1 << 20},
		{"KiB", 1 << 10},
		{"GB", 1e9},
		{"MB", 1e6},
		{"kB", 1e3},
		{"KB", 1e3},
		{"B", 1},
	}
}

func countUnits() []unit { return []unit{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"K", 1e3}} }

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	n, ok := scan(string(text), sizeUnits())
	if !ok {
		return errSize
	}
	*s = Size(n)
	return nil
}

// UnmarshalText reads a count.
func (c *Count) UnmarshalText(text []byte) error {
	n, ok := scan(string(text), countUnits())
	if !ok {
		return errCount
	}
	*c = Count(n)
	return nil
}

// String writes the size with the largest binary unit that divides it.
func (s Size) String() string { return print(int64(s), sizeUnits()[:3]) }

// String writes the count with the largest unit that divides it.
func (c Count) String() string { return print(int64(c), countUnits()[:3]) }

// MarshalText writes the size as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalText writes the count as String does.
func (c Count) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func scan(text string, units []unit) (int64, bool) {
	factor := int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			text, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	n := f * float64(factor)
	if err != nil || !(n >= 0 && n < 1<<53) { // also refuses NaN
		return 0, false
	}
	return int64(n), true
}

func print(n int64, units []unit) string {
	for _, u := range units {
		if n != 0 && n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// A Scalar is text, or a number or a switch as it is written: 007 stays 007, as
// it may be a color.
type Scalar string

// UnmarshalYAML reads the text of a node.
func (s *Scalar) UnmarshalYAML(node ast.Node) error {
	switch n := node.(type) {
	case *ast.StringNode:
		*s = Scalar(n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		*s = Scalar(n.GetToken().Value)
	default:
		return errors.New("want text, a number, true or false")
	}
	return nil
}

// A Secret is text that is never printed. In edge.yaml it is the text itself,
// {file: PATH} or {env: NAME}; white space around what a file holds is dropped.
// Text that YAML takes for a number must stand in quotes: its digits would not
// all survive. The text that secrets are printed as is refused: settings that
// were printed and read back would have a secret that everybody knows.
type Secret struct{ text string }

// NewSecret returns text as a secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// String hides the text.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return hidden
}

// hidden stands for every secret in what is printed.
const hidden = "(secret)"

// Format hides the text from every verb of package fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// IsZero reports whether there is no text, in which case omitempty leaves the
// secret out.
func (s Secret) IsZero() bool { return s.text == "" }

// MarshalYAML hides the text.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads the three forms.
func (s *Secret) UnmarshalYAML(decode func(any) error) error {
	var value any
	if err := decode(&value); err != nil {
		return err
	}
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		if value == hidden {
			return errHidden
		}
		s.text = value
		return nil
	case map[string]any:
		return s.readFrom(decode)
	}
	return errSecret
}

var (
	errSecret = errors.New("want the text, in quotes if it looks like a number, {file: PATH} or {env: NAME}")
	errHidden = errors.New(hidden + " stands where a secret was printed; write the secret itself, {file: PATH} or {env: NAME}")
)

func (s *Secret) readFrom(decode func(any) error) error {
	var from struct {
		File string `yaml:"file"`
		Env  string `yaml:"env"`
	}
	if decode(&from) != nil || (from.File == "") == (from.Env == "") {
		return errSecret
	}
	if from.Env != "" {
		return s.fromEnv(from.Env)
	}
	data, err := os.ReadFile(from.File)
	if err != nil {
		return err
	}
	s.text = strings.TrimSpace(string(data))
	return nil
}

func (s *Secret) fromEnv(name string) error {
	text, ok := os.LookupEnv(name)
	if !ok {
		return fmt.Errorf("the variable %s is not set", name)
	}
	s.text = text
	return nil
}

// Signed says which paths of a cloud need a signature: in edge.yaml true, false
// or a list of path prefixes.
type Signed struct {
	All      bool
	Prefixes []string
}

// UnmarshalYAML reads both forms.
func (s *Signed) UnmarshalYAML(decode func(any) error) error {
	if decode(&s.All) == nil {
		return nil
	}
	if decode(&s.Prefixes) != nil {
		return errors.New("want true, false or a list of path prefixes")
	}
	return nil
}

// MarshalYAML writes the form that was read.
func (s Signed) MarshalYAML() (any, error) {
	if len(s.Prefixes) > 0 {
		return s.Prefixes, nil
	}
	return s.All, nil
}
