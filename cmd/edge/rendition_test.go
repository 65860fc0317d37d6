package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/imgtest"
)

// TestRenditions asks for a photograph in sizes and formats, by workers and without, and
// looks at what the answers say of how they were made.
func TestRenditions(t *testing.T) {
	for _, isolation := range []string{"process", "none"} {
		edge := start(t, t.TempDir(), []string{"EDGE_RENDER_ISOLATION=" + isolation})
		var derived []bool
		for _, ops := range []string{
			"t.resize(w:200)", "t.resize(w:400)", "t.resize(w:600)", "t.resize(w:600)~t.toFormat(f:png)", "t.crop(w:30,h:30)",
		} {
			r := get(t, edge.url+"/v2/demo/"+ops+"/turned.jpg")
			if r.status != 200 {
				t.Fatalf("%s: %d %s", ops, r.status, r.body)
			}
			derived = append(derived, strings.Contains(r.header.Get("Server-Timing"), `, source;desc="rendition", total;`))
			if strings.Contains(ops, "w:600") {
				if size := imgtest.Decode(t, r.body).Bounds().Size(); size.X != 600 || size.Y != 450 {
					t.Errorf("%s: %v", ops, size)
				}
			}
		}
		if want := []bool{false, false, true, true, false}; !slices.Equal(derived, want) {
			t.Errorf("with isolation %s: of a rendition: %v, want %v", isolation, derived, want)
		}
	}
}

// TestSetAtOnce asks for a new photograph in twelve variants at once: it is fetched once
// and decoded once.
func TestSetAtOnce(t *testing.T) {
	photo := imgtest.JPEG(t, imgtest.Card(1600, 1200, false), 1)
	for _, isolation := range []string{"process", "none"} {
		come := make(chan struct{})
		var fetches atomic.Int64
		origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fetches.Add(1)
			<-come
			_, _ = w.Write(photo)
		}))
		defer origin.Close()
		dir := t.TempDir()
		write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil,
			"clouds: [{name: demo, sources: [{http: {base: %q}}], allow_networks: [127.0.0.0/8]}]", origin.URL))
		edge := start(t, dir, []string{"EDGE_RENDER_ISOLATION=" + isolation})
		var answers sync.WaitGroup
		for _, format := range []string{"jpeg", "webp"} {
			for _, width := range []int{100, 150, 200, 300, 350, 400} {
				answers.Go(func() {
					a, err := do(http.MethodGet, fmt.Sprintf("%s/v2/demo/t.resize(w:%d)~t.toFormat(f:%s)/a.jpg", edge.url, width, format))
					if err != nil || a.status != 200 || a.header.Get("Content-Type") != "image/"+format {
						t.Errorf("%s at %d: %v, %d %v", format, width, err, a.status, a.header)
					}
				})
			}
		}
		edge.becomes(t, "edge_connections", "12")
		time.Sleep(300 * time.Millisecond) // let all of them begin to wait
		close(come)
		answers.Wait()
		decodes, made := edge.metric(t, "edge_decodes_total"), edge.metric(t, "edge_renditions_made_total")
		if fetches.Load() != 1 || decodes != "1" || made != "7" {
			t.Errorf("with isolation %s: %d fetches, %s decodes, %s renditions; want 1, 1 and 7", isolation, fetches.Load(), decodes, made)
		}
	}
}
