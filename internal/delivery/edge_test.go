package delivery_test

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
)

// The beginnings of pictures; what follows does not matter without libvips.
const (
	jpeg = "\xff\xd8\xff\xe0 jpeg"
	gif  = "GIF89a gif"
	heic = "\x00\x00\x00\x14ftypheic\x00\x00\x00\x00heic heic"
	svg  = "<svg xmlns='http://www.w3.org/2000/svg'/>"
)

// start is when the clock of an edge begins.
const start = 1_800_000_000

// An edge is a service of real parts, but for the renderer. Its clouds are:
//
//	demo     open, at img.example.com too, with a zone zone01 whose worker resizes
//	other    open, with other pictures under the same names
//	vault    signed
//	partly   signed below private
type edge struct {
	*delivery.Service
	fetches, renders atomic.Int64
	held             atomic.Int64 // originals that are not released
	now              atomic.Int64 // Unix seconds
	fail             atomic.Pointer[error]
	gate             chan struct{} // a render waits for it to close, unless it is nil
	slow             chan struct{} // making an AVIF waits for it likewise
	grows            bool          // encoding anew makes pictures larger
}

func newEdge(tb testing.TB) *edge {
	tb.Helper()
	e := new(edge)
	e.now.Store(start)
	routes, err := cache.NewMemo[*delivery.Route](delivery.RouteMemory)
	if err != nil {
		tb.Fatal(err)
	}
	pictures, err := cache.New(cache.Config{Size: 32 << 20, FillTimeout: 10 * time.Second}, (*delivery.Picture).Cost)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		pictures.Close()
		routes.Close()
	})
	clouds := delivery.NewClouds()
	demo := e.cloud(tb, "demo", signing.Required{})
	demo.Zones["zone01"] = delivery.Zone{Fetcher: e.fetcher(tb, "zone01"), Worker: "t.resize(w:300)"}
	clouds.Add(demo, "img.example.com", "pics.example.com:8443")
	clouds.Add(e.cloud(tb, "other", signing.Required{}))
	clouds.Add(e.cloud(tb, "vault", signing.Required{All: true}))
	clouds.Add(e.cloud(tb, "partly", signing.Required{Prefixes: []string{"private"}}))
	e.Service = &delivery.Service{
		Clouds: clouds, Compiler: transform.NewCompiler(transform.Catalog(), []media.Format{media.JPEG, media.PNG, media.WebP, media.AVIF}), Routes: routes, Cache: pictures, Renderer: e,
	}
	return e
}

func (e *edge) cloud(tb testing.TB, name string, required signing.Required) *delivery.Cloud {
	tb.Helper()
	verifier, err := signing.New(signing.Policy{
		Keys:     []signing.Key{{ID: "key-" + name, Token: "token of " + name}},
		Free:     signing.DefaultFree(),
		Required: required,
	}, func() time.Time { return time.Unix(e.now.Load(), 999) })
	if err != nil {
		tb.Fatal(err)
	}
	return &delivery.Cloud{
		Name: name, Verifier: verifier, SigningKey: "key-" + name,
		Lifetime: delivery.ParseLifetime("public, max-age=31536000"),
		Zones:    map[string]delivery.Zone{"": {Fetcher: e.fetcher(tb, name)}},

		Negotiation: delivery.Negotiation{Formats: media.AcceptsAVIF | media.AcceptsWebP},
	}
}

// fetcher returns a fetcher of a store whose pictures say whose they are.
func (e *edge) fetcher(tb testing.TB, owner string) delivery.Fetcher {
	tb.Helper()
	store := blob.NewMem()
	for name, data := range map[string]string{
		"a.jpg": jpeg, "b c.jpg": jpeg, "private/a.jpg": jpeg, "a.gif": gif, "a.heic": heic, "a.svg": svg, "text.jpg": "no picture",
	} {
		if _, err := store.Put(tb.Context(), name, strings.NewReader(data+" of "+owner), blob.PutOptions{}); err != nil {
			tb.Fatal(err)
		}
	}
	return counting{origin.New(origin.Limits{MaxBytes: 1 << 20, Timeout: 10 * time.Second}, origin.Store(store)), e}
}

