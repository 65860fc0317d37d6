package transform

import (
	"cmp"
	"encoding/json"
	"image"
	"slices"

	"pixedge/internal/media"
	"pixedge/internal/op"
)

// faceList makes a list of the faces instead of a picture.
type faceList struct{}

func (faceList) Params(*op.ParamSet) {}

func (faceList) output(o *Output) { o.Format = media.JSON }

// Apply does nothing: faces are looked for in the finished picture.
func (faceList) Apply(*Canvas) error { return nil }

// Faces is what t.faces answers with, as JSON.
type Faces struct {
	Width  int    `json:"width"`  // of the picture, in pixels
	Height int    `json:"height"` // of one frame
	Faces  []Face `json:"faces"`
}

// A Face is a square around one, in pixels of the picture.
type Face struct {
	Left   int `json:"left"`
	Top    int `json:"top"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// listFaces returns the faces on the canvas, from left to right, as JSON.
func (c *Canvas) listFaces() ([]byte, error) {
	found, scale, err := c.findFaces()
	if err != nil {
		return nil, err
	}
	list := Faces{Width: c.size.w, Height: c.size.h, Faces: []Face{}}
	for _, small := range found {
		enlarged := func(p image.Point) image.Point {
			return image.Pt(round(float64(p.X)/scale), round(float64(p.Y)/scale))
		}
		r := image.Rectangle{enlarged(small.Min), enlarged(small.Max)}.Intersect(image.Rect(0, 0, c.size.w, c.size.h))
		list.Faces = append(list.Faces, Face{r.Min.X, r.Min.Y, r.Dx(), r.Dy()})
	}
	slices.SortFunc(list.Faces, func(a, b Face) int { return cmp.Or(a.Left-b.Left, a.Top-b.Top) })
	data, err := json.Marshal(list)
	return append(data, '\n'), err
}
