package vips

// CutOut takes the columns from, from+1, … to-1 out of the image, or the rows, and
// joins what is left, of which there must be some.
func (m *Image) CutOut(from, to int, rows bool) error {
	if from == to {
		return nil
	}
	if err := m.Settle(); err != nil {
		return err
	}
	w, h := m.Size()
	strip := func(m *Image, from, to int) error {
		if rows {
			return m.Extract(0, from, w, to-from)
		}
		return m.Extract(from, 0, to-from, h)
	}
	end, direction := w, "horizontal"
	if rows {
		end, direction = h, "vertical"
	}
	switch {
	case from == 0:
		return strip(m, to, end)
	case to == end:
		return strip(m, 0, from)
	}
	rest := m.Copy()
	defer rest.Close()
	if err := strip(rest, to, end); err != nil {
		return err
	}
	if err := strip(m, 0, from); err != nil {
		return err
	}
	return m.call2("join", "in1", "in2", rest, "direction=%s", direction)
}

// Insert puts another image of the same channels in the place of what is at (x, y),
// which it computes first, and which must be inside.
func (m *Image) Insert(part *Image, x, y int) error {
	if err := part.Settle(); err != nil {
		return err
	}
	return m.call2("insert", "main", "sub", part, "x=%d,y=%d", x, y)
}
