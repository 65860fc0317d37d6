// Package web speaks HTTP.
//
// It is the only package that imports fasthttp. A fasthttp.RequestCtx is reused
// as soon as its handler returns, so none leaves this package: handlers copy
// what they need out of it, call a service with plain values, and write down
// the answer. Nor is it used as a context.Context: its Done channel is set to nil
// when the server shuts down, which races with contexts derived from it.
//
// [Site.Handler] is where every request comes in; framing.go refuses those that
// could be read in two ways, and loop.go those that we have sent ourselves;
// repeat.go answers requests that came before without any of that;
// route.go says where the others go; images.go writes pictures; api.go is what an
// [API] is, endpoint.go calls it and upload.go reads bodies for it; status.go is the
// one place where an error becomes a response. The package decides nothing about
// pictures: delivery does.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// Config holds the settings of the server.
type Config struct {
	ReadTimeout  time.Duration `name:"read-timeout" default:"10s" help:"Longest time to read a request."`
	WriteTimeout time.Duration `name:"write-timeout" default:"30s" help:"Longest time to write an answer to a slow client."`
	IdleTimeout  time.Duration `name:"idle-timeout" default:"60s" help:"How long a connection may wait for its next request."`
	HeaderSize   config.Size   `name:"header-size" default:"32KiB" help:"Largest request line and headers together."`
	AccessLog    bool          `name:"access-log" default:"true" negatable:"" help:"Log a line for each request."`

	Upload      `embed:""`
	Connections `embed:""`
}

// An Imager delivers pictures; see delivery.Service.
type Imager interface {
	Image(ctx context.Context, r delivery.Request) (delivery.Answer, error)
	Context(ctx context.Context, r delivery.Request) (delivery.Answer, error)
	Again(given delivery.Answer) (delivery.Answer, error)
	CloudOf(r delivery.Request) *delivery.Cloud
}

// An Observation is what is measured of a request.
type Observation struct {
	Route   string // the route's name
	Status  int
	Cache   string // "hit", "miss", "coalesced", or "" if the cache was not asked
	Bytes   int    // of the body
	Elapsed time.Duration
}

// A Recorder measures requests.
type Recorder interface{ Record(o Observation) }

// A Site answers requests. Every field but APIs and Repeats must be set.
type Site struct {
	ID       string // of this edge in CDN-Loop, as its sources send it
	Config   Config
	Images   Imager
	Log      *slog.Logger
	Recorder Recorder
	APIs     []API    // none: every request with a body is refused
	Repeats  *Repeats // nil: every request is read as if it were the first

	index     sync.Once
	endpoints endpoints // of APIs
	clients   clients
	draining  atomic.Bool
	exchanges sync.Pool // of *exchange
}

// Drain makes /ready fail from now on, so that balancers look elsewhere.
func (s *Site) Drain() { s.draining.Store(true) }

// Server returns a server of the site whose requests end when ctx does.
func (s *Site) Server(ctx context.Context) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:               s.Handler(ctx),
		ErrorHandler:          s.refuse,
		ConnState:             turned,
		Name:                  serverName,
		ReadTimeout:           s.Config.ReadTimeout,
		WriteTimeout:          s.Config.WriteTimeout,
		IdleTimeout:           s.Config.IdleTimeout,
		ReadBufferSize:        int(s.Config.HeaderSize),
		MaxRequestBodySize:    maxBody,
		Concurrency:           s.Config.concurrency(),
		CloseOnShutdown:       true,
		SecureErrorLogMessage: true,
		Logger:                quiet{},
		// fasthttp reads a form as far as the form goes and would take the rest
		// of the body for the next request.
		DisablePreParseMultipartForm: true,
		// Only the first 8 KiB of a body are read before its handler is called. What
		// the handler leaves would be taken for the next request: see settle.
		StreamRequestBody: true,
		HeaderReceived:    s.received,
	}
}

// serverName is the value of the header Server.
const serverName = "pixedge"

// maxBody is the largest body in bytes that is read although no route wants it, so
// that the connection can go on. Where no route ever takes one, a larger body is refused as such.
const maxBody = 64 << 10

// quiet drops what fasthttp logs: broken connections are everyday, and what
// matters is in the access log.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// Handler returns a handler whose requests end when ctx does. It logs one line
// about each.
func (s *Site) Handler(ctx context.Context) fasthttp.RequestHandler {
	s.index.Do(s.indexAPIs)
	return func(c *fasthttp.RequestCtx) {
		x := s.exchange(c)
		s.serve(ctx, x)
		x.settle()
		s.finish(ctx, x)
	}
}

// serve answers a request, and keeps a panic to the request it happened in.
func (s *Site) serve(ctx context.Context, x *exchange) {
	defer func() {
		if p := recover(); p != nil {
			x.head = x.head[:0]
			x.fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if err := s.route(ctx, x); err != nil {
		x.fail(err)
	}
}

// refuse answers what is no request.
func (s *Site) refuse(c *fasthttp.RequestCtx, err error) {
	x := s.exchange(c)
	x.began = time.Now() // fasthttp's time is that of the request before
	x.route = unread
	f, text := refusal(err)
	// Without err, which quotes what was sent: a signature may be in it.
	x.answerWith(f, fault.Errorf(fault.Invalid, "%s", text))
	c.SetConnectionClose()
	if x.conn != nil && x.conn.head {
		c.Response.SkipBody = true
	}
	s.finish(context.Background(), x)
}
