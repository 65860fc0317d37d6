package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"pixedge/internal/fault"
)

// A match is what a path leads to.
type match struct {
	Route

	api       *API
	endpoints []*Endpoint // of the path
	missing   Reply       // if there are none
}

// endpoints finds those of the APIs by their paths.
type endpoints struct {
	exact, loose map[string]place // of the loose ones in small letters
}

// A place is a path of an API.
type place struct {
	api       *API
	endpoints []*Endpoint
}

func (s *Site) indexAPIs() {
	s.endpoints = endpoints{make(map[string]place), make(map[string]place)}
	for i := range s.APIs {
		api := &s.APIs[i]
		for j := range api.Endpoints {
			s.endpoints.add(api, &api.Endpoints[j])
		}
	}
}

func (e *endpoints) add(api *API, endpoint *Endpoint) {
	paths, path := e.exact, endpoint.Path
	if api.Loose {
		paths, path = e.loose, loosen(path)
	}
	paths[path] = place{api, append(paths[path].endpoints, endpoint)}
}

func loosen(path string) string { return strings.ToLower(strings.TrimSuffix(path, "/")) }

// of returns what is at a path. It has no API if there is nothing.
func (e *endpoints) of(path []byte) place {
	if p, ok := e.exact[string(path)]; ok {
		return p
	}
	return e.loose[loosen(string(path))]
}

// match returns what the URI leads to.
func (s *Site) match(uri []byte) match {
	found := match{Route: find(uri)}
	if len(s.APIs) == 0 || found.serve != nil || bytes.HasPrefix(uri, []byte("/v2/")) {
		return found
	}
	path, _, _ := bytes.Cut(uri, []byte("?"))
	if p := s.endpoints.of(path); p.api != nil {
		found.api, found.endpoints, found.Name = p.api, p.endpoints, p.endpoints[0].Name
		return found
	}
	for i := range s.APIs {
		api := &s.APIs[i]
		if api.Missing == nil {
			continue
		}
		if reply, ok := api.Missing(string(path)); ok {
			return match{Route: Route{Name: absent}, api: api, missing: reply}
		}
	}
	return found
}

// endpoint returns the one that takes the method, or nil.
func (m match) endpoint(method []byte) *Endpoint {
	for _, e := range m.endpoints {
		if slices.Contains(e.Methods, string(method)) {
			return e
		}
	}
	return nil
}

// allowed lists the methods of the path for the header Allow.
func (m match) allowed() string {
	var all []string
	for _, e := range m.endpoints {
		all = append(all, e.Methods...)
	}
	return strings.Join(append(all, fasthttp.MethodOptions), ", ")
}

// takesBody reports whether requests of a method to e may have a body. That of GET
// and HEAD means nothing (RFC 9110, 9.3.1), and intermediaries drop it.
func (e *Endpoint) takesBody(method []byte) bool {
	return e.Body && string(method) != fasthttp.MethodGet && string(method) != fasthttp.MethodHead
}

// call has the endpoint answer that was asked for, or says why there is none.
func (s *Site) call(ctx context.Context, x *exchange, found match) error {
	e := found.endpoint(x.c.Method())
	switch {
	case x.c.IsOptions() && e == nil:
		return x.preflight(found)
	case len(found.endpoints) == 0:
		x.reply(found.missing)
		return nil
	case e == nil:
		x.set("Allow", found.allowed())
		return fault.Errorf(fault.NotAllowed, "the method is not allowed; %s are", found.allowed())
	}
	x.route = e.Name
	if err := cmp.Or(s.loop(x), x.fits(e)); err != nil {
		return err
	}
	ctx, stop := x.Stay(ctx)
	defer stop()
	reply, err := e.Serve(ctx, x.newCall())
	if err != nil {
		return ending(ctx, err)
	}
	x.reply(reply)
	return nil
}

// ending returns why a call failed: if its context had ended, that may be all
// there is to say.
func ending(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), errLeft):
		return errLeft
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fault.Wrap(err, fault.Overloaded, "the server is stopping")
	}
	return err
}

// preflight answers OPTIONS, and with it what browsers ask before a script may
// call an API. They send no key with it.
func (x *exchange) preflight(found match) error {
	x.set("Allow", found.allowed())
	if len(x.api.CORS) > 0 {
		x.set("Access-Control-Allow-Methods", found.allowed())
		x.set("Access-Control-Allow-Headers", "*")
		x.set("Access-Control-Max-Age", "86400")
	}
	x.readers()
	x.c.SetStatusCode(fasthttp.StatusNoContent)
	return nil
}

// newCall returns the request without fasthttp.
func (x *exchange) newCall() *Call {
	h := &x.c.Request.Header
	path, query, _ := strings.Cut(string(h.RequestURI()), "?")
	call := &Call{
		Method: string(h.Method()), Host: string(h.Host()), Path: path, Query: query,
		Client: x.Address(), RequestID: string(x.id), ContentType: string(h.ContentType()),
		Body:   strings.NewReader(""),
		Header: func(name string) string { return string(h.Peek(name)) },
	}
	if x.upload != nil {
		call.Body, call.Length = x.upload, x.upload.length
	}
	return call
}

// readers says which scripts may read the answer, if it is an API's.
func (x *exchange) readers() {
	if x.api != nil && len(x.api.CORS) > 0 {
		x.head = appendOrigins(x.head, x.api.CORS)
		x.allowOrigin(x.api.CORS)
	}
}

// reply makes r the answer.
func (x *exchange) reply(r Reply) {
	x.c.SetStatusCode(cmp.Or(r.Status, fasthttp.StatusOK))
	x.c.SetContentType(r.ContentType)
	x.readers()
	x.set("X-Content-Type-Options", "nosniff")
	if r.Headers["Cache-Control"] == "" {
		x.set("Cache-Control", "no-store")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		x.set(name, r.Headers[name])
	}
	if r.Stream == nil {
		x.send(r.Body)
		return
	}
	x.size = int(max(r.Length, 0))
	x.c.Response.SetBodyStream(r.Stream, int(r.Length))
}
