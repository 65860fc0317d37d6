package main

import (
	"bytes"
	"fmt"
	"image/gif"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixedge/internal/blob/blobtest"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/imgtest"
	"pixedge/internal/library"
)

// samples are files of the kinds that are kept, by their extensions.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	card := imgtest.Card(160, 120, true)
	var still bytes.Buffer
	if err := gif.Encode(&still, card, nil); err != nil {
		t.Fatal(err)
	}
	const (
		drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="9" height="9" fill="red"/></svg>`
		video   = "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41\x00\x00\x00\x08free\x00\x00\x10\x08mdat"
	)
	return map[string][]byte{
		".png":  imgtest.PNG(t, card),
		".jpeg": imgtest.JPEG(t, card, 6),
		".gif":  still.Bytes(),
		".svg":  []byte(drawing),
		".mp4":  append([]byte(video), make([]byte, 4096)...),
	}
}

// TestStoredBytes fetches what was stored: the very bytes, whether they come from the
// store or from the cache.
func TestStoredBytes(t *testing.T) {
	e := startAPI(t, apiSetup{})
	types := map[string]string{".png": "image/png", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml", ".mp4": "video/mp4"}
	for ext, data := range samples(t) {
		r := e.keep(t, data)
		if !strings.HasSuffix(r.ID, ext) || !strings.HasSuffix(r.Link, "/"+r.ID) {
			t.Errorf("%s: id %s, link %s", ext, r.ID, r.Link)
		}
		for range 2 {
			wantBytes(t, r.Link, data)
		}
		if a := get(t, r.Link); a.header.Get("Content-Type") != types[ext] {
			t.Errorf("%s: content type %s", ext, a.header.Get("Content-Type"))
		}
		if ext != ".mp4" { // which is neither fetched nor rendered as a picture
			copied := e.call(t, "copy", url.Values{"link": {r.ID}})
			if copied.Status != http.StatusOK || copied.ID == r.ID {
				t.Errorf("copy of %s: %+v", ext, copied)
				continue
			}
			wantBytes(t, copied.Link, data)
		}
	}
	e.wantSpoolEmpty(t)
}

// TestDeletedEverywhere has two edges on one database and one bucket. What is deleted
// through one must be gone there at once, and from the cache of the other soon.
func TestDeletedEverywhere(t *testing.T) {
	setup := apiSetup{library: bucketSettings(blobtest.StartS3(t)), database: string(dbtest.PostgreSQL(t).Database)}
	one, two := startAPI(t, setup), startAPI(t, setup)
	data := imgtest.PNG(t, imgtest.Card(160, 120, false))
	const rounds = 3
	for range rounds {
		r := one.keep(t, data)
		var here, there []string
		for _, way := range []string{"original", "t.resize(w:40)", "t.resize(w:40)~t.toFormat(f:webp)"} {
			path := "/v2/demo/" + way + "/" + r.path()
			here, there = append(here, one.url+path), append(there, two.url+path)
		}
		for _, link := range append(here, there...) {
			// The other edge may still be told that there is something new.
			eventually(t, "cached", func() bool {
				a := get(t, link)
				if a.status != http.StatusOK {
					t.Fatalf("%s: status %d: %.200s", link, a.status, a.body)
				}
				return a.header.Get("X-Cache") == "HIT"
			})
		}
		if d := one.call(t, "delete", url.Values{"link": {r.Link}}); d.Status != http.StatusOK || !d.Deleted {
			t.Fatalf("delete: %+v", d)
		}
		began := time.Now()
		wantGone(t, here...)
		for _, link := range there {
			eventually(t, "gone from the other edge", func() bool { return get(t, link).status == http.StatusNotFound })
		}
		t.Logf("gone from the other edge after %v", time.Since(began))
	}
	if n := len(one.assets(t)); n > 0 {
		t.Errorf("%d assets are left", n)
	}
	one.wantObjects(t, 0)
}

// bucketSettings is what edge.yaml says of a library in the server's bucket.
func bucketSettings(s blobtest.S3Server) string {
	return fmt.Sprintf("s3: {bucket: %s, endpoint: %q, path_style: true, region: %s, access_key: %s, secret_key: %s}",
		s.Bucket, s.Endpoint, s.Region, s.AccessKey, s.SecretKey)
}

// TestPrivateAssets are shown to signed requests alone, also where they are cached.
func TestPrivateAssets(t *testing.T) {
	e := startAPI(t, apiSetup{cloud: "    keys: [{id: key-1, token: first-token}]"})
	data := imgtest.PNG(t, imgtest.Card(160, 120, false))
	r := e.keep(t, data)
	const about = "/service/platform/transformation/context?url="
	path := "v2/demo/original/" + r.path()
	resized := "v2/demo/t.resize(w:40)/" + r.path()
	ask := func(path string) string { return e.url + "/" + path }
	askAbout := func(path string) string { return e.url + about + url.QueryEscape("/"+path) }
	signed := func(path string) string {
		expiry := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
		return path + "?pbs=" + pbs("first-token", path+expiry) + "&pbe=" + expiry + "&pbt=key-1"
	}
	type way struct {
		path string
		ask  func(path string) string
		etag string
	}
	ways := []way{{path, ask, ""}, {resized, ask, ""}, {path, askAbout, ""}}
	for i, w := range ways { // into the cache, while it may be seen
		a := get(t, w.ask(w.path))
		if a.status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", w.ask(w.path), a.status, a.body)
		}
		ways[i].etag = a.header.Get("ETag")
	}
	asset, err := e.shelf.Find(t.Context(), r.path())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.shelf.Update(t.Context(), asset.ID, library.Changes{Access: new(library.Private)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "private", func() bool { return get(t, r.Link).status == http.StatusUnauthorized })
	for _, w := range ways {
		for range 2 { // the second time it is cached
			checkRefusal(t, w.path, http.StatusUnauthorized, get(t, w.ask(w.path)))
			checkRefusal(t, w.path+", which the client has", http.StatusUnauthorized, get(t, w.ask(w.path), "If-None-Match: "+w.etag))
			if a := get(t, w.ask(signed(w.path))); a.status != http.StatusOK {
				t.Errorf("%s: status %d: %.200s", w.ask(signed(w.path)), a.status, a.body)
			}
		}
		checkRefusal(t, w.path+" with a wrong signature", http.StatusUnauthorized, get(t, w.ask(strings.Replace(signed(w.path), "pbs=", "pbs=0", 1))))
	}
	wantBytes(t, ask(signed(path)), data)
	if c := e.call(t, "crop", url.Values{"img": {r.Link}, "width": {"10"}, "blob": {"true"}, "key": {"px_" + strings.Repeat("a", 40)}}); c.Status != http.StatusUnauthorized {
		t.Errorf("crop with a wrong key: %+v", c)
	}
}
