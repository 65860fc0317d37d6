package benchmarks

// SSIM is the mean structural similarity (Wang et al. 2004) of two grey pictures
// of one size and the given width, over windows of 8 by 8 pixels that do not
// overlap: 1 for the same pixels. Pictures smaller than a window have none: 0.
func SSIM(a, b []byte, w int) float64 {
	const side = 8
	var sum float64
	var n int
	for y := 0; y+side <= len(a)/w; y += side {
		for x := 0; x+side <= w; x += side {
			sum += window(a[y*w+x:], b[y*w+x:], w, side)
			n++
		}
	}
	return sum / float64(max(n, 1))
}

func window(a, b []byte, stride, side int) float64 {
	const c1, c2 = (0.01 * 255) * (0.01 * 255), (0.03 * 255) * (0.03 * 255)
	var ma, mb, saa, sbb, sab float64
	for y := range side {
		for x := range side {
			p, q := float64(a[y*stride+x]), float64(b[y*stride+x])
			ma, mb = ma+p, mb+q
			saa, sbb, sab = saa+p*p, sbb+q*q, sab+p*q
		}
	}
	k := float64(side * side)
	ma, mb = ma/k, mb/k
	va, vb, cov := saa/k-ma*ma, sbb/k-mb*mb, sab/k-ma*mb
	return (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
}
