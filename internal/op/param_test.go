package op_test

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// params has one parameter of every kind.
type params struct {
	width    int
	angle    float64
	loop     bool
	fit      string
	color    op.Color
	text     string
	file     string
	box      op.Box
	boxes    []op.Box
	polygons [][]op.Point
	lines    []op.Line
	quality  int
}

func (p *params) declare(s *op.ParamSet) {
	s.Int(&p.width, "w", 100, 0, 5000, "Width in pixels.")
	s.Alias("width")
	s.Alias("breite")
	s.Float(&p.angle, "a", 0.5, -360, 360, "Angle in degrees.")
	s.Bool(&p.loop, "l", true, "Repeat.")
	s.Choice(&p.fit, "f", "cover", []string{"cover", "contain"}, "How to fit.")
	s.Color(&p.color, "b", op.Black(), "Background.")
	s.Text(&p.text, "t", "Text.")
	s.File(&p.file, "i", "Picture.")
	s.Box(&p.box, "box", "Place.")
	s.Boxes(&p.boxes, "boxes", "Places.")
	s.Polygons(&p.polygons, "poly", "Shapes.")
	s.Lines(&p.lines, "lines", "Strokes.")
	s.IntOrWord(&p.quality, "q", 80, 1, 100, []op.Word{{Name: "best", Value: 95}, {Name: "good", Value: 80}}, "Quality.")
}

// bind reads arguments written a:1,b:2.
func bind(text string) (*op.ParamSet, *params, error) {
	c := op.Call{Name: "t.x"}
	for pair := range strings.SplitSeq(text, ",") {
		if name, value, ok := strings.Cut(pair, ":"); ok {
			c.Args = append(c.Args, op.Arg{Name: name, Value: value})
		}
	}
	var (
		s op.ParamSet
		p params
	)
	p.declare(&s)
	err := s.Bind(c)
	return &s, &p, err
}

func TestDefaults(t *testing.T) {
	s, p, err := bind("")
	if err != nil {
		t.Fatal(err)
	}
	if p.width != 100 || p.angle != 0.5 || !p.loop || p.fit != "cover" || p.color != op.Black() || p.text != "" ||
		p.file != "" || p.box != (op.Box{}) || p.boxes != nil || p.polygons != nil || p.lines != nil || p.quality != 80 {
		t.Errorf("defaults = %+v", p)
	}
	if got := s.Canonical().String(); got != "t.x()" {
		t.Errorf("Canonical = %s", got)
	}
}

func TestBindValues(t *testing.T) {
	_, p, err := bind("q:best,w:7,a:-1.5,l:false,f:contain,b:FF000080,t:aGk,i:Zi9n,box:1_2_3_4,boxes:[[1_2_3_4]],poly:[[[1_2]_[3_4]_[5_6]]]")
	if err != nil {
		t.Fatal(err)
	}
	if p.width != 7 || p.angle != -1.5 || p.loop || p.fit != "contain" || p.quality != 95 {
		t.Errorf("simple values = %+v", p)
	}
	if p.color != (op.Color{R: 255, A: 128}) || p.text != "hi" || p.file != "f/g" {
		t.Errorf("color, text and file = %+v", p)
	}
	box := op.Box{Top: 1, Left: 2, Height: 3, Width: 4}
	if p.box != box || len(p.boxes) != 1 || p.boxes[0] != box {
		t.Errorf("boxes = %+v and %+v", p.box, p.boxes)
	}
	if len(p.polygons) != 1 || len(p.polygons[0]) != 3 || p.polygons[0][2] != (op.Point{X: 5, Y: 6}) {
		t.Errorf("polygons = %+v", p.polygons)
	}
}

