package web

import (
	"bytes"
	"context"

	"github.com/valyala/fasthttp"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// A Route is a path and what answers it. Every other path is an API's or a delivery
// URL.
type Route struct {
	Name  string // in metrics
	Path  string
	Doc   string
	probe bool // for health checks: answered however many connections there are
	serve func(*Site, context.Context, *exchange) error
}

// Routes lists the paths that are neither delivery URLs nor an API's.
func Routes() []Route {
	return []Route{
		{"health", "/health", "200 as long as the process answers.", true, (*Site).health},
		{"ready", "/ready", "200 while new requests are welcome, 503 once the server is stopping.", true, (*Site).ready},
		{"context", "/service/platform/transformation/context", "What a picture is and how it is made, as JSON; see [urls.md](urls.md).", false, (*Site).context},
		{absent, "/", "404: there is no page, pictures are below `/v2/`.", false, (*Site).missing},
		{absent, "/favicon.ico", "404, for browsers.", false, (*Site).missing},
		{absent, "/robots.txt", "404, for crawlers: they may go everywhere.", false, (*Site).missing},
		{absent, "/metrics", "404: metrics are on an address of their own.", false, (*Site).missing},
	}
}

// absent is the name of the routes of what others look for and we do not have.
const absent = "absent"

// delivered is the name of the route of delivery URLs.
const delivered = "delivery"

// methods are those that the routes answer.
const methods = "GET, HEAD, OPTIONS"

func (s *Site) route(ctx context.Context, x *exchange) error {
	targetErr := x.originForm()
	found := s.match(x.c.Request.Header.RequestURI())
	x.route, x.api = found.Name, found.api
	if err := s.admit(x, found); err != nil {
		return err
	}
	switch {
	case targetErr != nil:
		return targetErr
	case found.api != nil:
		return s.call(ctx, x, found)
	case x.c.IsOptions():
		return s.options(x)
	case found.serve != nil:
		return found.serve(s, ctx, x)
	}
	return s.image(ctx, x)
}

// loop refuses a request that this edge has sent itself.
func (s *Site) loop(x *exchange) error {
	if loops(x.c.Request.Header.PeekAll("CDN-Loop"), s.ID) {
		return fault.Errorf(fault.Loop, "a source of this picture leads back to this edge")
	}
	return nil
}

// admit refuses what no route takes. Where more of the request may follow than was
// read, the connection ends with the answer.
func (s *Site) admit(x *exchange, found match) error {
	f := inspect(x.c.Request.Header.RawHeaders())
	unclear := f.unclear || f.encodings > 0
	if found.api != nil {
		unclear = !f.ends(x.c.Request.Header.IsHTTP11())
	}
	withBody := f.length > 0 && found.api == nil
	full := x.spare()
	foreign := !spoken(x.c.Request.Header.Protocol())
	if unclear || withBody || full || foreign || f.lines > maxHeaders {
		x.hangUp(f.hasBody())
	}
	switch {
	case unclear:
		return fault.Errorf(fault.Invalid, "the headers leave open where the request ends")
	case foreign:
		return fault.Errorf(fault.Invalid, "the version of HTTP is neither 1.0 nor 1.1")
	case f.lines > maxHeaders:
		return errHeaders
	case full && !found.probe:
		return fault.Errorf(fault.Overloaded, "too many connections")
	case found.api != nil:
		x.takeBody(f)
		return nil
	case f.length > maxBody:
		return errBody
	case !x.c.IsOptions() && !x.c.IsGet() && !x.c.IsHead():
		x.set("Allow", methods)
		return fault.Errorf(fault.NotAllowed, "the method is not allowed; %s are", methods)
	case withBody:
		return fault.Errorf(fault.Invalid, "the request has a body")
	}
	return nil
}

// spoken reports whether a version of HTTP is one that is spoken here. fasthttp
// takes any.
func spoken(version []byte) bool {
	return string(version) == "HTTP/1.1" || string(version) == "HTTP/1.0"
}

// originForm turns a target that is a whole URL into its path and query, and
// its host into that of the request, whatever the header Host says (RFC 9112,
// 3.2.2). A user is refused, as RFC 9110, 4.2.4, advises, and has left the
// target by then, so that no log has the password.
func (x *exchange) originForm() error {
	host, path, absolute := splitTarget(x.c.Request.Header.RequestURI())
	if !absolute {
		return nil
	}
	invalid := len(host) == 0 || bytes.IndexByte(host, '@') >= 0
	x.c.Request.Header.SetHostBytes(host)
	x.c.Request.Header.SetRequestURIBytes(path) // moves the bytes that host and path are in
	if invalid {
		return fault.Errorf(fault.Invalid, "the URL has no host, or has a user")
	}
	return nil
}

// splitTarget splits a target that is a whole URL into its host, with the user
// if there is one, and the rest. Any other is all path.
func splitTarget(target []byte) (host, path []byte, absolute bool) {
	if len(target) > 0 && target[0] == '/' {
		return nil, target, false
	}
	scheme, rest, absolute := bytes.Cut(target, []byte("://"))
	if !absolute || !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https")) {
		return nil, target, false
	}
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		return rest[:end], rest[end:], true
	}
	return rest, nil, true
}

// find returns the route of a URI, or that of delivery URLs, which has no serve.
func find(uri []byte) Route {
	path, _, _ := bytes.Cut(uri, []byte("?"))
	if len(path) <= maxRoute || bytes.HasPrefix(path, []byte("/service/")) {
		for _, r := range Routes() {
			if r.Path == string(path) {
				return r
			}
		}
	}
	return Route{Name: delivered}
}

// maxRoute is at least the length of every route's path that is not below
// /service/. Longer ones, which is to say pictures, need not be compared.
const maxRoute = 12

func (s *Site) health(_ context.Context, x *exchange) error { return x.plain("ok\n") }

func (s *Site) ready(_ context.Context, x *exchange) error {
	if s.draining.Load() {
		return fault.Errorf(fault.Overloaded, "the server is stopping")
	}
	return x.plain("ready\n")
}

func (*Site) missing(context.Context, *exchange) error {
	return fault.Errorf(fault.NotFound, "no such page; pictures are below /v2/")
}

func (x *exchange) plain(body string) error {
	x.c.SetContentType("text/plain; charset=utf-8")
	x.set("X-Content-Type-Options", "nosniff")
	x.set("Cache-Control", "no-store")
	x.send([]byte(body))
	return nil
}

// options answers OPTIONS, and with it what browsers ask before they let a
// script read a picture.
func (s *Site) options(x *exchange) error {
	x.crossOrigin(s.Images.CloudOf(x.request()))
	x.set("Allow", methods)
	x.set("Access-Control-Allow-Methods", methods)
	x.set("Access-Control-Allow-Headers", "*")
	x.set("Access-Control-Max-Age", "86400")
	x.c.SetStatusCode(fasthttp.StatusNoContent)
	return nil
}

func (x *exchange) request() delivery.Request {
	return delivery.Request{
		Host:   x.c.Request.Header.Host(),
		URI:    x.c.Request.Header.RequestURI(),
		Accept: x.c.Request.Header.PeekCanonical([]byte("Accept")),
		Hints:  &x.c.Request.Header,
		Client: x,
	}
}
