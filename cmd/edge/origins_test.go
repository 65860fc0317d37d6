package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pixedge/internal/imgtest"
)

// TestWebFolderAndLinks fetches over HTTP: below a base address, and what links
// lead to.
func TestWebFolderAndLinks(t *testing.T) {
	card := imgtest.Card(320, 240, false)
	data := imgtest.PNG(t, card)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /folder/ünï/a b.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	mux.HandleFunc("GET /folder/c.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	mux.HandleFunc("GET /a b.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	mux.HandleFunc("GET /asked", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "size=big&v=1" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	})
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, "<html>")
	})
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "stack of "+t.TempDir(), http.StatusInternalServerError)
	})
	mux.HandleFunc("GET /to", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("url"), http.StatusFound)
	})
	origin := httptest.NewServer(mux)
	defer origin.Close()
	host := strings.TrimPrefix(origin.URL, "http://")
	other := httptest.NewServer(mux)
	defer other.Close()

	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil, `
clouds:
  - name: demo
    sources:
      - http: {base: %q}
      - remote: {allow: [%q]}
    allow_networks: [127.0.0.0/8]
  - name: guarded
    sources: [{remote: {allow: [%q, "*"]}}]
`, origin.URL+"/folder", host, host))
	edge := start(t, dir, nil)

	const crop = "t.crop(x:40,y:20,w:160,h:120)"
	component := strings.NewReplacer("+", "%20").Replace(url.QueryEscape(origin.URL + "/a%20b.png"))
	for _, c := range []struct {
		name, path string
		status     int
	}{
		{"below the base", "/v2/demo/" + crop + "/%C3%BCn%C3%AF/a%20b.png", 200},
		{"not below the base", "/v2/demo/" + crop + "/none.png", 404},
		{"a link as typed", "/v2/demo/" + crop + "/" + origin.URL + "/a%20b.png", 200},
		{"a link with one slash", "/v2/demo/" + crop + "/http:/" + host + "/a%20b.png", 200},
		{"an encoded link", "/v2/demo/" + crop + "/" + component, 200},
		{"an encoded link with a query", "/v2/demo/" + crop + "/" + url.QueryEscape(origin.URL+"/asked?size=big&v=1"), 200},
		{"a link to nothing", "/v2/demo/" + crop + "/" + origin.URL + "/none.png", 404},
		{"a link to a page", "/v2/demo/original/" + origin.URL + "/page", 415},
		{"a link to an error", "/v2/demo/original/" + origin.URL + "/broken", 502},
		{"a link to another host", "/v2/demo/original/" + other.URL + "/a%20b.png", 403},
		{"a redirect", "/v2/demo/" + crop + "/" + redirect(origin.URL, "/folder/c.png"), 200},
		{"a redirect to another host", "/v2/demo/original/" + redirect(origin.URL, other.URL+"/folder/c.png"), 403},
		{"a redirect to another scheme", "/v2/demo/original/" + redirect(origin.URL, "file:///etc/passwd"), 502},
		{"a network that is not allowed", "/v2/guarded/original/" + origin.URL + "/a%20b.png", 403},
		{"an address that is not public", "/v2/guarded/original/http://169.254.169.254/latest", 403},
		{"an address in another", "/v2/guarded/original/http://[::ffff:127.0.0.1]/a.png", 403},
		{"a name of the machine", "/v2/guarded/original/http://localhost/a.png", 403},
	} {
		a := get(t, edge.url+c.path)
		if c.status != http.StatusOK {
			checkRefusal(t, c.name, c.status, a)
			if strings.Contains(string(a.body), "127.0.0.1") {
				t.Errorf("%s: the answer shows an address: %s", c.name, a.body)
			}
			continue
		}
		if a.status != c.status {
			t.Errorf("%s: status %d: %.200s", c.name, a.status, a.body)
			continue
		}
		imgtest.Golden(t, "crop", a.body)
	}
}

// TestLoop has an edge for its own source: by a base, and by links. One that waited for
// itself would answer 504 when the time for a fetch is over.
func TestLoop(t *testing.T) {
	address := freeAddress(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil, `
clouds:
  - name: demo
    sources: [{http: {base: "http://%[1]s/v2/demo/original"}}, {remote: {allow: ["%[1]s"]}}]
    allow_networks: [127.0.0.0/8]
`, address))
	start(t, dir, nil, "--listen="+address)
	for _, path := range []string{"/a.png", "/http://" + address + "/v2/demo/original/a.png"} {
		checkRefusal(t, path, http.StatusBadGateway, get(t, "http://"+address+"/v2/demo/original"+path))
	}
}

// TestChain has an edge for the source of another, as a shield.
func TestChain(t *testing.T) {
	inner := start(t, t.TempDir(), nil)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil,
		"clouds: [{name: outer, sources: [{http: {base: %q}}]}]\n", inner.url+"/v2/demo/original"))
	outer := start(t, dir, nil)
	if a := get(t, outer.url+"/v2/outer/original/card.png"); a.status != http.StatusOK {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

// redirect returns a link, encoded, to what redirects to another.
func redirect(origin, to string) string {
	return url.QueryEscape(origin + "/to?url=" + url.QueryEscape(to))
}

// TestStampede has a thousand clients ask for one missing picture at once.
func TestStampede(t *testing.T) {
	const clients = 1000
	data := imgtest.PNG(t, imgtest.Card(320, 240, false))
	var fetched atomic.Int64
	come := make(chan struct{})
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		<-come
		_, _ = w.Write(data)
	}))
	defer origin.Close()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil, "clouds: [{name: demo, sources: [{http: {base: %q}}]}]\n", origin.URL))
	edge := start(t, dir, nil)

	answers := make([]answer, clients)
	var done sync.WaitGroup
	for i := range clients {
		done.Go(func() {
			var err error
			if answers[i], err = do(http.MethodGet, edge.url+"/v2/demo/t.resize(w:100)/a.png"); err != nil {
				t.Error(err)
			}
		})
	}
	edge.becomes(t, "edge_connections", strconv.Itoa(clients))
	close(come)
	done.Wait()
	for _, a := range answers {
		if a.status != http.StatusOK || !bytes.Equal(a.body, answers[0].body) || a.header.Get("ETag") != answers[0].header.Get("ETag") {
			t.Fatalf("status %d, ETag %s and %d bytes, of another %d", a.status, a.header.Get("ETag"), len(a.body), len(answers[0].body))
		}
	}
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	for sample, want := range map[string]string{
		"edge_decodes_total":                                           "1",
		"edge_encodes_total":                                           "1",
		"edge_cache_misses_total":                                      "1",
		`edge_requests_total{route="delivery",status="200"}`:           "1000",
		`edge_stage_duration_seconds_count{result="ok",stage="fetch"}`: "1",
	} {
		edge.becomes(t, sample, want)
	}
}