// Calls of one meaning have one canonical text.
func TestCanonical(t *testing.T) {
	tests := []struct{ args, want string }{
		{"w:100", "t.x()"},
		{"width:100,a:0.50,l:1,f:cover,b:000000,q:good", "t.x()"},
		{"b:000000FF,box:0_0_0_0,t:", "t.x()"},
		{"a:1.50,width:7", "t.x(w:7,a:1.5)"},
		{"w:0,a:-0.0", "t.x(w:0,a:0)"},
		{"l:0", "t.x(l:false)"},
		{"b:FFF00080", "t.x(b:fff00080)"},
		{"b:FFF000ff", "t.x(b:fff000)"},
		{"q:best", "t.x(q:95)"},
		{"q:95", "t.x(q:95)"},
		{"t:aGk=", "t.x(t:aGk)"},
		{"i:w7zCvw==", "t.x(i:w7zCvw)"},
		{"i:8J-YgA", "t.x(i:8J-YgA)"},
		{"i:8J+YgA==", "t.x(i:8J-YgA)"},
		{"boxes:[[1_2_3_4]_[5_6_7_8]]", "t.x(boxes:[[1_2_3_4]_[5_6_7_8]])"},
		{"lines:[[1_2_3_4]_[0_0_9_9]]", "t.x(lines:[[1_2_3_4]_[0_0_9_9]])"},
		{"poly:[[[1_2]_[3_4]_[5_6]]_[[0_0]_[1_0]_[1_1]_[0_1]]]", "t.x(poly:[[[1_2]_[3_4]_[5_6]]_[[0_0]_[1_0]_[1_1]_[0_1]]])"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			s, _, err := bind(tt.args)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Canonical().String(); got != tt.want {
				t.Errorf("Canonical = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestBindErrors(t *testing.T) {
	tests := []struct{ args, want string }{
		{"x:1", `t.x: no parameter "x"; it takes w, a, l, f, b, t, i, box, boxes, poly, lines, q`},
		{"W:1", `t.x: no parameter "W"`},
		{"w:1,w:2", "t.x: w: given twice"},
		{"w:1,breite:1", "t.x: w: given twice"},
		{"w:5001", `t.x: w: "5001" is outside 0..5000`},
		{"width:-1", `t.x: w: "-1" is outside 0..5000`},
		{"w:-0", `t.x: w: "-0" is not a whole number`},
		{"q:-0", `t.x: q: "-0" is not a whole number; nor is it one of best, good`},
		{"box:-0_2_3_4", `"-0" is not a whole number`},
		{"w:99999999999999999999", `is outside 0..5000`},
		{"w:18446744073709551617", `is outside 0..5000`},
		{"w:4294967297", `is outside 0..5000`},
		{"w:" + strings.Repeat("9", 100), `"9999999999999999999999999999999999999999"… is outside`},
		{"w:" + strings.Repeat("é", 41), `"` + strings.Repeat("é", 40) + `"… is not a whole number`},
		{"w:" + strings.Repeat("é", 40), `"` + strings.Repeat("é", 40) + `" is not a whole number`},
		{"w:", `"" is not a whole number`},
		{"w:-", `is not a whole number`},
		{"w:00", `is not a whole number`},
		{"w:01", `is not a whole number`},
		{"w:+1", `is not a whole number`},
		{"w: 1", `is not a whole number`},
		{"w:--1", `is not a whole number`},
		{"w:1.5", `is not a whole number`},
		{"w:1e3", `is not a whole number`},
		{"w:0x64", `is not a whole number`},
		{"w:1_000", `is not a whole number`},
		{"w:٣", `is not a whole number`},
		{"a:360.1", `t.x: a: "360.1" is outside -360..360`},
		{"a:-361", `is outside -360..360`},
		{"a:" + strings.Repeat("9", 400), `is outside -360..360`},
		{"a:.5", `is not a decimal number`},
		{"a:5.", `is not a decimal number`},
		{"a:1.2.3", `is not a decimal number`},
		{"a:1.-2", `is not a decimal number`},
		{"a:01.5", `is not a decimal number`},
		{"a:1e2", `is not a decimal number`},
		{"a:NaN", `is not a decimal number`},
		{"a:-Inf", `is not a decimal number`},
		{"l:yes", `t.x: l: "yes" is neither true nor false`},
		{"l:TRUE", `is neither true nor false`},
		{"f:fill", `t.x: f: "fill" is not one of cover, contain`},
		{"f:Cover", `is not one of cover, contain`},
		{"b:fff", `t.x: b: "fff" is not a color; want 6 or 8 hexadecimal digits`},
		{"b:", `is not a color`},
		{"b:#ffffff", `is not a color`},
		{"b:ffffffff00", `is not a color`},
		{"b:gggggg", `is not a color`},
		{"t:a", `t.x: t: "a" is not base64`},
		{"t:a b", `is not base64`},
		{"t:=", `is not base64`},
		{"t:====", `is not base64`},
		{"t:aGk==", `is not base64`},
		{"t:aGkh=", `is not base64`},
		{"t:aG=k", `is not base64`},
		{"t:aG\nk", `is not base64`},
		{"t:_w", `"_w" is not base64 of UTF-8 text`},
		{"i:wK8", `is not base64 of UTF-8 text`},
		{"box:1_2_3", `t.x: box: "1_2_3" is not top_left_height_width: want 4 numbers`},
		{"box:1_2_3_4_5", `want 4 numbers`},
		{"box:1_2_3_-4", `"-4" is outside 0..1000000`},
		{"box:1_2_3_1000001", `is outside 0..1000000`},
		{"box:1_2_3_", `"" is not a whole number`},
		{"box:[1_2_3_4]", `is not a whole number`},
		{"boxes:", `is not a list in brackets`},
		{"boxes:[", `is not a list in brackets`},
		{"boxes:1_2_3_4", `is not a list in brackets`},
		{"boxes:[1_2_3_4]", `is not a list of 1..64 items in brackets`},
		{"boxes:[]1_2_3_4[]", `is not a list of 1..64 items in brackets`},
		{"boxes:[]", `is an empty list`},
		{"boxes:[[]]", `is not top_left_height_width`},
		{"boxes:[[1_2_3_4]", `is not a list`},
		{"boxes:[[1_2_3_4]_]", `items are joined by _`},
		{"boxes:[[1_2_3_4][1_2_3_4]]", `items are joined by _`},
		{"boxes:[[1_2_3_4]__[1_2_3_4]]", `is not a list`},
		{"boxes:[[[1_2_3_4]]]", `is not top_left_height_width`},
		{"boxes:[" + strings.Repeat("[1_2_3_4]_", 64) + "[1_2_3_4]]", `is not a list of 1..64 items`},
		{"boxes:" + strings.Repeat("[", 8000), `is not a list`},
		{"boxes:" + strings.Repeat("[", 4000) + strings.Repeat("]", 4000), `is not`},
		{"poly:[[[1_2]_[3_4]]]", `t.x: poly: a polygon has at least three corners`},
		{"poly:[[1_2]_[3_4]_[5_6]]", `is not a list`},
		{"poly:[[[1_2]_[3_4]_[5]]]", `"5" is not x_y: want 2 numbers`},
		{"poly:[[[1_2]_[3_4]_[5_6]_]]", `items are joined by _`},
		{"poly:[[" + strings.Repeat("[1_2]_", 64) + "[1_2]]]", `is not a list of 1..64 items`},
		{"lines:[[1_2_3]]", `"1_2_3" is not x_y_x_y: want 4 numbers`},
		{"lines:[[1_2_3_-4]]", `"-4" is outside 0..1000000`},
		{"lines:[]", `is an empty list`},
		{"q:great", `t.x: q: "great" is not a whole number; nor is it one of best, good`},
		{"q:0", `"0" is outside 1..100; nor is it one of best, good`},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			_, p, err := bind(tt.args)
			if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), tt.want) {
				t.Errorf("Bind = %+v, %v; want an Invalid error with %q", p, err, tt.want)
			}
		})
	}
}

