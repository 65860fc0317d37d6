package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/imgtest"
)

// TestQuota fills a cloud. What does not fit is refused, whichever way it comes, and
// fits once something is deleted.
func TestQuota(t *testing.T) {
	picture := imgtest.PNG(t, imgtest.Card(64, 48, false))
	large := slices.Concat(picture, make([]byte, 100_000))
	for _, tt := range []struct {
		name, library string
		refused       []byte
		about         string
	}{
		{"bytes", "max_bytes: 60000", large, "quota of 60000 bytes is used up"},
		{"assets", "max_assets: 2", picture, "quota of 2 assets is used up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := startAPI(t, apiSetup{library: tt.library})
			first, second := e.keep(t, picture), e.keep(t, picture)
			r, err := e.store(tt.refused)
			if err != nil {
				t.Fatal(err)
			}
			r.wantError(t, "store", http.StatusForbidden, tt.about)
			if tt.name == "assets" {
				e.call(t, "copy", url.Values{"img": {first.Link}}).wantError(t, "copy", http.StatusForbidden, tt.about)
				e.call(t, "flip", url.Values{"img": {first.Link}}).wantError(t, "flip", http.StatusForbidden, tt.about)
			}
			if a := get(t, e.url+"/flip?"+url.Values{"img": {first.Link}, "blob": {"true"}, "key": {e.key}}.Encode()); a.status != http.StatusOK {
				t.Errorf("flip, which is not kept: status %d: %.200s", a.status, a.body)
			}
			wantBytes(t, first.Link, picture)
			e.call(t, "delete", url.Values{"link": {second.Link}})
			e.keep(t, picture)
			e.wantObjects(t, 2)
			if got := e.metric(t, `edge_library_assets{cloud="demo"}`); got != "2" {
				t.Errorf("%s assets in the metrics", got)
			}
			if got := e.metric(t, `edge_library_bytes{cloud="demo"}`); got != strconv.Itoa(2*len(picture)) {
				t.Errorf("%s bytes in the metrics", got)
			}
			e.wantSpoolEmpty(t)
		})
	}
}

// TestRate uses keys more often than they allow. Every key and every address is
// counted alone.
func TestRate(t *testing.T) {
	e := startAPI(t, apiSetup{})
	picture := e.keep(t, imgtest.PNG(t, imgtest.Card(64, 48, false))).Link
	rate := apikey.Rate{Times: 3, Per: time.Hour}
	keys := []string{
		e.newKey(t, apikey.Spec{Cloud: "demo", Scopes: []string{"header"}, Rate: rate}),
		e.newKey(t, apikey.Spec{Cloud: "demo", Scopes: []string{"header"}, Rate: rate}),
	}
	ask := func(key, from string) reply {
		return readReply(t, getFrom(t, from, e.url+"/header?"+url.Values{"img": {picture}, "key": {key}}.Encode()))
	}
	for _, key := range keys {
		for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
			for i := range rate.Times {
				if r := ask(key, from); r.Status != http.StatusOK {
					t.Fatalf("request %d from %s: %+v", i, from, r)
				}
			}
			for range 2 {
				r := ask(key, from)
				r.wantError(t, "one more", http.StatusTooManyRequests, "more requests than 3/h")
				if wait, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || wait < 1000 || wait > 1200 {
					t.Errorf("Retry-After %q, want the third part of an hour", r.header.Get("Retry-After"))
				}
			}
		}
	}
	e.call(t, "header", url.Values{"img": {picture}}) // by the key without a rate
	e.call(t, "crop", url.Values{"img": {picture}, "width": {"9"}, "key": {e.newKey(t, apikey.Spec{Cloud: "demo", Scopes: []string{"store"}})}}).
		wantError(t, "a key for something else", http.StatusForbidden, "not for crop")
}

// getFrom is get from an address of this machine.
func getFrom(t *testing.T, from, url string) answer {
	t.Helper()
	before := client.Transport
	defer func() { client.Transport = before }()
	client.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		return d.DialContext(ctx, network, to)
	}}
	return get(t, url)
}
