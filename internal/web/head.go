package web

import (
	"slices"

	"pixedge/internal/delivery"
)

// set adds a header to the answer. Date, Server and what says how long the body
// is and of which type are fasthttp's.
func (x *exchange) set(name, value string) { x.head = appendField(x.head, name, value) }

// appendField adds a header. A line break in the value would begin another one.
func appendField(head []byte, name, value string) []byte {
	head = append(append(head, name...), ": "...)
	start := len(head)
	head = append(head, value...)
	for i, b := range head[start:] {
		if b == '\r' || b == '\n' {
			head[start+i] = ' '
		}
	}
	return append(head, "\r\n"...)
}

// writeHead hands the headers to fasthttp. Its setters go over each of a dozen
// headers several times, which is a third of what a hit costs; so it gets them
// as one, whose name is everything up to the last value. SetCanonical writes
// names as they are.
func (x *exchange) writeHead() {
	x.head = append(x.head, "X-Request-Id"...)
	x.c.Response.Header.SetCanonical(x.head, x.id)
}

// What is kept of a route for its next answers: the pieces that are always the
// same.
type kept struct {
	head  []byte // headers of its pictures
	life  []byte // Cache-Control of those that need not be shorter
	path  []byte // in the log line, with quotes; nil if it is not plain
	cloud []byte // likewise
}

// keep returns what is kept of the route that the exchange has found.
func (x *exchange) keep(route *delivery.Route) *kept {
	if k, ok := route.Kept.Load().(*kept); ok {
		return k
	}
	k := &kept{head: appendVariants(nil, route), cloud: quoted([]byte(route.Cloud.Name)), path: quoted(loggedPath(x.c))}
	k.head = appendField(k.head, "X-Content-Type-Options", "nosniff")
	k.head = appendField(k.head, "Cross-Origin-Resource-Policy", "cross-origin")
	k.head = appendField(k.head, "Timing-Allow-Origin", "*")
	k.life = appendField(nil, "Cache-Control", string(route.Cloud.Lifetime.Append(nil)))
	route.Kept.Store(k)
	return k
}

// variants says who may read an error and what it depends on. route may be nil or
// lack its cloud.
func (x *exchange) variants(route *delivery.Route) {
	if route == nil || route.Cloud == nil {
		x.head = appendAccess(x.head, nil)
		return
	}
	x.head = appendVariants(x.head, route)
	x.allowOrigin(route.Cloud.CORS)
}

// appendVariants says who may read the answers of a route and what they depend on.
func appendVariants(head []byte, route *delivery.Route) []byte {
	head = appendAccess(head, route.Cloud)
	if route.Vary != "" {
		head = appendField(head, "Vary", route.Vary)
	}
	if route.Cloud.Negotiation.Hints {
		head = appendField(head, "Accept-Ch", "Sec-CH-DPR, Sec-CH-Width, DPR, Width")
	}
	return head
}

// appendAccess says which scripts may read the answer: those of the cloud's
// origins, of which allowOrigin names one, or all if the answer is no cloud's.
func appendAccess(head []byte, cloud *delivery.Cloud) []byte {
	if cloud == nil {
		return appendField(head, "Access-Control-Allow-Origin", "*")
	}
	return appendOrigins(head, cloud.CORS)
}

// appendOrigins is appendAccess for a list of origins.
func appendOrigins(head []byte, origins []string) []byte {
	switch {
	case slices.Contains(origins, "*"):
		return appendField(head, "Access-Control-Allow-Origin", "*")
	case len(origins) > 0:
		return appendField(head, "Vary", "Origin")
	}
	return head // nobody, whoever asks
}

// allowOrigin lets the scripts of the origin that asks read the answer, if it is
// one of those listed.
func (x *exchange) allowOrigin(origins []string) {
	if len(origins) == 0 || slices.Contains(origins, "*") {
		return
	}
	origin := x.c.Request.Header.Peek("Origin")
	if i := slices.IndexFunc(origins, func(a string) bool { return a == string(origin) }); i >= 0 {
		x.set("Access-Control-Allow-Origin", origins[i])
	}
}

// crossOrigin is both.
func (x *exchange) crossOrigin(cloud *delivery.Cloud) {
	x.head = appendAccess(x.head, cloud)
	if cloud != nil {
		x.allowOrigin(cloud.CORS)
	}
}

// quoted returns text as JSON, or nil if it holds anything but plain ASCII.
func quoted(text []byte) []byte {
	if slices.ContainsFunc(text, func(b byte) bool { return !plain(b) }) {
		return nil
	}
	return append(append([]byte{'"'}, text...), '"')
}
