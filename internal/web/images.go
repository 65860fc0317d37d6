package web

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
	"pixedge/internal/media"
)

// image answers a delivery URL.
func (s *Site) image(ctx context.Context, x *exchange) error {
	if err := s.loop(x); err != nil {
		return err
	}
	answer, err := s.Images.Image(ctx, x.request())
	return x.deliver(answer, err)
}

// deliver writes what delivery has, or the part of it that an error leaves.
func (x *exchange) deliver(answer delivery.Answer, err error) error {
	x.answer = answer
	x.variants(answer.Route)
	if err != nil {
		return err
	}
	x.asked = true
	x.headers(answer)
	if matches(x.c.Request.Header.Peek("If-None-Match"), answer.Picture.ETag) {
		// Not by fasthttp's NotModified, which drops the headers.
		x.c.SetStatusCode(fasthttp.StatusNotModified)
		return nil
	}
	x.c.SetContentType(answer.Picture.Format.MIME())
	if answer.Picture.Format == media.SVG {
		// An SVG opened on its own is a document: no scripts, nothing from elsewhere.
		x.c.Response.Header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	}
	x.disposition(answer)
	// The bytes are shared and not written to: no copy.
	x.c.Response.SetBodyRaw(answer.Picture.Data)
	return nil
}

// variants writes who may read the answer and what it depends on, also for
// errors. route may be nil or lack its cloud.
func (x *exchange) variants(route *delivery.Route) {
	if route == nil || route.Cloud == nil {
		x.crossOrigin(nil)
		return
	}
	x.crossOrigin(route.Cloud)
	if route.Vary != "" {
		x.c.Response.Header.Add("Vary", route.Vary)
	}
	if route.Cloud.Negotiation.Hints {
		x.c.Response.Header.Set("Accept-CH", "Sec-CH-DPR, Sec-CH-Width, DPR, Width")
	}
}

// headers writes what a picture and a 304 have in common.
func (x *exchange) headers(a delivery.Answer) {
	h := &x.c.Response.Header
	h.SetCanonical([]byte("Etag"), []byte(a.Picture.ETag))
	h.SetCanonical([]byte("X-Content-Type-Options"), []byte("nosniff"))
	h.SetCanonical([]byte("Cross-Origin-Resource-Policy"), []byte("cross-origin"))
	h.SetCanonical([]byte("Timing-Allow-Origin"), []byte("*"))
	if expires := a.Route.Grant.Expires; expires != 0 {
		h.SetCanonical([]byte("Cache-Control"), a.Route.Cloud.Lifetime.AppendAtMost(x.scratch[:0], expires-time.Now().Unix()))
	} else {
		h.SetCanonical([]byte("Cache-Control"), a.Route.Cloud.Lifetime.Append(x.scratch[:0]))
	}
	switch a.Outcome {
	case cache.Hit:
		h.SetCanonical([]byte("X-Cache"), []byte("HIT"))
		h.SetCanonical([]byte("Cache-Status"), []byte("pixedge; hit"))
	case cache.Miss:
		h.Set("X-Cache", "MISS")
		h.Set("Cache-Status", "pixedge; fwd=uri-miss")
	case cache.Coalesced:
		h.Set("X-Cache", "MISS")
		h.Set("Cache-Status", "pixedge; fwd=uri-miss; collapsed")
	}
	h.SetCanonical([]byte("Server-Timing"), x.timing(a))
}

// timing writes how long the stages took, in milliseconds, as browsers show it.
func (x *exchange) timing(a delivery.Answer) []byte {
	b := appendStage(x.scratch[:0], "verify", a.Verified)
	if a.Outcome != cache.Hit {
		b = appendStage(b, "fetch", a.Picture.Fetched)
		b = appendStage(b, "render", a.Picture.Rendered)
	}
	return appendStage(b, "total", time.Since(x.began))
}

func appendStage(b []byte, name string, d time.Duration) []byte {
	if len(b) > 0 {
		b = append(b, ", "...)
	}
	b = append(b, name...)
	b = append(b, ";dur="...)
	return strconv.AppendFloat(b, float64(d.Microseconds())/1000, 'f', -1, 64)
}

// crossOrigin says which scripts may read the answer: those of the cloud's
// origins, or all if the answer is no cloud's.
func (x *exchange) crossOrigin(cloud *delivery.Cloud) {
	h := &x.c.Response.Header
	if cloud == nil || slices.Contains(cloud.CORS, "*") {
		h.SetCanonical([]byte("Access-Control-Allow-Origin"), []byte("*"))
		return
	}
	if len(cloud.CORS) == 0 {
		return // nobody, whoever asks
	}
	h.Add("Vary", "Origin")
	origin := x.c.Request.Header.Peek("Origin")
	for _, a := range cloud.CORS {
		if a == string(origin) {
			h.SetBytesV("Access-Control-Allow-Origin", origin)
		}
	}
}

// disposition says whether a browser shows or saves the picture. The saved file
// has the ending of what it is now.
func (x *exchange) disposition(a delivery.Answer) {
	kind := "inline"
	switch {
	case a.Route.Download:
		kind = "attachment"
	case !a.Route.Preview:
		return
	}
	// RFC 6266, with the name percent-encoded as RFC 8187 asks: it may hold any
	// character.
	name := strings.ReplaceAll(url.QueryEscape(fileName(a.Route.Name, a.Picture.Format)), "+", "%20")
	x.c.Response.Header.Set("Content-Disposition", kind+"; filename*=UTF-8''"+name)
}

func fileName(name string, f media.Format) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return name + f.Ext()
}

// matches reports whether an If-None-Match header (RFC 9110, 13.1.2) names the
// tag. The comparison is the weak one.
func matches(header []byte, tag string) bool {
	for len(header) > 0 {
		var item []byte
		item, header, _ = bytes.Cut(header, []byte{','})
		item = bytes.TrimPrefix(bytes.TrimSpace(item), []byte("W/"))
		if string(item) == tag || string(item) == "*" {
			return true
		}
	}
	return false
}
