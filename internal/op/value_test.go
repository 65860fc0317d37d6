package op_test

import (
	"testing"
	"unicode/utf8"

	"pixedge/internal/op"
)

func TestDecodeText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"eU44YkFJOHlVMmZrWVRDOUNTRm1D", "yN8bAI8yU2fkYTC9CSFmC"},
		{"Pz8_", "???"},
		{"Pz8/", "???"},
		{"8J+YgA==", "😀"},
		{"8J-YgA", "😀"},
	}
	for _, tt := range tests {
		if got, err := op.DecodeText(tt.text); err != nil || got != tt.want {
			t.Errorf("DecodeText(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestStrings(t *testing.T) {
	if got := (op.Box{Top: 1, Left: 2, Height: 3, Width: 4}).String(); got != "1_2_3_4" {
		t.Errorf("Box = %s", got)
	}
	if got := (op.Point{X: 1, Y: 2}).String(); got != "1_2" {
		t.Errorf("Point = %s", got)
	}
	if got := (op.Color{R: 1, G: 2, B: 3}).String(); got != "01020300" {
		t.Errorf("Color = %s", got)
	}
	if got := op.Black().String(); got != "000000" {
		t.Errorf("Black = %s", got)
	}
}

// FuzzEncodeText holds EncodeText to DecodeText.
func FuzzEncodeText(f *testing.F) {
	for _, seed := range []string{"", "a", "folder/name.jpg", "日本", "\xff", "???>>>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := op.DecodeText(op.EncodeText(text))
		if utf8.ValidString(text) && (err != nil || got != text) {
			t.Errorf("DecodeText(EncodeText(%q)) = %q, %v", text, got, err)
		}
		if !utf8.ValidString(text) && err == nil {
			t.Errorf("DecodeText lets the bytes %q pass as text", text)
		}
	})
}

// FuzzValues binds any text to a parameter of every kind. What Bind accepts, it
// accepts again in canonical form, and the form stays.
func FuzzValues(f *testing.F) {
	for _, seed := range []struct{ name, value string }{
		{"w", "007"},
		{"a", "-0.0"},
		{"l", "1"},
		{"b", "FF00007f"},
		{"t", "8J+YgA=="},
		{"i", "Zi9n"},
		{"box", "1_2_3_4"},
		{"boxes", "[[1_2_3_4]_[5_6_7_8]]"},
		{"poly", "[[[1_2]_[3_4]_[5_6]]_[[0_0]_[1_0]_[1_1]]]"},
		{"q", "best"},
		{"boxes", "[]1_2_3_4[]"},
		{"poly", "[[][[]]"},
	} {
		f.Add(seed.name, seed.value)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		first, err := canonical(op.Call{Name: "t.x", Args: []op.Arg{{Name: name, Value: value}}})
		if err != nil {
			return
		}
		second, err := canonical(first)
		if err != nil {
			t.Fatalf("%s:%q is fine but its canonical form %s is not: %v", name, value, first, err)
		}
		if second.String() != first.String() {
			t.Errorf("%s:%q is canonically %s, and that is %s", name, value, first, second)
		}
	})
}

func canonical(c op.Call) (op.Call, error) {
	var (
		s op.ParamSet
		p params
	)
	p.declare(&s)
	err := s.Bind(c)
	return s.Canonical(), err
}
