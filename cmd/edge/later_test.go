package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const negotiating = `
clouds:
- {name: soon, sources: [{dir: .}], auto_avif: background}
- {name: brief, sources: [{dir: .}], auto_avif: background, cache_control: "private, max-age=5"}
- {name: eager, sources: [{dir: .}], auto_avif: wait}
- {name: usual, sources: [{dir: .}]}
- {name: never, sources: [{dir: .}], auto_avif: "off"}
- {name: bare, sources: [{dir: .}], auto_avif: off, auto_formats: [avif]}
`

const takesAll = "Accept: image/avif,image/webp,image/*,*/*;q=0.8"

// negotiates starts an edge with a picture and clouds that differ in auto_avif.
func negotiates(t *testing.T, args ...string) *process {
	t.Helper()
	dir := t.TempDir()
	draw(t, filepath.Join(dir, "card.jpg"), 640, 480)
	write(t, filepath.Join(dir, "edge.yaml"), []byte(negotiating))
	return start(t, dir, nil, args...)
}

// TestAutoAVIF asks the clouds for one picture, in either kind of process.
func TestAutoAVIF(t *testing.T) {
	for _, isolation := range []string{"process", "none"} {
		t.Run(isolation, func(t *testing.T) {
			edge := negotiates(t, "--render-isolation="+isolation)
			const path = "/t.resize(w:320)/card.jpg?f_auto=true"
			const year = "public, max-age=31536000"
			becomesAVIF(t, edge.url+"/v2/soon"+path, "public, max-age=30", year)
			becomesAVIF(t, edge.url+"/v2/brief"+path, "private, max-age=5", "private, max-age=5")
			for cloud, want := range map[string]string{"eager": "avif", "usual": "avif", "never": "webp", "bare": "jpeg"} {
				for range 2 {
					a := get(t, edge.url+"/v2/"+cloud+path, takesAll)
					is(t, a, "image/"+want, year)
				}
			}
			edge.becomes(t, `edge_background_total{result="done"}`, "2")
		})
	}
}

// becomesAVIF follows a picture from its first answer to its AVIF.
func becomesAVIF(t *testing.T, url, interim, final string) {
	t.Helper()
	first := get(t, url, takesAll)
	is(t, first, "image/webp", interim)
	if timing := first.header.Get("Server-Timing"); !strings.Contains(timing, "interim") || first.header.Get("Vary") != "Accept" {
		t.Errorf("Server-Timing %q, Vary %q", timing, first.header.Get("Vary"))
	}
	tag := first.header.Get("Etag")
	var last answer
	eventually(t, "AVIF", func() bool {
		last = get(t, url, takesAll, "If-None-Match: "+tag)
		return last.status == 200
	})
	is(t, last, "image/avif", final)
	if last.header.Get("Etag") == tag || last.header.Get("Vary") != "Accept" || strings.Contains(last.header.Get("Server-Timing"), "interim") {
		t.Errorf("the AVIF has the headers %v, the interim picture %v", last.header, first.header)
	}
	if !strings.HasPrefix(string(last.body[4:]), "ftypavif") {
		t.Errorf("the AVIF begins with %q", last.body[:min(16, len(last.body))])
	}
	shared := get(t, url, "Accept: image/webp")
	is(t, shared, "image/webp", final)
	if shared.header.Get("Etag") != tag || shared.header.Get("X-Cache") != "HIT" {
		t.Errorf("who takes WebP alone gets %v", shared.header)
	}
}

func is(t *testing.T, a answer, mime, lifetime string) {
	t.Helper()
	if a.status != 200 || a.header.Get("Content-Type") != mime || a.header.Get("Cache-Control") != lifetime {
		t.Errorf("%d, %q, %q; want 200, %q, %q", a.status, a.header.Get("Content-Type"), a.header.Get("Cache-Control"), mime, lifetime)
	}
}

// TestStopInBackground stops while an AVIF is being made for nobody: that is no
// reason to wait, nor to fail.
func TestStopInBackground(t *testing.T) {
	for _, isolation := range []string{"process", "none"} {
		t.Run(isolation, func(t *testing.T) {
			edge := negotiates(t, "--render-isolation="+isolation)
			a := get(t, edge.url+"/v2/soon/t.resize(w:4000)/card.jpg?f_auto=true", takesAll)
			is(t, a, "image/webp", "public, max-age=30")
			eventually(t, "at work", func() bool { return edge.metric(t, "edge_renders_in_flight") == "1" })
			edge.terminate(t)
			code := edge.wait(t)
			if log := edge.stderr.String(); code != exitOK || strings.Contains(log, "SIG") || strings.Contains(log, "CRITICAL") || strings.Contains(log, "in the background") {
				t.Errorf("exit code %d\n%s", code, log)
			}
		})
	}
}