// counting counts what it fetches, and wipes what is released: nothing may need
// it any more.
type counting struct {
	next delivery.Fetcher
	edge *edge
}

func (c counting) Fetch(ctx context.Context, name string) (origin.Original, error) {
	c.edge.fetches.Add(1)
	o, err := c.next.Fetch(ctx, name)
	if err == nil {
		c.edge.held.Add(1)
		o.Buffer = wiped{o.Buffer, c.edge}
	}
	return o, err
}

type wiped struct {
	origin.Buffer
	edge *edge
}

func (w wiped) Release() {
	clear(w.Bytes())
	w.edge.held.Add(-1)
	w.Buffer.Release()
}

// Render writes the plan before the original instead of rendering.
func (e *edge) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	leave, err := job.Enter(ctx)
	if err != nil {
		return media.Image{}, err
	}
	defer leave(true)
	plan, original := job.Plan, job.Original
	e.renders.Add(1)
	if e.gate != nil {
		<-e.gate
	}
	if e.slow != nil && plan.Format() == media.AVIF {
		<-e.slow
	}
	if err := e.fail.Load(); err != nil {
		return media.Image{}, *err
	}
	if plan.Original() {
		return original, nil
	}
	format := cmp.Or(plan.Format(), original.Format)
	if len(plan.Steps()) == 0 {
		// Encoded anew, and no larger: a larger one would not be delivered.
		data := original.Data
		if e.grows {
			data = append(slices.Clone(data), "and more"...)
		}
		return media.Image{Data: data, Format: format}, nil
	}
	data := bytes.Join([][]byte{[]byte(plan.Key()), original.Data}, []byte(" of "))
	return media.Image{Data: data, Format: format}, nil
}

// Inspect says nothing but the size.
func (e *edge) Inspect(_ context.Context, picture media.Image, _ transform.Limits) (transform.Info, error) {
	e.renders.Add(1)
	return transform.Info{Size: len(picture.Data)}, nil
}

func (e *edge) cloudNamed(t *testing.T, name string) *delivery.Cloud {
	t.Helper()
	c, err := e.Clouds.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// get asks for a URI on the CDN's own host.
func (e *edge) get(uri string) (delivery.Answer, error) { return e.ask("cdn.example.com", uri, "") }

func (e *edge) ask(host, uri, accept string) (delivery.Answer, error) {
	answer, err := e.Image(context.Background(), delivery.Request{Host: []byte(host), URI: []byte(uri), Accept: []byte(accept)})
	e.Routes.Settle() // what is remembered is found from now on
	return answer, err
}

// want asks for a URI and fails the test unless the answer begins with text.
func (e *edge) want(t *testing.T, uri, text string) delivery.Answer {
	t.Helper()
	answer, err := e.get(uri)
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	if !strings.HasPrefix(string(answer.Picture.Data), text) {
		t.Errorf("%s gives %q, want %q", uri, answer.Picture.Data, text)
	}
	return answer
}

// refuse asks for a URI and fails the test unless the answer is an error of the
// kind.
func (e *edge) refuse(t *testing.T, uri string, kind fault.Kind) {
	t.Helper()
	answer, err := e.get(uri)
	if err == nil || fault.Of(err) != kind {
		t.Errorf("%s: %v, want %v", uri, err, kind)
	}
	if answer.Picture != nil {
		t.Errorf("%s: refused, and with a picture", uri)
	}
}

// sign signs a URI for a number of seconds.
func (e *edge) sign(t *testing.T, uri string, seconds int64) string {
	t.Helper()
	signed, err := e.Sign("", uri, "", e.now.Load()+seconds)
	if err != nil {
		t.Fatalf("sign %s: %v", uri, err)
	}
	return signed
}

// counts fails the test unless so many pictures were fetched and rendered.
func (e *edge) counts(t *testing.T, fetches, renders int64) {
	t.Helper()
	if f, r := e.fetches.Load(), e.renders.Load(); f != fetches || r != renders {
		t.Errorf("fetched %d times and rendered %d times, want %d and %d", f, r, fetches, renders)
	}
}
