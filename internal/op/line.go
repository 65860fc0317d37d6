package op

import "fmt"

// A Line goes straight from one place to another.
type Line struct{ From, To Point }

// String returns the line as x_y_x_y.
func (l Line) String() string { return l.From.String() + "_" + l.To.String() }

// ParseLines reads [[x_y_x_y]_[x_y_x_y]].
func ParseLines(text string) ([]Line, error) {
	items, err := list(text, maxBoxes)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(items))
	for i, item := range items {
		n, err := pixels(item, 4)
		if err != nil {
			return nil, fmt.Errorf("%s is not x_y_x_y: %w", quote(item), err)
		}
		lines[i] = Line{Point{n[0], n[1]}, Point{n[2], n[3]}}
	}
	return lines, nil
}

// Lines declares a list of lines written [[x_y_x_y]_[x_y_x_y]].
func (s *ParamSet) Lines(v *[]Line, name, doc string) {
	*v = nil
	s.add(Param{Name: name, Kind: "lineList", Doc: doc},
		func() string { return formatList(len(*v), func(i int) string { return (*v)[i].String() }) },
		func(text string) (err error) {
			*v, err = ParseLines(text)
			return err
		})
}
