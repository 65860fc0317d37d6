package benchmarks_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/benchmarks"
	"pixedge/internal/blob"
	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/imgtest"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips/vipstest"
	"pixedge/internal/urlparse"
	"pixedge/internal/web"
)

// The URLs of hits: pictures of 43 KB, as pages show them, and of 0.7 KB, where
// nothing but the work of the server counts.
const (
	large = "/v2/demo/t.modulate(h:40)~t.resize(w:640)/card.png"
	small = "/v2/demo/t.resize(w:52)~t.toFormat(f:jpeg)/card.png"
)

func TestMain(m *testing.M) { os.Exit(vipstest.Run(m)) }

// BenchmarkHit serves what is in the cache, beside bare servers that write the
// same bodies and the same bytes.
func BenchmarkHit(b *testing.B) {
	logged := newEdge(b, options{cacheSize: 64 << 20, routeMemory: delivery.RouteMemory, accessLog: true})
	silent := newEdge(b, options{cacheSize: 64 << 20, routeMemory: delivery.RouteMemory})
	tag := string(ask(b, logged, get(large)).Header.Peek("ETag"))
	for _, hit := range []struct {
		name    string
		request []byte
		status  int
	}{
		{"43KB", get(large), fasthttp.StatusOK},
		{"0.7KB", get(small), fasthttp.StatusOK},
		{"304", get(large, "If-None-Match: "+tag), fasthttp.StatusNotModified},
		{"signed", get(logged.sign(b, large)), fasthttp.StatusOK},
		{"f_auto", get(large+"?f_auto=true", "Accept: image/avif,image/webp,image/*,*/*;q=0.8"), fasthttp.StatusOK},
	} {
		for _, e := range []*edge{logged, silent} {
			ask(b, e, hit.request)
		}
		answer := ask(b, logged, hit.request)
		if cached := string(answer.Header.Peek("X-Cache")); answer.StatusCode() != hit.status || cached != "HIT" {
			b.Fatalf("%s: status %d, X-Cache %s", hit.name, answer.StatusCode(), cached)
		}
		for _, server := range []struct {
			name string
			*fasthttp.Server
		}{
			{"bare", &fasthttp.Server{Handler: benchmarks.Bare(answer, false), Name: "pixedge"}},
			{"bare+headers", &fasthttp.Server{Handler: benchmarks.Bare(answer, true), Name: "pixedge"}},
			{"edge", logged.server},
			{"edge-nolog", silent.server},
		} {
			b.Run("answer="+hit.name+"/server="+server.name, func(b *testing.B) { measure(b, server.Server, hit.request) })
		}
	}
}

// BenchmarkMiss fetches, decodes, resizes and encodes for each request.
func BenchmarkMiss(b *testing.B) {
	e := newEdge(b, options{accessLog: true})
	for _, photo := range e.photos {
		for _, miss := range []struct{ name, pattern string }{
			{"crop145", "t.crop(x:164,y:95,w:145,h:145)"},
			{"jpeg", "t.resize(w:640)~t.toFormat(f:jpeg)"},
			{"png", "t.resize(w:640)~t.toFormat(f:png)"},
			{"webp", "t.resize(w:640)~t.toFormat(f:webp)"},
			{"avif", "t.resize(w:640)~t.toFormat(f:avif)"},
			{"gif", "t.resize(w:640)~t.toFormat(f:gif)"},
			{"tiff", "t.resize(w:640)~t.toFormat(f:tiff)"},
		} {
			request := get("/v2/demo/" + miss.pattern + "/" + photo)
			b.Run("photo="+photo+"/result="+miss.name, func(b *testing.B) {
				answer := ask(b, e, request)
				if answer.StatusCode() != fasthttp.StatusOK {
					b.Fatalf("status %d: %s", answer.StatusCode(), answer.Body())
				}
				before := e.misses()
				measure(b, e.server, request)
				if made := e.misses() - before; made < int64(b.N) {
					b.Fatalf("%d pictures made in %d requests", made, b.N)
				}
				b.ReportMetric(float64(len(answer.Body())), "sent-B/op")
			})
		}
	}
}

// BenchmarkRefused turns requests away: what an attacker pays for.
func BenchmarkRefused(b *testing.B) {
	e := newEdge(b, options{accessLog: true})
	for _, refused := range []struct {
		name, uri string
		status    int
	}{
		{"operation", "/v2/demo/t.nonsense(w:500)/card.png", fasthttp.StatusBadRequest},
		{"signature", strings.Replace(e.sign(b, large), "w:500", "w:501", 1), fasthttp.StatusUnauthorized},
		{"cloud", "/v2/nobody/t.resize(w:500)/card.png", fasthttp.StatusNotFound},
		{"picture", "/v2/demo/t.resize(w:500)/none.png", fasthttp.StatusNotFound},
	} {
		b.Run("reason="+refused.name, func(b *testing.B) {
			if got := ask(b, e, get(refused.uri)).StatusCode(); got != refused.status {
				b.Fatalf("status %d, want %d", got, refused.status)
			}
			measure(b, e.server, get(refused.uri))
		})
	}
}

// BenchmarkCompile does what a URL costs when it is seen for the first time,
// before any picture is touched.
func BenchmarkCompile(b *testing.B) {
	compiler := transform.NewCompiler(transform.Catalog(), transform.Encodable())
	b.ReportAllocs()
	for b.Loop() {
		request, err := urlparse.Parse("/v2/demo/t.resize(w:300,h:300)~t.rotate(a:90)~t.toFormat(f:webp)/folder/card.png", "dpr=2", "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := compiler.Compile(request.Pipeline, transform.Hints{DPR: request.Options.DPR}); err != nil {
			b.Fatal(err)
		}
	}
}