func TestBindWithoutParameters(t *testing.T) {
	var s op.ParamSet
	err := s.Bind(op.Call{Name: "t.flip", Args: []op.Arg{{Name: "a", Value: "1"}}})
	if got, want := fault.Message(err), `t.flip: no parameter "a"; it takes none`; got != want {
		t.Errorf("Bind: %q, want %q", got, want)
	}
}

func TestGiven(t *testing.T) {
	s, _, err := bind("width:100")
	if err != nil {
		t.Fatal(err)
	}
	if !s.Given("w") || !s.Given("width") || s.Given("a") || s.Given("nothing") {
		t.Errorf("Given: w %t, width %t, a %t, nothing %t", s.Given("w"), s.Given("width"), s.Given("a"), s.Given("nothing"))
	}
}

func TestDescribe(t *testing.T) {
	s, _, err := bind("w:1")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ name, kind, def string }{
		{"w", "integer", "100"},
		{"a", "float", "0.5"},
		{"l", "boolean", "true"},
		{"f", "enum", "cover"},
		{"b", "color", "000000"},
		{"t", "custom", ""},
		{"i", "file", ""},
		{"box", "bbox", "0_0_0_0"},
		{"boxes", "bboxList", ""},
		{"poly", "polygonList", ""},
		{"lines", "lineList", ""},
		{"q", "integer or enum", "80"},
	}
	list := s.Describe()
	if len(list) != len(want) {
		t.Fatalf("Describe lists %d parameters, want %d", len(list), len(want))
	}
	for i, p := range list {
		if p.Name != want[i].name || p.Kind != want[i].kind || p.Default != want[i].def || p.Doc == "" {
			t.Errorf("parameter %d = %+v, want %+v", i, p, want[i])
		}
	}
	if w := list[0]; *w.Min != 0 || *w.Max != 5000 || strings.Join(w.Aliases, " ") != "width breite" {
		t.Errorf("w = %v..%v, aliases %q", *w.Min, *w.Max, w.Aliases)
	}
	if got := strings.Join(list[11].Choices, " "); got != "best good" {
		t.Errorf("choices of q = %q", got)
	}
}
