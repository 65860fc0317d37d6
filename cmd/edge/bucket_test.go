package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"pixedge/internal/blob/blobtest"
	"pixedge/internal/imgtest"
)

// A moody bucket stands before a real one, and does not always let one in.
type moody struct {
	real http.Handler
	mood atomic.Pointer[mood]
}

// A mood is how a bucket answers.
type mood struct {
	name   string
	status int    // 0: the connection ends
	code   string // of S3
	done   bool   // what was asked for is done first
	method string // of requests that are answered so; empty: all
}

func moods() []mood {
	return []mood{
		{"an error", 500, "InternalError", false, ""},
		{"too many requests", 503, "SlowDown", false, ""},
		{"a broken connection", 0, "", false, ""},
		{"a broken connection, and it is done", 0, "", true, http.MethodPut},
		{"writing refused", 403, "AccessDenied", false, http.MethodPut},
	}
}

func (b *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := b.mood.Load()
	if m == nil || m.method != "" && m.method != r.Method {
		b.real.ServeHTTP(w, r)
		return
	}
	if m.done {
		b.real.ServeHTTP(httptest.NewRecorder(), r)
	}
	if m.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(m.status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>not now</Message></Error>", m.code)
}

// TestMoodyBucket has the bucket of a library fail between requests. What it does not
// keep must be refused in the API's way, and nothing be lost: neither what is there nor
// what comes later.
func TestMoodyBucket(t *testing.T) {
	server := blobtest.StartS3(t)
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target) // which leaves the host, that is signed, as it is
	bucket := &moody{real: proxy}
	front := httptest.NewServer(bucket)
	t.Cleanup(front.Close)
	server.Endpoint = front.URL
	e := startAPI(t, apiSetup{library: bucketSettings(server)})
	picture := imgtest.PNG(t, imgtest.Card(64, 48, false))
	links := []string{e.keep(t, picture).Link}
	for _, m := range moods() {
		t.Run(m.name, func(t *testing.T) {
			lost := e.keep(t, picture).Link // in a while
			bucket.mood.Store(&m)
			r, err := e.store(picture)
			if err != nil {
				t.Fatal(err)
			}
			r.wantError(t, "store", http.StatusBadGateway, "storage")
			for _, inside := range []string{"127.0.0.1", server.Bucket, server.AccessKey, "S3", "not now"} {
				if strings.Contains(r.Error, inside) {
					t.Errorf("the answer shows %q: %s", inside, r.Error)
				}
			}
			if d := e.call(t, "delete", url.Values{"link": {lost}}); !d.Deleted {
				t.Errorf("delete: %+v; the bytes can wait", d)
			}
			wantGone(t, lost)
			if m.method == "" { // what is not cached cannot be shown, and is not gone
				a := get(t, links[0]+"?v="+url.QueryEscape(m.name))
				if a.status != http.StatusOK && a.status != http.StatusBadGateway {
					t.Errorf("%s: status %d", links[0], a.status)
				}
			}
			bucket.mood.Store(nil)
			links = append(links, e.keep(t, picture).Link)
			for _, link := range links {
				wantBytes(t, link, picture)
			}
			e.sweep()
			e.wantObjects(t, len(links))
			if n := len(e.assets(t)); n != len(links) {
				t.Errorf("%d assets, want %d", n, len(links))
			}
			e.wantSpoolEmpty(t)
		})
	}
}
