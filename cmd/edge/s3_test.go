package main

import (
	"bytes"
	"fmt"
	"image"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/blob/blobtest"
	"pixedge/internal/imgtest"
)

// TestS3 serves pictures out of a bucket of a real S3 server.
func TestS3(t *testing.T) {
	server := blobtest.StartS3(t)
	store, err := blob.NewS3(t.Context(), server.Config("photos/"))
	if err != nil {
		t.Fatal(err)
	}
	original := imgtest.Card(640, 480, false)
	clear := imgtest.Card(320, 200, true)
	for name, img := range map[string]image.Image{"folder/path.png": original, "ünï/a b.png": clear} {
		if _, err := store.Put(t.Context(), name, bytes.NewReader(imgtest.PNG(t, img)), blob.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "edge.yaml"), fmt.Appendf(nil, `
clouds:
  - name: demo
    sources:
      - s3: {bucket: %s, prefix: photos/, endpoint: %q, path_style: true, region: %s, access_key: %s, secret_key: {env: SECRET}}
`, server.Bucket, server.Endpoint, server.Region, server.AccessKey))
	edge := start(t, dir, []string{"SECRET=" + server.SecretKey})

	for _, c := range []struct {
		path string
		want image.Image
	}{
		{"t.crop(x:164,y:95,w:145,h:145)~t.toFormat(f:png)/folder/path.png", original.SubImage(image.Rect(164, 95, 309, 240))},
		{"t.crop(x:600,y:400,w:500,h:500)~t.toFormat(f:png)/folder/path.png", original.SubImage(image.Rect(600, 400, 640, 480))},
		{"t.extract(t:95,l:164,w:145,h:145)~t.toFormat(f:png)/folder/path.png", original.SubImage(image.Rect(164, 95, 309, 240))},
		{"t.crop(x:10,y:20,w:300,h:150)/%C3%BCn%C3%AF/a%20b.png", clear.SubImage(image.Rect(10, 20, 310, 170))},
		{"original/folder/path.png", original},
	} {
		url := edge.url + "/v2/demo/" + c.path
		for _, cached := range []string{"MISS", "HIT"} {
			a := get(t, url)
			if a.status != http.StatusOK || a.header.Get("X-Cache") != cached {
				t.Fatalf("%s: status %d, X-Cache %s, want %s: %.200s", c.path, a.status, a.header.Get("X-Cache"), cached, a.body)
			}
			if got := imgtest.Decode(t, a.body); !identical(got, c.want) {
				t.Errorf("%s: %v is not the original's %v", c.path, got.Bounds(), c.want.Bounds())
			}
		}
	}
	checkRefusal(t, "a key that is missing", http.StatusNotFound, get(t, edge.url+"/v2/demo/original/folder/none.png"))

	if err := os.RemoveAll(server.Dir); err != nil {
		t.Fatal(err)
	}
	a := get(t, edge.url+"/v2/demo/t.flip()/folder/path.png")
	checkRefusal(t, "a bucket that is gone", http.StatusBadGateway, a)
	for _, inside := range []string{"127.0.0.1", server.Endpoint, server.Bucket, server.AccessKey, "S3", "NoSuchBucket"} {
		if strings.Contains(string(a.body), inside) {
			t.Errorf("the answer shows %q: %s", inside, a.body)
		}
	}
}

// identical reports whether two pictures have the same size and the same pixels.
func identical(a, b image.Image) bool {
	return a.Bounds().Size() == b.Bounds().Size() && imgtest.Distance(a, b) == 0
}
