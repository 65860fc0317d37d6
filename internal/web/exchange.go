package web

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
	"unsafe"

	"github.com/valyala/fasthttp"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// An exchange is one request and its answer on their way through the package.
// It comes from a pool: a hit should not cost garbage.
type exchange struct {
	c       *fasthttp.RequestCtx
	began   time.Time
	route   string // name of the route
	id      []byte // of the request, in scratch or in the request itself
	answer  delivery.Answer
	asked   bool // the cache was asked
	err     error
	scratch [256]byte
	idText  [64]byte
	client  [64]byte
	attrs   [12]slog.Attr
}

func (s *Site) exchange(c *fasthttp.RequestCtx) *exchange {
	x, _ := s.exchanges.Get().(*exchange)
	if x == nil {
		x = new(exchange)
	}
	x.c, x.began, x.route = c, time.Now(), ""
	x.answer, x.asked, x.err = delivery.Answer{}, false, nil
	x.identify()
	return x
}

// identify takes the request's id from the client if it is well formed, and
// otherwise makes one of 64 random bits.
func (x *exchange) identify() {
	given := x.c.Request.Header.Peek("X-Request-ID")
	if !isID(given) {
		given = strconv.AppendUint(x.scratch[:0], rand.Uint64(), 16) //nolint:gosec // it names a request and guards nothing
	}
	x.id = append(x.idText[:0], given...)
	x.c.Response.Header.SetCanonical([]byte("X-Request-Id"), x.id)
}

func isID(text []byte) bool {
	if len(text) == 0 || len(text) > len(exchange{}.idText) {
		return false
	}
	for _, b := range text {
		word := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.'
		if !word {
			return false
		}
	}
	return true
}

// finish measures and logs the exchange and lets go of it.
func (s *Site) finish(ctx context.Context, x *exchange) {
	elapsed := time.Since(x.began)
	bytes := len(x.c.Response.Body())
	if x.c.IsHead() {
		bytes = 0 // the length is told and the body stays here
	}
	var outcome string
	if x.asked && x.err == nil {
		outcome = x.answer.Outcome.String()
	}
	status := x.c.Response.StatusCode()
	s.Recorder.Record(Observation{Route: x.route, Status: status, Cache: outcome, Bytes: bytes, Elapsed: elapsed})
	if s.Config.AccessLog || x.err != nil && fault.Of(x.err) == fault.Internal {
		s.log(ctx, x, status, bytes, outcome, elapsed)
	}
	x.c, x.answer, x.err = nil, delivery.Answer{}, nil
	clear(x.attrs[:])
	s.exchanges.Put(x)
}

// log writes the line about the exchange. The strings made here without a copy
// live as long as the call, and a handler keeps none of them.
func (s *Site) log(ctx context.Context, x *exchange, status, bytes int, outcome string, elapsed time.Duration) {
	level := slog.LevelInfo
	switch {
	case status >= fasthttp.StatusInternalServerError:
		level = slog.LevelError
	case status >= fasthttp.StatusBadRequest:
		level = slog.LevelWarn
	}
	if !s.Log.Enabled(ctx, level) {
		return
	}
	attrs := x.attrs[:0]
	if x.route != unread {
		attrs = append(attrs, slog.String("method", text(x.c.Method())), slog.String("path", text(loggedPath(x.c))))
	}
	attrs = append(attrs,
		slog.Int("status", status),
		slog.Int("bytes", bytes),
		slog.Float64("elapsed_ms", float64(elapsed.Microseconds())/1000),
		slog.String("request_id", text(x.id)),
		slog.String("client", text(x.clientIP())),
	)
	if outcome != "" {
		attrs = append(attrs, slog.String("cache", outcome))
	}
	if route := x.answer.Route; route != nil && route.Cloud != nil {
		attrs = append(attrs, slog.String("cloud", route.Cloud.Name))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("kind", fault.Of(x.err).String()), slog.String("error", x.err.Error()))
	}
	record := slog.NewRecord(x.began.Add(elapsed), level, "request", 0)
	// A group without a name is written as its attributes. A record has room for
	// it, and would allocate for all of them.
	record.AddAttrs(slog.GroupAttrs("", attrs...))
	// A log that cannot be written must not fail requests.
	_ = s.Log.Handler().Handle(ctx, record)
}

// loggedPath is the path as sent, without the query, which may hold a signature,
// and without the query of a remote link, which may hold anything.
func loggedPath(c *fasthttp.RequestCtx) []byte {
	path, _, _ := bytes.Cut(c.Request.Header.RequestURI(), []byte("?"))
	for i := 0; i+3 <= len(path); i++ {
		if path[i] == '%' && path[i+1] == '3' && path[i+2]|0x20 == 'f' {
			return path[:i]
		}
	}
	return path
}

func (x *exchange) clientIP() []byte {
	addr, ok := x.c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	return addr.AddrPort().Addr().Unmap().AppendTo(x.client[:0])
}

// text is b as a string that lives only as long as b stays as it is.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // its caller keeps to that
}
