// Package demo holds the pictures and the cloud that edge serves when it is
// given no settings, so that the first picture needs no set-up.
//
// The photographs are put beside this file by make photos, which takes them
// from a module this project depends on; they are not part of the repository. A
// program built without them serves the drawn card alone. Nothing here is for
// use in earnest: the key is known to all.
package demo

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/config"
)

//go:embed photos
var files embed.FS

// Store returns the pictures.
func Store() (blob.Store, error) {
	photos, err := fs.Sub(files, "photos")
	if err != nil {
		return nil, err
	}
	return blob.NewFS(photos), nil
}

// Pictures lists the names of the pictures, photographs first.
func Pictures() ([]string, error) {
	entries, err := files.ReadDir("photos")
	if err != nil {
		return nil, err
	}
	var photos, drawn []string
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".jpg":
			photos = append(photos, e.Name())
		case ".png":
			drawn = append(drawn, e.Name())
		}
	}
	return append(photos, drawn...), nil
}

// Cloud is the demo's cloud, but for its sources.
func Cloud() config.Cloud {
	return config.Cloud{
		Name:    "demo",
		Library: &config.Library{KeepUploads: 24 * time.Hour, KeepResults: time.Hour, MaxBytes: 1 << 30},
		Keys:    []config.Key{{ID: "demo-key", Token: config.NewSecret("known-to-all-and-good-for-nothing-else")}},
	}
}

// Links lists URLs below base that show what the edge does, with a word about
// each.
func Links(base, picture string) [][2]string {
	base += "/v2/demo/"
	name := strings.TrimSuffix(picture, path.Ext(picture))
	return [][2]string{
		{"the original", base + "original/" + picture},
		{"400 pixels wide", base + "t.resize(w:400)/" + picture},
		{"a rectangle of it", base + "t.crop(x:164,y:95,w:145,h:145)/" + picture},
		{"a square, turned, as WebP", base + "t.resize(w:300,h:300)~t.rotate(a:90)~t.toFormat(f:webp)/" + picture},
		{"in the best format of the browser, for a dense screen", base + "t.resize(w:400)/" + picture + "?dpr=2&f_auto=true"},
		{"saved as " + name, base + "t.compress(q:60)/" + picture + "?download"},
	}
}
