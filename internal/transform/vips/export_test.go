package vips

// LibvipsResize is Resize by libvips alone, without regard to opacity.
func (m *Image) LibvipsResize(hscale, vscale float64, k Kernel) error {
	return m.resize(hscale, vscale, k)
}

// Scale is Resize without regard to opacity.
func (m *Image) Scale(hscale, vscale float64, k Kernel) error { return m.scale(hscale, vscale, k) }
