package delivery_test

import (
	"context"
	"strings"
	"testing"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// presetEdge returns an edge whose clouds demo and vault have presets.
func presetEdge(t *testing.T) *edge {
	t.Helper()
	presets, err := op.NewPresets([]op.Preset{
		{Name: "thumb", Transformation: "t.resize(w:$w,h:100,b:$back)", Vars: []op.Var{
			{Name: "w", Type: "integer", Default: "200"},
			{Name: "back", Type: "color", Default: "000000"},
		}},
		{Name: "turn", Transformation: "t.rotate(a:$a)", Vars: []op.Var{{Name: "a", Type: "float"}}},
		{Name: "mirror", Transformation: "t.flip()~t.flop()"},
		{Name: "as-is", Transformation: "original"},
	})
	if err != nil {
		t.Fatal(err)
	}
	e := newEdge(t)
	e.cloudNamed(t, "demo").Presets = presets
	e.cloudNamed(t, "vault").Presets = presets
	return e
}

func TestPresets(t *testing.T) {
	e := presetEdge(t)
	for _, tt := range []struct{ uri, want string }{
		{"/v2/demo/p:thumb/a.jpg", "t.resize(w:200,h:100) of " + jpeg},
		{"/v2/demo/p:thumb()/a.jpg?dpr=2", "t.resize(w:200,h:100,dpr:2) of " + jpeg},
		{"/v2/demo/p:thumb(w:50,back:FF0000)/a.jpg", "t.resize(w:50,h:100,b:ff0000) of " + jpeg},
		{"/v2/demo/p.apply(n:thumb,w:51)/a.jpg", "t.resize(w:51,h:100) of " + jpeg},
		{"/v2/demo/t.blur(s:2)~p:mirror~p:turn(a:90)~t.median()/a.jpg", "t.blur(s:2)~t.flip()~t.flop()~t.rotate(a:90)~t.median() of " + jpeg},
		{"/v2/demo/p:as-is/a.jpg", jpeg},
		{"/v2/demo/p:as-is~t.flip()/a.jpg", "t.flip() of " + jpeg},
		{"/v2/demo/wrkr/p:mirror/a.jpg", "t.flip()~t.flop() of " + jpeg},
	} {
		e.want(t, tt.uri, tt.want)
	}
}

// TestPresetKey asks for a preset and for what it stands for: that is one
// picture.
func TestPresetKey(t *testing.T) {
	e := presetEdge(t)
	for _, uri := range []string{
		"/v2/demo/p:thumb~p:mirror/a.jpg",
		"/v2/demo/p:thumb(w:200)~t.flip()~t.flop()/a.jpg",
		"/v2/demo/p:thumb(back:000000ff)~p:mirror()/a.jpg",
		"/v2/demo/t.resize(h:100,w:200)~t.flip()~t.flop()/a.jpg",
		"/v2/demo/p.apply(n:thumb)~p:mirror/a.jpg",
	} {
		e.want(t, uri, "t.resize(w:200,h:100)~t.flip()~t.flop() of")
	}
	e.counts(t, 1, 1)
	e.want(t, "/v2/demo/p:thumb(w:201)~p:mirror/a.jpg", "t.resize(w:201,")
	e.counts(t, 2, 2)
}

func TestPresetRefused(t *testing.T) {
	e := presetEdge(t)
	for _, tt := range []struct{ uri, message string }{
		{"/v2/demo/p:none/a.jpg", `no preset "none"`},
		{"/v2/other/p:thumb/a.jpg", `no preset "thumb"`}, // another cloud's
		{"/v2/demo/p:turn/a.jpg", "p:turn: a: not given, and has no default; want a value of type float"},
		{"/v2/demo/p:thumb(w:wide)/a.jpg", `p:thumb: w: "wide" is not a whole number`},
		{"/v2/demo/p:thumb(h:1)/a.jpg", `p:thumb: no variable "h"; it takes w, back`},
		{"/v2/demo/p:thumb(w:99999999)/a.jpg", `t.resize: w: "99999999" is outside`},
	} {
		_, err := e.get(tt.uri)
		if fault.Of(err) != fault.Invalid || !strings.HasPrefix(fault.Message(err), tt.message) {
			t.Errorf("%s: %v, want %s", tt.uri, err, tt.message)
		}
	}
	e.counts(t, 0, 0)
}

// TestPresetSigned signs the URL as it is asked, not what it comes to.
func TestPresetSigned(t *testing.T) {
	e := presetEdge(t)
	const uri = "/v2/vault/p:thumb(w:40)~t.flip()/a.jpg"
	signed := e.sign(t, uri, 60)
	e.want(t, signed, "t.resize(w:40,h:100)~t.flip() of")
	e.refuse(t, uri, fault.Unauthorized)
	e.refuse(t, strings.Replace(signed, "w:40", "w:41", 1), fault.Unauthorized)
	e.refuse(t, strings.Replace(signed, "p:thumb(w:40)", "t.resize(w:40,h:100)", 1), fault.Unauthorized)
	e.refuse(t, "/v2/vault/p:none/a.jpg", fault.Unauthorized) // who cannot sign learns of no preset
}

func TestPresetsOnly(t *testing.T) {
	e := presetEdge(t)
	demo := e.cloudNamed(t, "demo")
	demo.PresetsOnly = true
	demo.Zones["zone02"] = delivery.Zone{Fetcher: demo.Zones[""].Fetcher, Worker: "p:mirror"}
	for _, uri := range []string{
		"/v2/demo/p:mirror/a.jpg",
		"/v2/demo/p:thumb(w:30)~p:mirror/a.jpg",
		"/v2/demo/p:thumb/a.jpg?dpr=2&f_auto=true",
		"/v2/demo/wrkr/p:mirror/a.jpg",
		"/v2/demo/zone02/wrkr/a.jpg",
	} {
		e.want(t, uri, "t.")
	}
	e.want(t, "/v2/demo/p:as-is/a.jpg", jpeg)
	for _, uri := range []string{
		"/v2/demo/original/a.jpg",
		"/v2/demo/t.flip()/a.jpg",
		"/v2/demo/p:mirror~t.flip()/a.jpg",
		"/v2/demo/t.unknown()~p:mirror/a.jpg",
		"/v2/demo/info/a.jpg",
		"/v2/demo/wrkr/original/a.jpg",
		"/v2/demo/wrkr/t.flip()/a.jpg",
		"/v2/demo/zone01/wrkr/a.jpg", // its worker resizes
		e.sign(t, "/v2/demo/t.flip()/a.jpg", 60),
	} {
		e.refuse(t, uri, fault.Forbidden)
	}
	e.refuse(t, "/v2/demo/p:none/a.jpg", fault.Invalid)
	e.want(t, "/v2/other/t.flip()/a.jpg", "t.flip() of")
}

// hints are headers.
type hints map[string]string

func (h hints) Peek(name string) []byte { return []byte(h[name]) }

// TestPresetHints has a client hint reach the operations of a preset.
func TestPresetHints(t *testing.T) {
	e := presetEdge(t)
	e.cloudNamed(t, "demo").Negotiation.Hints = true
	answer, err := e.Image(context.Background(), delivery.Request{
		URI: []byte("/v2/demo/p:thumb/a.jpg?dpr=auto"), Hints: hints{"Sec-CH-DPR": "2"},
	})
	if want := "t.resize(w:200,h:100,dpr:2) of"; err != nil || !strings.HasPrefix(string(answer.Picture.Data), want) {
		t.Errorf("answer = %+v, %v; want %s", answer.Picture, err, want)
	}
}

// TestSaveData has a client that saves data get a picture of its own, where the
// cloud looks at hints and not elsewhere.
func TestSaveData(t *testing.T) {
	for _, on := range []bool{true, false} {
		e := newEdge(t)
		e.cloudNamed(t, "demo").Negotiation.Hints = on
		for _, saves := range []string{"on", "", "on", "off", "On"} {
			answer, err := e.Image(context.Background(), delivery.Request{URI: []byte("/v2/demo/t.flip()/a.jpg"), Hints: hints{"Save-Data": saves}})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(answer.Route.Vary, "Save-Data"); got != on {
				t.Errorf("hints %t: Vary is %q", on, answer.Route.Vary)
			}
		}
		want := int64(1)
		if on {
			want = 2
		}
		if got := e.renders.Load(); got != want {
			t.Errorf("hints %t: %d renders, want %d", on, got, want)
		}
	}
}
