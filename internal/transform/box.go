package transform

import (
	"image"
	"math"
)

// A size is a width and a height in pixels, both at least 1.
type size struct{ w, h int }

// A fit says what to do when the shape of a picture and of its box differ. The
// words and their meaning are sharp's.
type fit string

const (
	cover   fit = "cover"   // fill the box, cut what sticks out
	contain fit = "contain" // all of the picture, bars around it
	fill    fit = "fill"    // stretch
	inside  fit = "inside"  // as large as fits, no bars
	outside fit = "outside" // as small as covers, no cut
)

// scaled returns how large a picture becomes when its sides shrink so much.
// libvips rounds the same way.
func scaled(from size, h, v float64) size {
	return size{max(1, round(float64(from.w)/h)), max(1, round(float64(from.h)/v))}
}

// shrinks returns how many times smaller a picture becomes along each side when
// it is fitted into a box. A zero side of the box is free: it follows the shape of
// the picture.
func shrinks(from, box size, how fit) (h, v float64) {
	h, v = float64(from.w)/float64(box.w), float64(from.h)/float64(box.h)
	switch {
	case box.w == 0 && box.h == 0:
		return 1, 1
	case box.h == 0:
		v = h
		if how == fill {
			v = 1
		}
	case box.w == 0:
		h = v
		if how == fill {
			h = 1
		}
	case how == cover || how == outside:
		h = min(h, v)
		v = h
	case how == contain || how == inside:
		h = max(h, v)
		v = h
	}
	// No side may shrink to nothing.
	return min(h, float64(from.w)), min(v, float64(from.h))
}

func round(x float64) int { return int(math.Floor(x + 0.5)) }

// A position says which part of a picture stays when it is cut, and where it
// lies when there is room around it: -1 is left or top, 0 the middle, 1 right or
// bottom.
type position struct{ x, y int }

// cut returns the part of a picture that stays in a box of the given size,
// which may be larger than the picture along either side. An odd pixel too many
// goes from the left or the top, as sharp has it.
func cut(from, box size, at position) image.Rectangle {
	box = size{min(box.w, from.w), min(box.h, from.h)}
	x, y := place(from.w-box.w, at.x, 1), place(from.h-box.h, at.y, 1)
	return image.Rect(x, y, x+box.w, y+box.h)
}

// lay returns where the upper left corner of a picture goes in a larger box.
func lay(from, box size, at position) (x, y int) {
	return place(box.w-from.w, at.x, 0), place(box.h-from.h, at.y, 0)
}

// layOdd is lay for a picture laid on another, which may be the larger one: an odd
// pixel goes to the left or the top, as sharp has it.
func layOdd(from, box size, at position) (x, y int) {
	return place(box.w-from.w, at.x, 1), place(box.h-from.h, at.y, 1)
}

// place divides room along one side; odd is what an odd middle adds.
func place(room, at, odd int) int {
	switch at {
	case -1:
		return 0
	case 1:
		return room
	}
	return (room + odd) / 2
}
