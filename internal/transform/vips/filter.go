package vips

// Blur is a Gaussian blur of the given standard deviation in pixels.
func (m *Image) Blur(sigma float64) error {
	if err := m.Settle(); err != nil {
		return err
	}
	return m.premultiplied(func() error {
		return m.call("gaussblur", "sigma=%g,precision=integer,min-ampl=0.2", sigma)
	})
}

// Sharpen sharpens the lightness: sigma is the standard deviation in pixels of
// the blur that is taken away.
func (m *Image) Sharpen(sigma float64) error {
	back := m.space()
	return m.premultiplied(func() error {
		if err := m.call("sharpen", "sigma=%g,m1=1,m2=2,x1=2,y2=10,y3=20", sigma); err != nil {
			return err
		}
		return m.To(back)
	})
}

// Median replaces each pixel by the median of size by size pixels around it.
func (m *Image) Median(size int) error {
	if m.Wide() {
		return m.call("rank", "width=%d,height=%d,index=%d", size, size, size*size/2)
	}
	// For 8 bits libvips before 8.17.2 counts a histogram and is off by one.
	if err := m.call("cast", "format=ushort"); err != nil {
		return err
	}
	if err := m.call("rank", "width=%d,height=%d,index=%d", size, size, size*size/2); err != nil {
		return err
	}
	return m.call("cast", "format=uchar")
}
