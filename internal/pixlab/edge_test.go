package pixlab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/blob"
	"pixedge/internal/config"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/form"
	"pixedge/internal/imgtest"
	"pixedge/internal/library"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/pixlab"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
	"pixedge/internal/web"
)

const (
	public  = "https://img.example"
	ownLink = public + "/v2/demo/original/"
	webCard = "http://web.example/card.png"
	maxFile = 100_000
)

// An edge is a server with the API, whose pictures are made by a maker.
type edge struct {
	address string
	maker   *maker
	shelf   *library.Shelf
	cloud   *pixlab.Cloud
	card    []byte // a PNG that is at webCard and in the library
	stored  library.Asset
}

func start(t *testing.T) *edge {
	t.Helper()
	return startBehind(t, nil)
}

// startBehind has bodies without a key wait at a gate.
func startBehind(t *testing.T, bodies delivery.Gate) *edge {
	t.Helper()
	e := &edge{maker: new(maker), card: imgtest.PNG(t, imgtest.Card(48, 32, false))}
	e.shelf = shelf(t)
	var err error
	if e.stored, err = e.shelf.Put(t.Context(), library.Upload{Folder: "api", Owner: "somebody"}, bytes.NewReader(e.card)); err != nil {
		t.Fatal(err)
	}
	e.cloud = &pixlab.Cloud{
		Delivery: &delivery.Cloud{Name: "demo", Verifier: verifier(t), Open: "api/"}, Address: ownLink, Shelf: e.shelf, Folder: "api", Stored: kept{e.shelf}, Links: pages{"http://web.example/card.png": e.card},
		Upload: func(r io.ReaderAt, size int64) delivery.Fetcher {
			return origin.New(origin.Limits{MaxBytes: maxFile, Timeout: time.Second}, origin.Given(r, size))
		},
	}
	site := &web.Site{
		Config: web.Config{
			ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second, HeaderSize: 32 << 10,
			Upload: web.Upload{MaxUpload: 1 << 20, UploadTimeout: 5 * time.Second, UploadRate: config.Size(1)},
		},
		Log: slog.New(slog.DiscardHandler), Recorder: metrics.New(),
		APIs: []web.API{pixlab.New(&pixlab.Service{
			Keys: keys{}, Maker: e.maker, Clouds: map[string]*pixlab.Cloud{"demo": e.cloud}, Public: public, CORS: []string{"*"}, Bodies: bodies,
			Form: form.Limits{MaxFile: maxFile, Large: []string{"img", "link", "src"}, Spool: t.TempDir()},
		})},
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := site.Server(t.Context())
	go server.Serve(ln)
	t.Cleanup(func() { server.Shutdown() })
	e.address = "http://" + ln.Addr().String()
	return e
}

func shelf(t *testing.T) *library.Shelf {
	t.Helper()
	lib, err := library.New(dbtest.Open(t, dbtest.SQLite(t)), library.Config{Spool: t.TempDir()}, func(library.Purge) {})
	if err != nil {
		t.Fatal(err)
	}
	return lib.Cloud("demo", blob.NewMem(), library.Rules{MaxBytes: maxFile, QuotaAssets: 150, Videos: true})
}

// A maker notes its tasks. Without a real renderer its pictures are their originals,
// said to be of the format that was asked for.
type maker struct {
	mu    sync.Mutex
	tasks []delivery.Task
	real  *transform.Renderer // may be nil
	faces bool                // answer with a list of no faces
	fails error
}

// Make notes the task.
func (m *maker) Make(ctx context.Context, t delivery.Task) (media.Image, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tasks = append(m.tasks, t)
	plan, err := transform.NewCompiler(transform.Catalog(), media.Formats(media.Format.CanEncode)).Compile(t.Pipeline, transform.Hints{})
	if err == nil {
		err = m.fails
	}
	if err != nil {
		return media.Image{}, err
	}
	original, err := t.Original.Fetcher.Fetch(ctx, t.Original.Name)
	if err != nil {
		return media.Image{}, err
	}
	others := make(map[string]media.Image)
	for name, other := range t.Others {
		o, err := other.Fetcher.Fetch(ctx, other.Name)
		if err != nil {
			return media.Image{}, err
		}
		others[name] = o.Image()
	}
	if m.real != nil && len(t.Pipeline) > 0 {
		limits := transform.Limits{MaxPixels: 4_000_000, MaxSide: 4000, MaxFrames: 10}
		return m.real.Render(ctx, transform.Job{Plan: plan, Original: original.Image(), Limits: limits, Files: others})
	}
	if m.faces && plan.Format() == media.JSON {
		return media.Image{Data: []byte(`{"width":48,"height":32,"faces":[]}`), Format: media.JSON}, nil
	}
	made := original.Image()
	if format := plan.Format(); format != media.None {
		made.Format = format
	}
	return made, nil
}

// pipelines lists those of the tasks since it was last called, but for tasks that
// only fetch.
func (m *maker) pipelines() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, t := range m.tasks {
		if len(t.Pipeline) > 0 {
			list = append(list, t.Pipeline.String())
		}
	}
	m.tasks = nil
	return list
}

