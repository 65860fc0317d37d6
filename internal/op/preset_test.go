package op_test

import (
	"fmt"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// presets has a preset for every rule.
func presets(tb testing.TB) op.Presets {
	tb.Helper()
	p, err := op.NewPresets([]op.Preset{
		{Name: "plain", Transformation: "t.flip()~t.flop()"},
		{Name: "as-is", Transformation: "original"},
		{Name: "box", Transformation: "t.resize(w:$w,h:$h,f:$fit)~t.extend(b:$w)", Vars: []op.Var{
			{Name: "w", Type: "integer", Default: "300"},
			{Name: "h", Type: "integer"},
			{Name: "fit", Type: "enum", Default: "cover", Choices: []string{"cover", "contain"}},
		}},
		{Name: "all", Transformation: "t.x(a:$i,b:$f,c:$b,d:$c,e:$s,f:$fi,g:$cu)", Vars: []op.Var{
			{Name: "i", Type: "integer", Default: "-1"},
			{Name: "f", Type: "float", Default: "-0.5"},
			{Name: "b", Type: "boolean", Default: "1"},
			{Name: "c", Type: "color", Default: "00ff0080"},
			{Name: "s", Type: "string", Default: "16_9"},
			{Name: "fi", Type: "file", Default: "Zi8/"},
			{Name: "cu", Type: "custom", Default: "aGk="},
		}},
		{Name: "long", Transformation: strings.Repeat("t.flip()~", 15) + "t.flip()"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestExpand(t *testing.T) {
	p := presets(t)
	tests := []struct{ pattern, want string }{
		{"original", ""},
		{"t.flip()~t.resize(w:$w)", "t.flip()~t.resize(w:$w)"},
		{"p:plain", "t.flip()~t.flop()"},
		{"p:plain()", "t.flip()~t.flop()"},
		{"p.apply(n:plain)", "t.flip()~t.flop()"},
		{"p:as-is", ""},
		{"t.rotate(a:90)~p:plain~p:as-is~t.blur()", "t.rotate(a:90)~t.flip()~t.flop()~t.blur()"},
		{"p:box(h:7)", "t.resize(w:300,h:7,f:cover)~t.extend(b:300)"},
		{"p:box(fit:contain,h:7,w:20)", "t.resize(w:20,h:7,f:contain)~t.extend(b:20)"},
		{"p.apply(h:7,n:box,w:20)", "t.resize(w:20,h:7,f:cover)~t.extend(b:20)"},
		{"p:box(h:1)~p:box(h:2)", "t.resize(w:300,h:1,f:cover)~t.extend(b:300)~t.resize(w:300,h:2,f:cover)~t.extend(b:300)"},
		{"p:all", "t.x(a:-1,b:-0.5,c:1,d:00ff0080,e:16_9,f:Zi8/,g:aGk=)"},
		{"p:all(i:9,f:2.50,b:false,c:ABCDEF,s:[[1_2]],fi:Zi9n,cu:8J-YgA)", "t.x(a:9,b:2.50,c:false,d:ABCDEF,e:[[1_2]],f:Zi9n,g:8J-YgA)"},
		{"p:all(s:$i)", "t.x(a:-1,b:-0.5,c:1,d:00ff0080,e:$i,f:Zi8/,g:aGk=)"}, // not a variable again
		{"p:long~p:long", strings.Repeat("t.flip()~", 31) + "t.flip()"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			calls, err := op.Parse(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Expand(calls)
			if err != nil || got.String() != tt.want {
				t.Errorf("Expand = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestExpandErrors(t *testing.T) {
	p := presets(t)
	tests := []struct{ pattern, want string }{
		{"p:thumb", `no preset "thumb"`},
		{"t.flip()~p:Plain", `no preset "Plain"`},
		{"p:" + strings.Repeat("x", 99), `no preset "` + strings.Repeat("x", 40) + `"…`},
		{"p:plain(w:1)", `p:plain: no variable "w"; it takes none`},
		{"p:box(h:1,width:1)", `p:box: no variable "width"; it takes w, h, fit`},
		{"p:box", "p:box: h: not given, and has no default; want a value of type integer"},
		{"p:box(h:1,w:$h)", `p:box: w: "$h" is not a whole number`},
		{"p:box(h:1.5)", `p:box: h: "1.5" is not a whole number`},
		{"p:box(h:007)", `p:box: h: "007" is not a whole number`},
		{"p:box(h:99999999999999999999)", `p:box: h: "99999999999999999999" is outside -2147483647..2147483647`},
		{"p:box(h:1,fit:fill)", `p:box: fit: "fill" is not one of cover, contain`},
		{"p:all(f:1e3)", `p:all: f: "1e3" is not a decimal number`},
		{"p:all(b:yes)", `p:all: b: "yes" is neither true nor false`},
		{"p:all(c:red)", `p:all: c: "red" is not a color; want 6 or 8 hexadecimal digits`},
		{"p:all(fi:a.jpg)", `p:all: fi: "a.jpg" is not base64`},
		{"p:all(cu:_w)", `p:all: cu: "_w" is not base64 of UTF-8 text`},
		{"p:long~p:long~t.flip()", "more than 32 operations, those of presets counted"},
		{"p:long~t.blur()~p:long", "more than 32 operations, those of presets counted"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			calls, err := op.Parse(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Expand(calls)
			if err == nil || fault.Of(err) != fault.Invalid || err.Error() != tt.want {
				t.Errorf("Expand = %s, %v; want the error %s", got, err, tt.want)
			}
		})
	}
}

// TestExpandForged has calls that no URL can make.
func TestExpandForged(t *testing.T) {
	p := presets(t)
	for _, value := range []string{"a~t.flip()", "a,b", "a:b", "(", ")", "a/b", " ", "a "} {
		if got, err := p.Expand(op.Pipeline{{Name: "p:all", Args: []op.Arg{{"s", value}}}}); fault.Of(err) != fault.Invalid || err == nil {
			t.Errorf("%q becomes %s, %v", value, got, err)
		}
	}
	if got, err := p.Expand(op.Pipeline{{Name: "p:box", Args: []op.Arg{{"h", "1"}, {"h", "2"}}}}); err == nil {
		t.Errorf("a value given twice becomes %s", got)
	}
}

// TestExpandLeavesPreset holds Expand to changing nothing that is shared.
func TestExpandLeavesPreset(t *testing.T) {
	p := presets(t)
	for _, h := range []string{"1", "2", "1"} {
		got, err := p.Expand(op.Pipeline{{Name: "p:box", Args: []op.Arg{{"h", h}}}})
		if want := fmt.Sprintf("t.resize(w:300,h:%s,f:cover)~t.extend(b:300)", h); err != nil || got.String() != want {
			t.Errorf("Expand = %s, %v; want %s", got, err, want)
		}
	}
}

func TestNewPresetsErrors(t *testing.T) {
	w := op.Var{Name: "w", Type: "integer"}
	tests := []struct {
		preset op.Preset
		want   string
	}{
		{op.Preset{Name: "", Transformation: "t.x()"}, `preset "": the name is not of letters, digits, _ and -`},
		{op.Preset{Name: "a.b", Transformation: "t.x()"}, `preset "a.b": the name is not of letters`},
		{op.Preset{Name: "first", Transformation: "t.x()"}, `preset "first": two presets have this name`},
		{op.Preset{Name: "a", Transformation: ""}, `preset "a": transformation: "" is not an operation`},
		{op.Preset{Name: "a", Transformation: "t.x"}, `preset "a": transformation: "t.x" has no parentheses`},
		{op.Preset{Name: "a", Transformation: strings.Repeat("t.x()~", 32) + "t.x()"}, `transformation: more than 32 operations`},
		{op.Preset{Name: "a", Transformation: "p:first"}, `transformation: p:first: a preset may not hold another`},
		{op.Preset{Name: "a", Transformation: "t.x()~p.apply(n:a)"}, `transformation: p:a: a preset may not hold another`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)"}, `preset "a": $w: used in the transformation, and not declared`},
		{op.Preset{Name: "a", Transformation: "t.x(w:1)", Vars: []op.Var{w}}, `preset "a": $w: declared, and not used`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{w, w}}, `$w: declared twice`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$)"}, `transformation: t.x: w: "$" is not $ and the name of a variable`},
		{op.Preset{Name: "a", Transformation: "t.x(w:[$w_1])", Vars: []op.Var{w}}, `"[$w_1]" is not $ and the name of a variable; a variable is the whole of a value`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$-)"}, `"$-" is not $ and the name`},
		{op.Preset{Name: "a", Transformation: "t.x()", Vars: []op.Var{{Name: "-w", Type: "integer"}}}, `$-w: the name is not of letters`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "int"}}}, `$w: "int" is not one of the types integer, float, `},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w"}}}, `$w: "" is not one of the types`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "enum"}}}, `$w: an enum has choices`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "string", Choices: []string{"a"}}}}, `$w: an enum has choices, and only`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "enum", Choices: []string{"a,b"}}}}, `$w: choices: "a,b" is empty, begins`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "integer", Default: "wide"}}}, `$w: default: "wide" is not a whole number`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "string", Default: "a~b"}}}, `$w: default: "a~b" is empty, begins`},
		{op.Preset{Name: "a", Transformation: "t.x(w:$w)", Vars: []op.Var{{Name: "w", Type: "enum", Default: "c", Choices: []string{"a", "b"}}}}, `$w: default: "c" is not one of a, b`},
	}
	first := op.Preset{Name: "first", Transformation: "t.flip()"}
	for _, tt := range tests {
		if _, err := op.NewPresets([]op.Preset{first, tt.preset}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.preset, err, tt.want)
		}
	}
}

func TestPresetDefaults(t *testing.T) {
	p := presets(t)
	for _, tt := range []struct{ name, want string }{
		{"plain", "t.flip()~t.flop()"},
		{"box", "t.extend(b:300)"},
		{"none", ""},
	} {
		if got := p.Defaults(tt.name).String(); got != tt.want {
			t.Errorf("Defaults(%q) = %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestOnly(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		want    bool
	}{
		{"original", false},
		{"t.flip()", false},
		{"p:a", true},
		{"p:a~p:b(w:1)", true},
		{"p.apply(n:a)", true},
		{"p:a~t.flip()", false},
		{"t.flip()~p:a", false},
	} {
		calls, err := op.Parse(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := (op.Presets{}).Only(calls); got != tt.want {
			t.Errorf("Only(%s) = %t", tt.pattern, got)
		}
	}
}

// FuzzExpand gives a preset any value: the operations that come out are those of
// the preset, also when they are written and read again.
func FuzzExpand(f *testing.F) {
	for _, seed := range []struct{ name, value string }{{"i", "7"}, {"s", "a~t.flip()"}, {"s", "$i"}, {"cu", "aGk="}, {"c", "abcdef"}} {
		f.Add(seed.name, seed.value)
	}
	p := presets(f)
	f.Fuzz(func(t *testing.T, name, value string) {
		got, err := p.Expand(op.Pipeline{{Name: "p:all", Args: []op.Arg{{name, value}}}})
		if err != nil {
			return
		}
		again, err := op.Parse(got.String())
		if err != nil || len(again) != 1 || again[0].Name != "t.x" || len(again[0].Args) != 7 {
			t.Errorf("%q:%q becomes %s, and that %s, %v", name, value, got, again, err)
		}
	})
}
