package web

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
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
	site    *Site
	c       *fasthttp.RequestCtx // nil if the request came before: see repeat.go
	conn    *conn                // nil in tests of the handler alone
	method  string
	began   time.Time
	elapsed time.Duration // until the answer was there; 0 while it is not
	route   string        // name of the route
	id      []byte        // of the request
	theirs  bool          // the client has given it
	answer  delivery.Answer
	kept    *kept // of the answer's route
	api     *API  // whose path it is; nil: nobody's
	upload  *upload
	asked   bool // the cache was asked
	err     error
	size    int    // of the body in bytes
	head    []byte // the headers of the answer so far
	fixed   int    // how many bytes of them are so in every answer of this picture
	line    []byte // in the log
	stamp   stamp
	date    date
	idText  [64]byte
	client  [64]byte
	attrs   [12]slog.Attr
}

func (s *Site) exchange(c *fasthttp.RequestCtx) *exchange {
	x := s.blank()
	x.c, x.method, x.began = c, text(c.Method()), c.Time()
	x.conn, _ = c.Conn().(*conn)
	x.identify(c.Request.Header.PeekCanonical([]byte("X-Request-Id")))
	return x
}

// blank returns an exchange of which nothing is known.
func (s *Site) blank() *exchange {
	x, _ := s.exchanges.Get().(*exchange)
	if x == nil {
		x = &exchange{site: s}
	}
	x.elapsed, x.route, x.asked = 0, "", false
	x.size, x.head, x.fixed = 0, x.head[:0], 0
	return x
}

// release lets go of an exchange and of what it holds.
func (s *Site) release(x *exchange) {
	x.c, x.conn, x.method = nil, nil, ""
	x.answer, x.kept, x.err = delivery.Answer{}, nil, nil
	x.api, x.upload = nil, nil
	s.exchanges.Put(x)
}

// identify takes the request's id from the client if it is well formed, and
// otherwise makes one of 64 random bits.
func (x *exchange) identify(given []byte) {
	if x.theirs = isID(given); x.theirs {
		x.id = append(x.idText[:0], given...)
		return
	}
	x.id = strconv.AppendUint(x.idText[:0], rand.Uint64(), 16) //nolint:gosec // it names a request and guards nothing
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

// small is how many bytes of a body fit behind the headers in fasthttp's buffer of
// 4 KiB.
const small = 2 << 10

// send makes data the body of the answer. It is shared and not written to.
func (x *exchange) send(data []byte) {
	x.size = len(data)
	if x.conn != nil && len(data) > small {
		x.conn.body.data = data
		x.c.Response.SetBodyStream(&x.conn.body, len(data))
		return
	}
	x.c.Response.SetBodyRaw(data)
}

// finish writes the headers, measures and logs the exchange and lets go of it.
func (s *Site) finish(ctx context.Context, x *exchange) {
	x.writeHead()
	if x.elapsed == 0 {
		x.elapsed = time.Since(x.began)
	}
	if x.c.IsHead() {
		x.size = 0 // the length is told and the body stays here
	}
	s.tell(ctx, x, x.c.Response.StatusCode())
	s.remember(x)
	s.release(x)
}

// tell measures and logs the exchange.
func (s *Site) tell(ctx context.Context, x *exchange, status int) {
	var outcome string
	if x.asked && x.err == nil {
		outcome = x.answer.Outcome.String()
	}
	s.Recorder.Record(Observation{Route: x.route, Status: status, Cache: outcome, Bytes: x.size, Elapsed: x.elapsed})
	if s.Config.AccessLog || x.err != nil && fault.Of(x.err) == fault.Internal {
		s.log(ctx, x, status, outcome)
	}
}

// log writes the line about the exchange.
func (s *Site) log(ctx context.Context, x *exchange, status int, outcome string) {
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
	client := s.clientIP(x)
	// A log that cannot be written must not fail requests.
	if lines, ok := s.Log.Handler().(*Lines); ok && x.kept.loggable() {
		x.line = x.appendLine(x.line[:0], level, status, outcome, client)
		_, _ = lines.w.Write(x.line)
		return
	}
	_ = s.Log.Handler().Handle(ctx, x.record(level, status, outcome, client))
}

// record returns the line about the exchange. The strings made here without a
// copy live as long as the exchange, and a handler keeps none of them.
func (x *exchange) record(level slog.Level, status int, outcome string, client []byte) slog.Record {
	attrs := x.attrs[:0]
	if x.route != unread {
		attrs = append(attrs, slog.String("method", x.method), slog.String("path", text(loggedPath(x.c))))
	}
	attrs = append(attrs,
		slog.Int("status", status),
		slog.Int("bytes", x.size),
		slog.Float64("elapsed_ms", float64(x.elapsed.Microseconds())/1000),
		slog.String("request_id", text(x.id)),
		slog.String("client", text(client)),
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
	record := slog.NewRecord(x.began.Add(x.elapsed), level, "request", 0)
	// A group without a name is written as its attributes. A record has room for
	// it, and would allocate for all of them.
	record.AddAttrs(slog.GroupAttrs("", attrs...))
	return record
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

// spare reports whether the connection is one of those beyond the limit.
func (x *exchange) spare() bool {
	return x.conn != nil && x.conn.spare
}

// peer returns the address that the connection comes from; not a valid one if it
// is no network's.
func (x *exchange) peer() netip.Addr {
	if x.conn != nil {
		return x.conn.peer
	}
	if addr, ok := x.c.RemoteAddr().(*net.TCPAddr); ok {
		return addr.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// text is b as a string that lives only as long as b stays as it is.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // its caller keeps to that
}