// keys know "good", "other", which is another owner's, "copies", which may only copy,
// "busy", which is over its rate, and "astray", whose cloud is not here.
type keys struct{}

func (keys) Authenticate(_ context.Context, secret string) (apikey.Key, error) {
	scopes, known := map[string]string{"good": "*", "other": "*", "copies": "copy", "busy": "*", "astray": "*"}[secret]
	if !known {
		return apikey.Key{}, fault.Errorf(fault.Unauthorized, "the API key is missing or not valid")
	}
	cloud := "demo"
	if secret == "astray" {
		cloud = "elsewhere"
	}
	return apikey.Key{ID: secret, Spec: apikey.Spec{Cloud: cloud, Scopes: []string{scopes}}}, nil
}

func (keys) Allow(key apikey.Key, _ string) error {
	if key.ID == "busy" {
		return fault.After(fault.Errorf(fault.TooMany, "more requests than 1/s"), 3*time.Second)
	}
	return nil
}

// kept fetches from a library, by paths.
type kept struct{ shelf *library.Shelf }

func (k kept) Fetch(ctx context.Context, name string) (origin.Original, error) {
	o, a, err := k.shelf.Open(ctx, name, blob.Range{})
	if err != nil {
		return origin.Original{}, err
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	return origin.Original{Data: data, Format: media.ByName(a.Format)}, err
}

// pages is the web: what it has, by addresses. It is down where "down" is in the
// address, and slow where "slow" is.
type pages map[string][]byte

func (p pages) Fetch(_ context.Context, name string) (origin.Original, error) {
	data, ok := p[name]
	format, picture := media.Sniff(data)
	switch {
	case strings.Contains(name, "down"):
		return origin.Original{}, fault.Errorf(fault.Upstream, "origin failed")
	case strings.Contains(name, "slow"):
		return origin.Original{}, context.DeadlineExceeded
	case strings.Contains(name, "127.0.0.1"):
		return origin.Original{}, fault.Errorf(fault.Forbidden, "address not allowed")
	case !ok:
		return origin.Original{}, fault.Errorf(fault.NotFound, "no such picture")
	case !picture:
		return origin.Original{}, fault.Errorf(fault.Unsupported, "not an image")
	}
	return origin.Original{Data: data, Format: format}, nil
}

// A reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any // of the body, if it is that
}

// text returns a member of the JSON.
func (r reply) text(name string) string {
	text, _ := r.json[name].(string)
	return text
}

// send sends a request with the key "good", unless its URI has one.
func (e *edge) send(t *testing.T, method, uri, contentType string, body io.Reader) reply {
	t.Helper()
	if !strings.Contains(uri, "key=") {
		if !strings.Contains(uri, "?") {
			uri += "?"
		}
		uri += "&key=good"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, e.address+uri, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return e.do(t, req)
}

func (e *edge) do(t *testing.T, req *http.Request) reply {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: res.StatusCode, header: res.Header, body: body}
	if res.Header.Get("Content-Type") != "application/json" {
		return r
	}
	if err := json.Unmarshal(body, &r.json); err != nil && len(body) > 0 {
		t.Errorf("%s: %q is no JSON", req.URL, body)
	}
	if status, ok := r.json["status"]; ok && status != float64(r.status) {
		t.Errorf("%s: status %v in the reply, %d on its line", req.URL, status, r.status)
	}
	return r
}

func (e *edge) get(t *testing.T, uri string) reply {
	t.Helper()
	return e.send(t, http.MethodGet, uri, "", nil)
}

// postJSON posts JSON.
func (e *edge) postJSON(t *testing.T, uri, body string) reply {
	t.Helper()
	return e.send(t, http.MethodPost, uri, "application/json", strings.NewReader(body))
}

// A part is one of a form. A file has a name.
type part struct{ field, file, content string }

// postForm posts a form in parts.
func (e *edge) postForm(t *testing.T, uri string, parts ...part) reply {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		head := `form-data; name="` + p.field + `"`
		if p.file != "" {
			head += `; filename="` + p.file + `"`
		}
		to, err := w.CreatePart(map[string][]string{"Content-Disposition": {head}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return e.send(t, http.MethodPost, uri, w.FormDataContentType(), &body)
}

// asset returns the asset that a reply links to.
func (e *edge) asset(t *testing.T, r reply) library.Asset {
	t.Helper()
	path, ok := strings.CutPrefix(r.text("link"), ownLink)
	a, err := e.shelf.Find(t.Context(), path)
	if !ok || err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return a
}

func escape(text string) string { return url.QueryEscape(text) }

// verifier asks for signatures below secret, and of what is stored.
func verifier(t *testing.T) *signing.Verifier {
	t.Helper()
	v, err := signing.New(signing.Policy{
		Keys:     []signing.Key{{ID: "key", Token: "token"}},
		Required: signing.Required{Prefixes: []string{"secret/", "api/"}},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
