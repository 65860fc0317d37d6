package pixlab_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips/vipstest"
)

// TestMain starts libvips, for faces.
func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// TestFaces finds the face of an upright portrait to the left on a wall, also where the
// camera was held on its side, and cuts it out at the places that it was told.
func TestFaces(t *testing.T) {
	e := start(t)
	e.maker.real = transform.NewRenderer(transform.Config{Workers: 1, Queue: 1})
	wall := portrait(t)
	upright := e.faces(t, "", imgtest.JPEG(t, wall, 0))
	if len(upright) != 1 || upright[0].Max.X > wall.Rect.Dx()/2 || upright[0].Dx() < wall.Rect.Dx()/20 {
		t.Fatalf("found %v on %v", upright, wall.Rect)
	}
	for orientation := 1; orientation <= 8; orientation++ {
		held := imgtest.JPEG(t, store(wall, orientation), orientation)
		found := e.faces(t, "", held)
		if len(found) != 1 {
			t.Errorf("orientation %d: found %v", orientation, found)
			continue
		}
		f := found[0]
		seen := image.Rectangle{at(wall.Rect, orientation, f.Min), at(wall.Rect, orientation, f.Max.Sub(image.Pt(1, 1)))}.Canon()
		seen.Max = seen.Max.Add(image.Pt(1, 1))
		if both := seen.Union(upright[0]).Dx() - seen.Intersect(upright[0]).Dx(); both > seen.Dx()/10 { // JPEG is not the same in all
			t.Errorf("orientation %d: a face at %v, want %v", orientation, seen, upright[0])
		}
		r := e.postForm(t, fmt.Sprintf("/crop?blob=1&left=%d&top=%d&width=%d&height=%d", f.Min.X, f.Min.Y, f.Dx(), f.Dy()), part{"file", "a.jpg", string(held)})
		if r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if d := imgtest.Distance(imgtest.Decode(t, r.body), store(cut(wall, seen), orientation)); d > 6 {
			t.Errorf("orientation %d: the face differs by %.1f of 255", orientation, d)
		}
	}
	if found := e.faces(t, "&count=True", imgtest.JPEG(t, wall, 0)); len(found) != 0 {
		t.Errorf("with count: %v", found)
	}
	if found := e.faces(t, "", e.card); len(found) != 0 {
		t.Errorf("found %v on a card", found)
	}
}

// faces asks where the faces of a picture are.
func (e *edge) faces(t *testing.T, query string, picture []byte) []image.Rectangle {
	t.Helper()
	r := e.postForm(t, "/facedetect?"+query, part{"file", "a", string(picture)})
	list, ok := r.json["faces"].([]any)
	if !ok || r.status != 200 || query == "" && r.json["count"] != float64(len(list)) || query != "" && r.json["count"] != 1.0 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var found []image.Rectangle
	for i, item := range list {
		f, _ := item.(map[string]any)
		number := func(name string) int { n, _ := f[name].(float64); return int(n) }
		if number("face_id") != i {
			t.Errorf("%s", r.body)
		}
		found = append(found, image.Rect(0, 0, number("width"), number("height")).Add(image.Pt(number("left"), number("top"))))
	}
	return found
}

// portrait hangs pigo's portrait at the left of a grey wall.
func portrait(t *testing.T) *image.NRGBA {
	t.Helper()
	face := imgtest.Portrait(t)
	wall := image.NewNRGBA(image.Rect(0, 0, 2*face.Bounds().Dx(), face.Bounds().Dy()))
	draw.Draw(wall, wall.Rect, image.NewUniform(color.Gray{120}), image.Point{}, draw.Src)
	draw.Draw(wall, face.Bounds(), face, face.Bounds().Min, draw.Src)
	return wall
}

func cut(img *image.NRGBA, r image.Rectangle) *image.NRGBA {
	part := image.NewNRGBA(image.Rectangle{Max: r.Size()})
	draw.Draw(part, part.Rect, img, r.Min, draw.Src)
	return part
}

// store returns the pixels as they are stored of what is seen with an orientation.
func store(seen *image.NRGBA, orientation int) *image.NRGBA {
	stored := image.NewNRGBA(seen.Rect)
	if orientation >= 5 {
		stored = image.NewNRGBA(image.Rect(0, 0, seen.Rect.Dy(), seen.Rect.Dx()))
	}
	for y := range stored.Rect.Dy() {
		for x := range stored.Rect.Dx() {
			p := at(seen.Rect, orientation, image.Pt(x, y))
			stored.SetNRGBA(x, y, seen.NRGBAAt(p.X, p.Y))
		}
	}
	return stored
}

// at returns where in the picture a stored pixel is seen with an orientation of EXIF,
// which says on which sides the first row and the first column are seen.
func at(picture image.Rectangle, orientation int, stored image.Point) image.Point {
	p := stored
	if orientation >= 5 {
		p.X, p.Y = p.Y, p.X
	}
	if strings.ContainsRune("2367", rune('0'+orientation)) {
		p.X = picture.Dx() - 1 - p.X
	}
	if strings.ContainsRune("3478", rune('0'+orientation)) {
		p.Y = picture.Dy() - 1 - p.Y
	}
	return p
}
