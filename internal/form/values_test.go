package form_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/form"
)

// tell returns what an error tells a client.
func tell(err error) string {
	if err == nil {
		return ""
	}
	return fault.Message(err)
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct {
		text         string
		n            int
		intError     string
		f            float64
		decimalError string
	}{
		{"", 7, "", 7.5, ""},
		{"12", 12, "", 12, ""},
		{"+12", 12, "", 12, ""},
		{"-1", 0, "w: -1 is outside 0..100", 0, "w: -1 is outside 0..100"},
		{"101", 0, "w: 101 is outside 0..100", 0, "w: 101 is outside 0..100"},
		{"1.50", 0, `w: must be a whole number, not "1.50"`, 1.5, ""},
		{"1e1", 0, `w: must be a whole number, not "1e1"`, 10, ""},
		{"99999999999999999999", 0, `w: must be a whole number, not "99999999999999999999"`, 0, "w: 1e+20 is outside 0..100"},
		{"x", 0, `w: must be a whole number, not "x"`, 0, `w: must be a number, not "x"`},
		{"NaN", 0, `w: must be a whole number, not "NaN"`, 0, `w: must be a number, not "NaN"`},
		{"Inf", 0, `w: must be a whole number, not "Inf"`, 0, `w: must be a number, not "Inf"`},
		{"0x1p2", 0, `w: must be a whole number, not "0x1p2"`, 0, `w: must be a number, not "0x1p2"`},
		{"1e999", 0, `w: must be a whole number, not "1e999"`, 0, `w: must be a number, not "1e999"`},
	} {
		forms := []string{`{"w":"` + tt.text + `"}`}
		var number json.Number
		if json.Unmarshal([]byte(tt.text), &number) == nil {
			forms = append(forms, `{"w":`+tt.text+`}`)
		}
		for _, body := range forms {
			f := parse(t, body)
			if n, err := f.Int("w", 7, 0, 100); n != tt.n || tell(err) != tt.intError {
				t.Errorf("Int of %s: %v, %q; want %v, %q", body, n, tell(err), tt.n, tt.intError)
			}
			if n, err := f.Float("w", 7.5, 0, 100); n != tt.f || tell(err) != tt.decimalError {
				t.Errorf("Float of %s: %v, %q; want %v, %q", body, n, tell(err), tt.f, tt.decimalError)
			}
		}
	}
	if n, err := parse(t, "{}").Float("w", math.Pi, 0, 1); n != math.Pi || err != nil {
		t.Errorf("Float of nothing: %v, %v", n, err)
	}
}

func parse(t *testing.T, body string) *form.Form {
	t.Helper()
	f, err := form.Read("", jsonType, strings.NewReader(body), -1, limits(t))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBool(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "true", `{"b":""}`: "true", `{"b":null}`: "true", `{"b":true}`: "true", `{"b":"True"}`: "true", `{"b":"1"}`: "true", `{"b":1}`: "true",
		`{"b":false}`: "false", `{"b":"False"}`: "false", `{"b":0}`: "false",
		`{"b":"yes"}`: `b: must be true or false, not "yes"`, `{"b":2}`: `b: must be true or false, not "2"`, `{"b":[true]}`: "b: must be text or a number",
		`{"b":"` + strings.Repeat("x", 50) + `"}`: `b: must be true or false, not "` + strings.Repeat("x", 40) + `…"`,
	} {
		v, err := parse(t, body).Bool("b", true)
		got := tell(err)
		if err == nil {
			got = map[bool]string{true: "true", false: "false"}[v]
		}
		if got != want {
			t.Errorf("Bool of %s: %s, want %s", body, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	type area struct{ X, Y json.Number }
	for _, tt := range []struct {
		body string
		want []area
		err  string
	}{
		{`{}`, nil, ""},
		{`{"cord":[{"x":1,"y":2.50}]}`, []area{{"1", "2.50"}}, ""},
		{`{"cord":"[{\"x\":1}]"}`, nil, "cord: is not JSON, or not of the right shape"},
		{`{"cord":{"x":1}}`, nil, "cord: is not JSON, or not of the right shape"},
	} {
		var got []area
		err := parse(t, tt.body).JSON("cord", &got)
		if tell(err) != tt.err || err == nil && !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v; want %v, %s", tt.body, got, err, tt.want, tt.err)
		}
	}
	for query, want := range map[string]string{
		"a=[1,2]": "", "a=[1,2]x": "a: has something behind its JSON", "a=": "a: is not JSON, or not of the right shape",
		"a=" + strings.Repeat("[", 33): "a: the JSON is nested more than 32 deep",
	} {
		f, err := form.Read(query, "", nil, 0, limits(t))
		if err != nil {
			t.Fatal(err)
		}
		var got []json.Number
		if err := f.JSON("a", &got); tell(err) != want {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
	if _, err := parse(t, `{"a":{}}`).Text("a"); tell(err) != "a: must be text or a number" {
		t.Errorf("Text of an object: %v", err)
	}
	if f := parse(t, `{"a":{},"b":null}`); !f.Has("a") || f.Has("b") || f.Has("c") {
		t.Error("Has is wrong")
	}
}
