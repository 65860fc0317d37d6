package main

import (
	"fmt"
	"image"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
)

// A pixlabClient is a program that calls PixLab's API as programs in its language do.
type pixlabClient struct {
	name    string
	command []string // in front of address, key, call and arguments
	direct  string   // address that it calls; empty: that of the edge
	calls   []string // beside copy, store, delete, crop and oilpaint
}

// pixlabClients are testdata/pixlab. PHP's is also one that has PixLab's host written
// in and reaches the edge as its proxy, for that is how PixLab's own class does.
func pixlabClients() []pixlabClient {
	// Another Python may come first in PATH, without the packages of the system.
	const python = "/usr/bin/python3"
	return []pixlabClient{
		{"python", []string{python, "client.py"}, "", []string{"crop-json", "crop-blob"}},
		{"javascript", []string{"node", "client.mjs"}, "", nil},
		{"php", []string{"php", "client.php"}, "", []string{"crop-json", "crop-blob"}},
		{"php by proxy", []string{"php", "client.php"}, "http://api.pixlab.io", []string{"crop-json", "crop-blob"}},
		{"ruby", []string{"ruby", "client.rb"}, "", []string{"crop-form"}},
	}
}

// run makes a call, and returns what the program printed: a status, and a link or
// what there is to say, without the quotes that PHP adds. ok is false if the program
// failed; then text is what it complained of.
func (c pixlabClient) run(t *testing.T, e *apiEdge, key, call string, args ...string) (text string, ok bool) {
	t.Helper()
	base := c.direct
	if base == "" {
		base = e.url
	}
	cmd := exec.CommandContext(t.Context(), c.command[0], append(append(slices.Clone(c.command[1:]), base, key, call), args...)...)
	cmd.Dir = filepath.Join("testdata", "pixlab")
	cmd.Env = []string{"HOME=/no-home", "PATH=" + os.Getenv("PATH"), "PYTHONDONTWRITEBYTECODE=1"}
	if c.direct != "" {
		cmd.Env = append(cmd.Env, "http_proxy="+e.url)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); err != nil && !failed { //nolint:errorlint // it is not wrapped
		t.Fatalf("%v; scripts/packages test installs it", err)
	}
	if err != nil {
		return stderr.String(), false
	}
	return strings.ReplaceAll(strings.TrimSpace(string(out)), "'", ""), true
}

// link makes a call that must be answered with a link, and returns what it shows.
func (c pixlabClient) link(t *testing.T, e *apiEdge, call string, args ...string) (link string, data []byte) {
	t.Helper()
	text, _ := c.run(t, e, e.key, call, args...)
	link, ok := strings.CutPrefix(text, "200 ")
	if !ok || !strings.HasPrefix(link, e.url+"/v2/demo/original/api/") || strings.ContainsAny(link, "?&#+%") {
		t.Fatalf("%s: %s", call, text)
	}
	a := get(t, link)
	if a.status != http.StatusOK {
		t.Fatalf("%s: %s: status %d", call, link, a.status)
	}
	return link, a.body
}

