package op

import (
	"fmt"
	"strconv"
	"strings"
)

// A Word names a number: the quality "good" is 80.
type Word struct {
	Name  string
	Value int
}

// IntOrWord declares a whole number from lo to hi that may also be given by
// name.
func (s *ParamSet) IntOrWord(v *int, name string, def, lo, hi int, words []Word, doc string) {
	*v = def
	minimum, maximum := float64(lo), float64(hi)
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.Name
	}
	s.add(Param{Name: name, Kind: "integer or enum", Doc: doc, Min: &minimum, Max: &maximum, Choices: names},
		func() string { return strconv.Itoa(*v) },
		func(text string) error {
			for _, w := range words {
				if w.Name == text {
					*v = w.Value
					return nil
				}
			}
			n, err := parseInt(text, lo, hi)
			if err != nil {
				return fmt.Errorf("%w; nor is it one of %s", err, strings.Join(names, ", "))
			}
			*v = n
			return nil
		})
}