// options are what the benchmarks set of an edge. Without memory it keeps
// nothing, so each request is one for a new URL and a missing picture.
type options struct {
	cacheSize   config.Size
	routeMemory int64
	accessLog   bool
}

// An edge is put together as cmd/edge does it, with pictures in memory.
type edge struct {
	service *delivery.Service
	server  *fasthttp.Server
	photos  []string
	misses  func() int64
}

func newEdge(b *testing.B, o options) *edge {
	b.Helper()
	store, photos := pictures(b)
	measured := metrics.New()
	routes, err := cache.NewMemo[*delivery.Route](max(o.routeMemory, 1))
	check(b, err)
	kept, err := cache.New(cache.Config{Size: max(o.cacheSize, 1), FillTimeout: time.Minute}, (*delivery.Picture).Cost)
	check(b, err)
	b.Cleanup(kept.Close)
	b.Cleanup(routes.Close)
	service := &delivery.Service{
		Clouds:   delivery.NewClouds(),
		Compiler: transform.NewCompiler(transform.Catalog(), transform.Encodable()),
		Routes:   routes,
		Cache:    kept,
		Renderer: measured.Renderer(transform.NewRenderer(transform.Config{})),
	}
	service.Clouds.Add(cloud(b, measured.Fetcher(origin.New(origin.Limits{MaxBytes: 32 << 20, Timeout: 10 * time.Second}, origin.Store(store)))))
	site := &web.Site{
		ID:       "pixedge-bench",
		Config:   web.Config{HeaderSize: 32 << 10, AccessLog: o.accessLog},
		Images:   service,
		Log:      slog.New(web.NewLines(io.Discard, nil)),
		Recorder: measured,
	}
	misses := func() int64 { return kept.Stats().Misses }
	return &edge{service, site.Server(context.Background()), photos, misses}
}

func cloud(b *testing.B, fetcher delivery.Fetcher) *delivery.Cloud {
	b.Helper()
	policy := signing.Policy{Keys: []signing.Key{{ID: "key-1", Token: "secret-token"}}, Free: signing.DefaultFree()}
	verifier, err := signing.New(policy, time.Now)
	check(b, err)
	return &delivery.Cloud{
		Name:        "demo",
		Verifier:    verifier,
		SigningKey:  "key-1",
		Negotiation: delivery.Negotiation{Formats: media.AcceptsAVIF | media.AcceptsWebP},
		Lifetime:    delivery.ParseLifetime("public, max-age=31536000"),
		CORS:        []string{"*"},
		Limits:      transform.Limits{MaxPixels: 50_000_000, MaxSide: 30_000, MaxFrames: 300},
		Zones:       map[string]delivery.Zone{"": {Fetcher: fetcher}},
	}
}

// pictures returns card.png, which hits are made of, and the names of the
// photographs, which misses are made of: a drawn one, and a real one where make
// photos has put it.
func pictures(b *testing.B) (store blob.Store, photos []string) {
	b.Helper()
	store = blob.NewMem()
	put := func(name string, data []byte) {
		_, err := store.Put(b.Context(), name, bytes.NewReader(data), blob.PutOptions{})
		check(b, err)
	}
	put("card.png", imgtest.PNG(b, imgtest.Card(720, 480, false)))
	put("drawn.jpg", imgtest.JPEG(b, imgtest.Card(1920, 1080, false), 0))
	photos = []string{"drawn.jpg"}
	if bird, err := os.ReadFile("../internal/demo/photos/bird.jpg"); err == nil {
		put("bird.jpg", bird)
		photos = append(photos, "bird.jpg")
	}
	return store, photos
}

// sign signs a URI for an hour.
func (e *edge) sign(b *testing.B, uri string) string {
	b.Helper()
	signed, err := e.service.Sign("", uri, "", time.Now().Add(time.Hour).Unix())
	check(b, err)
	return signed
}

func get(uri string, headers ...string) []byte {
	lines := append([]string{"GET " + uri + " HTTP/1.1", "Host: 127.0.0.1"}, headers...)
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
}

// ask sends one request and reads its answer.
func ask(b *testing.B, e *edge, request []byte) *fasthttp.Response {
	b.Helper()
	var sent bytes.Buffer
	left := 1
	check(b, e.server.ServeConn(&conn{request: request, answers: &sent, more: func() bool { left--; return left >= 0 }}))
	answer := new(fasthttp.Response)
	check(b, answer.Read(bufio.NewReader(&sent)))
	return answer
}

// measure sends request for as long as the benchmark goes on.
func measure(b *testing.B, server *fasthttp.Server, request []byte) {
	b.Helper()
	b.ReportAllocs()
	check(b, server.ServeConn(&conn{request: request, answers: io.Discard, more: b.Loop}))
}

// A conn is a connection without a network: the client sends its request anew
// as soon as the last one is answered, while there is to be more.
type conn struct {
	net.Conn // nil: what is not below is not called

	request []byte
	answers io.Writer
	more    func() bool
	addr    net.TCPAddr // at both ends
}

func (c *conn) Read(p []byte) (int, error) {
	if !c.more() {
		return 0, io.EOF
	}
	return copy(p, c.request), nil
}

func (c *conn) Write(p []byte) (int, error)    { return c.answers.Write(p) }
func (*conn) Close() error                     { return nil }
func (*conn) SetReadDeadline(time.Time) error  { return nil }
func (*conn) SetWriteDeadline(time.Time) error { return nil }
func (c *conn) LocalAddr() net.Addr            { return &c.addr }
func (c *conn) RemoteAddr() net.Addr           { return &c.addr }

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
