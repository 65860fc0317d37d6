// Package face finds faces in grey pictures, with pigo and the cascade that comes
// with it (facefinder; its license is beside it).
//
// It finds upright faces seen from the front and knows nobody. It does not decode,
// scale or turn pictures.
package face

import (
	_ "embed" // the cascade
	"fmt"
	"image"
	"sync"

	pigo "github.com/esimov/pigo/core"
)

//go:embed facefinder
var cascade []byte

// A Finder finds faces. Its zero value is ready; it unpacks the cascade when it is
// first used, since few pictures ask for faces.
type Finder struct {
	once     sync.Once
	err      error
	detector *pigo.Pigo
}

// These are pigo's customary settings: windows from a twentieth of the shorter
// side, and a score under which what it finds is mostly foliage.
const (
	leastPart  = 20
	shift      = 0.1
	growth     = 1.1
	overlap    = 0.2
	leastScore = 5.0
)

// Find returns the faces in a picture of w by h grey pixels, each a square.
func (f *Finder) Find(pixels []byte, w, h int) ([]image.Rectangle, error) {
	f.once.Do(func() { f.detector, f.err = pigo.NewPigo().Unpack(cascade) })
	if f.err != nil {
		return nil, fmt.Errorf("face: %w", f.err)
	}
	if len(pixels) != w*h {
		return nil, fmt.Errorf("face: %d bytes are not %dx%d pixels", len(pixels), w, h)
	}
	found := f.detector.RunCascade(pigo.CascadeParams{
		MinSize: max(20, min(w, h)/leastPart), MaxSize: min(w, h), ShiftFactor: shift, ScaleFactor: growth,
		ImageParams: pigo.ImageParams{Pixels: pixels, Rows: h, Cols: w, Dim: w},
	}, 0)
	var faces []image.Rectangle
	for _, d := range f.detector.ClusterDetections(found, overlap) {
		if d.Q >= leastScore {
			half := d.Scale / 2
			square := image.Rect(d.Col-half, d.Row-half, d.Col+half, d.Row+half)
			faces = append(faces, square.Intersect(image.Rect(0, 0, w, h)))
		}
	}
	return faces, nil
}
