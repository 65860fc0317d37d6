package main

import (
	"bytes"
	"encoding/json"
	"image"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
)

// asked is what testdata/sdk/sign.js signs.
type asked struct {
	URL     string `json:"url"`
	Seconds int    `json:"seconds"`
	Key     string `json:"key"`
	Token   string `json:"token"`
}

// TestSDK has PixelBin's own JavaScript SDK sign URLs.
func TestSDK(t *testing.T) {
	dir := t.TempDir()
	draw(t, filepath.Join(dir, "media", "photo.png"), 64, 48)
	draw(t, filepath.Join(dir, "media", "ünï", "a b.png"), 64, 48)
	write(t, filepath.Join(dir, "edge.yaml"), []byte(`
clouds:
  - name: demo
    hosts: [img.example.com]
    sources: [{dir: media}]
    signed: true
    keys: [{id: key-1, token: first-token}, {id: 7f4b2a5e-58a5-4a1c-9a3f-1d1c2b3a4d5e, token: second-token}]
`))
	edge := start(t, dir, nil)
	first := func(where string) asked { return asked{where, 60, "key-1", "first-token"} }
	list := []asked{
		first(edge.url + "/v2/demo/original/photo.png"),
		first(edge.url + "/v2/demo/t.resize(w:20,h:10)~t.flip()~t.toFormat(f:webp)/photo.png"),
		first(edge.url + "/v2/demo/t.resize(w:20)/photo.png?dpr=2.0&f_auto=true"),
		first(edge.url + "/v2/demo/original/photo.png?v=a b~c,d&download"),
		first(edge.url + "/v2/demo/t.resize(w:20)/ünï/a b.png"),
		first(edge.url + "/v2/demo/t.resize(w:20)/%C3%BCn%C3%AF/a%20b.png?download=true"),
		first("http://img.example.com/v2/t.resize(w:20)/photo.png?dpr=2"),
		{edge.url + "/v2/demo/t.resize(w:21)/photo.png", 3600, "7f4b2a5e-58a5-4a1c-9a3f-1d1c2b3a4d5e", "second-token"},
	}
	for i, signed := range sign(t, list) {
		if a := fetch(t, edge, signed); a.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", list[i].URL, a.status, a.body)
		}
		for _, spoiled := range spoil(signed) {
			checkRefusal(t, spoiled, http.StatusUnauthorized, fetch(t, edge, spoiled))
		}
		if a := fetch(t, edge, signed); a.header.Get("X-Cache") != "HIT" {
			t.Errorf("%s: X-Cache %s", list[i].URL, a.header.Get("X-Cache"))
		}
	}
	wrong := []asked{
		{edge.url + "/v2/demo/original/photo.png", -1, "key-1", "first-token"},
		{edge.url + "/v2/demo/original/photo.png", 60, "key-1", "second-token"},
		{edge.url + "/v2/demo/original/photo.png", 60, "key-3", "first-token"},
	}
	for i, signed := range sign(t, wrong) {
		if a := fetch(t, edge, signed); a.status != http.StatusUnauthorized {
			t.Errorf("%+v: status %d", wrong[i], a.status)
		}
	}
}

// TestSDKPreset signs presets with variables: a signature is of what the URL says,
// so nobody else may set a variable, leave one out or write the preset out.
func TestSDKPreset(t *testing.T) {
	dir := t.TempDir()
	draw(t, filepath.Join(dir, "media", "photo.png"), 64, 48)
	write(t, filepath.Join(dir, "edge.yaml"), []byte(`
clouds:
  - name: demo
    sources: [{dir: media}]
    signed: true
    keys: [{id: key-1, token: first-token}]
    presets:
      - name: thumb
        transformation: t.resize(w:$w,h:$h,f:fill)~t.toFormat(f:png)
        params:
          w: {type: integer, default: 20}
          h: {type: integer, default: 10}
`))
	edge := start(t, dir, nil)
	tests := []struct {
		chain string
		size  image.Point
		other []string // chains that the signature is not of
	}{
		{"p:thumb", image.Pt(20, 10), []string{"p:thumb(w:21)", "p:thumb(w:20)", "t.resize(w:20,h:10,f:fill)~t.toFormat(f:png)"}},
		{"p:thumb(w:12)", image.Pt(12, 10), []string{"p:thumb(w:13)", "p:thumb(w:012)", "p:thumb", "p:thumb(h:12)", "p:thumb(w:12,h:10)"}},
		{"p:thumb(h:30,w:12)", image.Pt(12, 30), []string{"p:thumb(h:31,w:12)", "p:thumb(h:12,w:30)", "p:thumb(w:12)"}},
		{"t.flip()~p:thumb(w:12)~t.grey()", image.Pt(12, 10), []string{"t.flip()~p:thumb(w:14)~t.grey()", "p:thumb(w:12)~t.grey()"}},
		{"p.apply(n:thumb,w:12)", image.Pt(12, 10), []string{"p.apply(n:thumb,w:15)", "p.apply(n:other,w:12)"}},
	}
	list := make([]asked, len(tests))
	for i, tt := range tests {
		list[i] = asked{edge.url + "/v2/demo/" + tt.chain + "/photo.png", 60, "key-1", "first-token"}
	}
	for i, signed := range sign(t, list) {
		a := fetch(t, edge, signed)
		if a.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", list[i].URL, a.status, a.body)
			continue
		}
		if size := imgtest.Decode(t, a.body).Bounds().Size(); size != tests[i].size {
			t.Errorf("%s: size %v, want %v", list[i].URL, size, tests[i].size)
		}
		for _, other := range tests[i].other {
			spoiled := strings.Replace(signed, tests[i].chain, other, 1)
			checkRefusal(t, spoiled, http.StatusUnauthorized, fetch(t, edge, spoiled))
		}
	}
}

// spoil returns what somebody without a key could make of a signed URL.
func spoil(signed string) []string {
	bare, query, _ := strings.Cut(signed, "?")
	longer := strings.Replace(signed, "pbe=1", "pbe=2", 1)
	return []string{
		bare + "x?" + query,
		strings.Replace(signed, ".png", ".jpg", 1),
		strings.Replace(signed, "/v2/", "/v1/", 1),
		longer,
		signed + "&unknown=1",
		bare,
	}
}

// fetch asks edge for a URL, whatever host that names.
func fetch(t *testing.T, edge *process, where string) answer {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	return get(t, edge.url+u.RequestURI(), "Host: "+u.Host)
}

// sign runs the SDK.
func sign(t *testing.T, list []asked) (signed []string) {
	t.Helper()
	const modules = "../../.tools/sdk/node_modules"
	if _, err := os.Stat(modules); err != nil {
		t.Fatalf("the SDK is not installed: %v; run make tools", err)
	}
	path, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "testdata/sdk/sign.js")
	node.Env = append(os.Environ(), "NODE_PATH="+path)
	node.Stdin, node.Stderr = bytes.NewReader(input), t.Output()
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v; run make test, which installs it", err)
	}
	if err := json.Unmarshal(out, &signed); err != nil || len(signed) != len(list) {
		t.Fatalf("%d of %d URLs are signed: %v", len(signed), len(list), err)
	}
	return signed
}
