package op

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits on lists, so that no value costs more than the URL it came in.
const (
	maxBoxes  = 64 // rectangles or polygons in one value
	maxPoints = 64 // corners of one polygon
	maxPixel  = 1_000_000
)

// parseInt reads a strict decimal integer: an optional minus sign, no plus
// sign, no leading zeros, no minus zero, nothing around it.
func parseInt(text string, lo, hi int) (int, error) {
	if !isDecimal(text, false) || text == "-0" {
		return 0, fmt.Errorf("%s is %w", quote(text), errNotWhole)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("%s is outside %d..%d", quote(text), lo, hi)
	}
	return n, nil
}

// parseFloat reads a strict decimal number: as parseInt, with an optional
// fraction. There is no exponent, no infinity and no NaN. Minus zero is zero: a
// fraction that was computed and rounded may come to it.
func parseFloat(text string, lo, hi float64) (float64, error) {
	if !isDecimal(text, true) {
		return 0, fmt.Errorf("%s is %w", quote(text), errNotDecimal)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < lo || f > hi {
		return 0, fmt.Errorf("%s is outside %s..%s", quote(text), formatFloat(lo), formatFloat(hi))
	}
	if f == 0 {
		return 0, nil // not minus zero, which would spell the same value twice
	}
	return f, nil
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func isDecimal(text string, fraction bool) bool {
	text = strings.TrimPrefix(text, "-")
	whole, part, dot := strings.Cut(text, ".")
	if dot && (!fraction || !isDigits(part)) {
		return false
	}
	return isDigits(whole) && (len(whole) == 1 || whole[0] != '0')
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", quote(text))
}

// A Color is red, green, blue and opacity, each from 0 to 255, not
// premultiplied.
type Color struct{ R, G, B, A uint8 }

// Black returns the opaque black that most operations take for background.
func Black() Color { return Color{A: 255} }

// ParseColor reads RRGGBB or RRGGBBAA, hexadecimal digits of either case.
func ParseColor(text string) (Color, error) {
	full := text
	if len(full) == len("rrggbb") {
		full += "ff"
	}
	b, err := hex.DecodeString(full)
	if err != nil || len(b) != 4 {
		return Color{}, fmt.Errorf("%s is not a color; want 6 or 8 hexadecimal digits", quote(text))
	}
	return Color{b[0], b[1], b[2], b[3]}, nil
}

func (c Color) bytes() [4]byte { return [4]byte{c.R, c.G, c.B, c.A} }

// String returns the color in lower case, six digits if it is opaque and eight
// if not.
func (c Color) String() string {
	b := c.bytes()
	if c.A == 255 {
		return hex.EncodeToString(b[:3])
	}
	return hex.EncodeToString(b[:])
}

// DecodeText reads text that travels as base64: the standard or the URL-safe
// alphabet, padded or not. The text must be valid UTF-8.
func DecodeText(text string) (string, error) {
	encoding := base64.RawURLEncoding
	if strings.HasSuffix(text, "=") {
		encoding = base64.URLEncoding
	}
	b, err := encoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(text))
	if err != nil || strings.ContainsAny(text, "\r\n") { // package base64 skips line ends
		return "", fmt.Errorf("%s is not base64", quote(text))
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%s is not base64 of UTF-8 text", quote(text))
	}
	return string(b), nil
}

// EncodeText is the inverse of DecodeText, in the spelling that needs no
// escape in a URL: the URL-safe alphabet without padding.
func EncodeText(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// A Box is a rectangle in pixels from the upper left corner.
type Box struct{ Top, Left, Height, Width int }

// String returns the box as top_left_height_width.
func (b Box) String() string { return fmt.Sprintf("%d_%d_%d_%d", b.Top, b.Left, b.Height, b.Width) }

// A Point is a place in pixels from the upper left corner.
type Point struct{ X, Y int }

// String returns the point as x_y.
func (p Point) String() string { return fmt.Sprintf("%d_%d", p.X, p.Y) }

// ParseBox reads top_left_height_width.
func ParseBox(text string) (Box, error) {
	n, err := pixels(text, 4)
	if err != nil {
		return Box{}, fmt.Errorf("%s is not top_left_height_width: %w", quote(text), err)
	}
	return Box{Top: n[0], Left: n[1], Height: n[2], Width: n[3]}, nil
}

// ParseBoxes reads [[t_l_h_w]_[t_l_h_w]].
func ParseBoxes(text string) ([]Box, error) {
	items, err := list(text, maxBoxes)
	if err != nil {
		return nil, err
	}
	boxes := make([]Box, len(items))
	for i, item := range items {
		if boxes[i], err = ParseBox(item); err != nil {
			return nil, err
		}
	}
	return boxes, nil
}

// ParsePolygons reads [[[x_y]_[x_y]_[x_y]]_[…]]. A polygon has at least three
// corners.
func ParsePolygons(text string) ([][]Point, error) {
	items, err := list(text, maxBoxes)
	if err != nil {
		return nil, err
	}
	polygons := make([][]Point, len(items))
	for i, item := range items {
		if polygons[i], err = parsePolygon("[" + item + "]"); err != nil {
			return nil, err
		}
	}
	return polygons, nil
}

func parsePolygon(text string) ([]Point, error) {
	corners, err := list(text, maxPoints)
	if err != nil {
		return nil, err
	}
	if len(corners) < 3 {
		return nil, errors.New("a polygon has at least three corners")
	}
	polygon := make([]Point, len(corners))
	for i, corner := range corners {
		n, err := pixels(corner, 2)
		if err != nil {
			return nil, fmt.Errorf("%s is not x_y: %w", quote(corner), err)
		}
		polygon[i] = Point{X: n[0], Y: n[1]}
	}
	return polygon, nil
}

// list splits [[a]_[b]] into a and b. An item may itself be a list, so the
// split is at the brackets of the first level.
func list(text string, most int) ([]string, error) {
	inside, ok := strings.CutPrefix(text, "[")
	inside, closed := strings.CutSuffix(inside, "]")
	if !ok || !closed {
		return nil, fmt.Errorf("%s is not a list in brackets", quote(text))
	}
	var items []string
	for inside != "" {
		end := closing(inside)
		if end < 0 || len(items) == most {
			return nil, fmt.Errorf("%s is not a list of 1..%d items in brackets", quote(text), most)
		}
		items = append(items, inside[1:end])
		inside = inside[end+1:]
		if rest, more := strings.CutPrefix(inside, "_"); more && rest != "" {
			inside = rest
		} else if inside != "" {
			return nil, fmt.Errorf("%s: items are joined by _", quote(text))
		}
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s is an empty list", quote(text))
	}
	return items, nil
}

// closing returns the index of the bracket that closes the one text begins
// with, or -1.
func closing(text string) int {
	if !strings.HasPrefix(text, "[") {
		return -1
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

func pixels(text string, count int) ([]int, error) {
	words := strings.Split(text, "_")
	if len(words) != count {
		return nil, fmt.Errorf("want %d numbers", count)
	}
	n := make([]int, count)
	for i, w := range words {
		var err error
		if n[i], err = parseInt(w, 0, maxPixel); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func formatBoxes(boxes []Box) string {
	return formatList(len(boxes), func(i int) string { return boxes[i].String() })
}

func formatPolygons(polygons [][]Point) string {
	return formatList(len(polygons), func(i int) string {
		corners := formatList(len(polygons[i]), func(j int) string { return polygons[i][j].String() })
		return corners[1 : len(corners)-1]
	})
}

func formatList(n int, item func(int) string) string {
	if n == 0 {
		return ""
	}
	items := make([]string, n)
	for i := range items {
		items[i] = "[" + item(i) + "]"
	}
	return "[" + strings.Join(items, "_") + "]"
}
