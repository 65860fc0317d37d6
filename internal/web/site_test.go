package web_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
	"pixedge/internal/web"
)

// The beginnings of pictures; what follows does not matter without libvips.
const (
	jpeg = "\xff\xd8\xff\xe0 jpeg"
	svg  = "<svg xmlns='http://www.w3.org/2000/svg'/>"
)

// large returns a picture of some 300 kB, no two parts of which are the same.
func large() string {
	text := []byte(jpeg)
	for i := range 50_000 {
		text = strconv.AppendInt(append(text, ' '), int64(i), 10)
	}
	return string(text)
}

// newSite returns a site of real parts, but for the renderer. Its clouds are
// demo, which is open, shop, which only shop.example may read, closed, which no
// other site may read, and vault, which is signed.
func newSite(tb testing.TB, log io.Writer) *web.Site {
	tb.Helper()
	clouds := delivery.NewClouds()
	clouds.Add(newCloud(tb, "demo", false), "img.example.com")
	shop := newCloud(tb, "shop", false)
	shop.CORS = []string{"https://shop.example", "https://www.shop.example"}
	clouds.Add(shop)
	closed := newCloud(tb, "closed", false)
	closed.CORS = []string{}
	clouds.Add(closed)
	clouds.Add(newCloud(tb, "vault", true))
	routes, err := cache.NewMemo[*delivery.Route](delivery.RouteMemory)
	if err != nil {
		tb.Fatal(err)
	}
	pictures, err := cache.New(cache.Config{Size: 32 << 20, FillTimeout: patience}, (*delivery.Picture).Cost)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		pictures.Close()
		routes.Close()
	})
	service := &delivery.Service{
		Clouds: clouds, Compiler: transform.NewCompiler(transform.Catalog(), media.Formats(media.Format.CanEncode)), Routes: routes, Cache: pictures, Renderer: renderer{},
	}
	return siteOf(service, log)
}

// siteOf returns a site that delivers what images has.
func siteOf(images web.Imager, log io.Writer) *web.Site {
	return &web.Site{
		ID: "edge-1",
		Config: web.Config{
			ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: patience,
			HeaderSize: 32 * config.Size(1<<10), AccessLog: true,
		},
		Images:   images,
		Log:      slog.New(slog.NewJSONHandler(log, nil)),
		Recorder: metrics.New(),
	}
}

func newCloud(tb testing.TB, name string, signed bool) *delivery.Cloud {
	tb.Helper()
	verifier, err := signing.New(signing.Policy{
		Keys:     []signing.Key{{ID: "key-1", Token: "secret-token"}},
		Free:     signing.DefaultFree(),
		Required: signing.Required{All: signed},
	}, time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	store := blob.NewMem()
	for file, data := range map[string]string{
		"a.jpg": jpeg, "b c.jpg": jpeg, "weiß;\"x\".jpg": jpeg, "=:@.jpg": jpeg, ".hidden": jpeg, "a.svg": svg,
		"large.jpg": large(),
	} {
		if _, err := store.Put(tb.Context(), file, strings.NewReader(data), blob.PutOptions{}); err != nil {
			tb.Fatal(err)
		}
	}
	fetcher := origin.New(origin.Limits{MaxBytes: 1 << 20, Timeout: patience}, origin.Store(store))
	return &delivery.Cloud{
		Name: name, Verifier: verifier, SigningKey: "key-1",
		CORS:     []string{"*"},
		Lifetime: delivery.ParseLifetime("public, max-age=31536000, immutable"),
		Zones:    map[string]delivery.Zone{"": {Fetcher: fetcher}},

		Negotiation: delivery.Negotiation{Formats: media.AcceptsAVIF | media.AcceptsWebP},
	}
}

func (renderer) Inspect(_ context.Context, picture media.Image, _ transform.Limits) (transform.Info, error) {
	return transform.Info{Size: len(picture.Data)}, nil
}

// renderer writes the plan before the original instead of rendering.
type renderer struct{}

func (renderer) Render(_ context.Context, job transform.Job) (media.Image, error) {
	plan, original := job.Plan, job.Original
	if plan.Original() {
		return original, nil
	}
	format := cmp.Or(plan.Format(), original.Format)
	data := bytes.Join([][]byte{[]byte(plan.Key()), original.Data}, []byte(" of "))
	return media.Image{Data: data, Format: format}, nil
}

// sign returns the URI, signed for a number of seconds from now.
func sign(tb testing.TB, s *web.Site, uri string, seconds int64) string {
	tb.Helper()
	signed, err := s.Images.(*delivery.Service).Sign("", uri, "", time.Now().Unix()+seconds)
	if err != nil {
		tb.Fatal(err)
	}
	return signed
}

// A logbook keeps log lines.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