// servePictures serves files on a web server of this machine, as pictures elsewhere.
func servePictures(t *testing.T, files map[string][]byte) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := files[strings.TrimPrefix(r.URL.Path, "/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestPixLabClients runs every call of every program against an edge, with the right
// key and with wrong ones.
func TestPixLabClients(t *testing.T) {
	card := imgtest.Card(320, 240, false)
	png := imgtest.PNG(t, card)
	file := filepath.Join(t.TempDir(), "picture")
	write(t, file, png)
	site := servePictures(t, map[string][]byte{"card.png": png})
	// A star among the hosts is of the ports 80 and 443.
	e := startAPI(t, apiSetup{library: fmt.Sprintf("fetch: [%q]", strings.TrimPrefix(site, "http://"))})
	for _, c := range pixlabClients() {
		t.Run(c.name, func(t *testing.T) {
			stored, data := c.link(t, e, "store", file)
			if string(data) != string(png) {
				t.Errorf("store: the link shows %d bytes that are not the file's %d", len(data), len(png))
			}
			copied, data := c.link(t, e, "copy", site+"/card.png")
			if string(data) != string(png) || copied == stored {
				t.Errorf("copy: %s shows %d bytes that are not the picture's %d", copied, len(data), len(png))
			}
			c.wantCrops(t, e, card, site+"/card.png", stored)
			_, data = c.link(t, e, "oilpaint", copied)
			if oil := imgtest.Decode(t, data); oil.Bounds().Size() != card.Bounds().Size() || imgtest.Distance(oil, card) == 0 {
				t.Errorf("oilpaint: %v, and %v from the original", oil.Bounds(), imgtest.Distance(oil, card))
			}
			c.wantRefusals(t, e, file, stored, site+"/card.png")
			if text, _ := c.run(t, e, e.key, "delete", stored); !strings.EqualFold(text, "200 true") {
				t.Errorf("delete: %s", text)
			}
			wantGone(t, stored)
			if text, _ := c.run(t, e, e.key, "delete", stored); !strings.HasPrefix(text, "404 ") {
				t.Errorf("delete again: %s", text)
			}
			if text, _ := c.run(t, e, e.key, "crop", stored, "1", "1", "10", "10"); !strings.HasPrefix(text, "404 ") {
				t.Errorf("crop of what is deleted: %s", text)
			}
		})
	}
	e.wantSpoolEmpty(t)
}

// wantCrops wants the very pixels of rectangles, also of those that reach beyond the
// picture.
func (c pixlabClient) wantCrops(t *testing.T, e *apiEdge, card *image.NRGBA, sources ...string) {
	t.Helper()
	for _, call := range append([]string{"crop"}, c.calls...) {
		if call == "crop-blob" {
			c.wantBlob(t, e, sources[0])
			continue
		}
		for i, r := range []image.Rectangle{image.Rect(164, 95, 309, 240), image.Rect(300, 200, 400, 300)} {
			_, data := c.link(t, e, call, sources[i], strconv.Itoa(r.Min.X), strconv.Itoa(r.Min.Y), strconv.Itoa(r.Dx()), strconv.Itoa(r.Dy()))
			if got, want := imgtest.Decode(t, data), card.SubImage(r); !identical(got, want) {
				t.Errorf("%s of %s: %v is not the original's %v", call, sources[i], got.Bounds(), want.Bounds())
			}
		}
	}
}

// wantBlob wants the bytes instead of a link, which are no JSON.
func (c pixlabClient) wantBlob(t *testing.T, e *apiEdge, img string) {
	t.Helper()
	text, _ := c.run(t, e, e.key, "crop-blob", img, "1", "1", "9", "9")
	if text != "a blob" && text != "200 image/png True" {
		t.Errorf("crop-blob: %s", text)
	}
}

// wantRefusals makes every call with keys that are none, and wants nothing to come
// of it.
func (c pixlabClient) wantRefusals(t *testing.T, e *apiEdge, file, stored, picture string) {
	t.Helper()
	before := len(e.assets(t))
	arguments := map[string][]string{"store": {file}, "delete": {stored}, "copy": {picture}, "oilpaint": {picture}}
	other := e.key[:len(e.key)-1] + map[bool]string{true: "b", false: "a"}[strings.HasSuffix(e.key, "a")]
	for _, call := range append([]string{"copy", "store", "delete", "crop", "oilpaint"}, c.calls...) {
		args := arguments[call]
		if args == nil {
			args = []string{picture, "1", "1", "9", "9"}
		}
		text, ok := c.run(t, e, other, call, args...)
		if ok && text != "401 the API key is missing or not valid" || !ok && !strings.Contains(text, "401 Client Error: Unauthorized") {
			t.Errorf("%s with a wrong key: %s", call, text)
		}
	}
	if text, _ := c.run(t, e, "wrong", "copy", picture); !strings.HasPrefix(text, "401 ") {
		t.Errorf("copy with what is no key: %s", text)
	}
	if after := len(e.assets(t)); after != before {
		t.Errorf("%d assets before and %d after calls that were refused", before, after)
	}
}
