package vips

// Composite lays over on the image with its upper left corner at (x, y), which
// may be outside. mode is libvips' name of a blend mode, such as "over". The
// result has an alpha channel and the size of the image.
func (m *Image) Composite(over *Image, mode string, x, y int) error {
	if err := over.Settle(); err != nil {
		return err
	}
	if mode == "dest-atop" {
		return m.destAtop(over, x, y)
	}
	format := "uchar"
	if m.Wide() {
		format = "ushort"
	}
	if err := m.call2("composite2", "base", "overlay", over, "mode=%s,x=%d,y=%d,compositing-space=%s", mode, x, y, m.wideSpace()); err != nil {
		return err
	}
	return m.call("cast", "format=%s", format)
}

// destAtop lays the image on over, where that is. It is atop the other way round:
// libvips before 8.15 takes the wrong alpha for dest-atop itself.
func (m *Image) destAtop(over *Image, x, y int) error {
	field := over.Copy()
	defer field.Close()
	if err := field.To(m.wideSpace()); err != nil {
		return err
	}
	if err := field.AddAlpha(); err != nil {
		return err
	}
	w, h := m.Size()
	if err := field.Embed(x, y, w, h, Background, []float64{0, 0, 0, 0}); err != nil {
		return err
	}
	if err := m.Settle(); err != nil {
		return err
	}
	if err := field.Composite(m, "atop", 0, 0); err != nil {
		return err
	}
	m.Become(field)
	return nil
}

// wideSpace is where colors are blended: sRGB, of as many bits as the image has.
func (m *Image) wideSpace() Space {
	if m.Wide() {
		return "rgb16"
	}
	return SRGB
}

// Tile repeats the image across and down.
func (m *Image) Tile(across, down int) error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.call("replicate", "across=%d,down=%d", across, down)
}

// Fade multiplies the opacity, from 0 to 1.
func (m *Image) Fade(opacity float64) error {
	if err := m.AddAlpha(); err != nil {
		return err
	}
	wide := m.Wide()
	factors := []float64{1, 1, 1, opacity}
	if m.Bands() == 2 {
		factors = []float64{1, opacity}
	}
	if err := m.call("linear", "a=%s,b=0", array(factors)); err != nil {
		return err
	}
	if wide {
		return m.call("cast", "format=ushort")
	}
	return m.call("cast", "format=uchar")
}
