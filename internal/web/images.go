package web

import (
	"bytes"
	"context"
	"net/url"
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
	if err != nil {
		x.variants(answer.Route)
		return err
	}
	x.asked = true
	x.kept = x.keep(answer.Route)
	x.headers(answer)
	if matches(x.c.Request.Header.PeekCanonical([]byte("If-None-Match")), answer.Picture.ETag) {
		// Not by fasthttp's NotModified, which drops the headers.
		x.c.SetStatusCode(fasthttp.StatusNotModified)
	} else {
		x.picture(answer)
	}
	x.fixed = len(x.head)
	x.moment(answer)
	return nil
}

// picture writes what a 304 does not have.
func (x *exchange) picture(answer delivery.Answer) {
	x.c.SetContentType(answer.Picture.Format.MIME())
	if answer.Picture.Format == media.SVG {
		// An SVG opened on its own is a document: no scripts, nothing from elsewhere.
		x.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	}
	x.disposition(answer)
	x.send(answer.Picture.Data)
}

// headers writes what a picture and a 304 have in common.
func (x *exchange) headers(a delivery.Answer) {
	x.head = append(x.head, x.kept.head...)
	x.allowOrigin(a.Route.Cloud.CORS)
	x.head = append(append(append(x.head, "Etag: "...), a.Picture.ETag...), "\r\n"...)
	switch a.Outcome {
	case cache.Hit:
		x.head = append(x.head, "X-Cache: HIT\r\nCache-Status: pixedge; hit\r\n"...)
	case cache.Miss:
		x.head = append(x.head, "X-Cache: MISS\r\nCache-Status: pixedge; fwd=uri-miss\r\n"...)
	case cache.Coalesced:
		x.head = append(x.head, "X-Cache: MISS\r\nCache-Status: pixedge; fwd=uri-miss; collapsed\r\n"...)
	}
}

// moment writes what is different each time.
func (x *exchange) moment(a delivery.Answer) {
	x.lifetime(a)
	x.timing(a)
}

// lifetime says how long the answer may be kept.
func (x *exchange) lifetime(a delivery.Answer) {
	left, bounded := a.Left(x.began)
	if !bounded {
		x.head = append(x.head, x.kept.life...)
		return
	}
	x.head = append(x.head, "Cache-Control: "...)
	x.head = append(a.Route.Cloud.Lifetime.AppendAtMost(x.head, left), "\r\n"...)
}

// timing writes how long the stages took, in milliseconds, as browsers show it.
func (x *exchange) timing(a delivery.Answer) {
	x.elapsed = time.Since(x.began)
	x.head = appendStage(append(x.head, "Server-Timing: "...), "verify", a.Verified)
	if a.Outcome != cache.Hit {
		x.head = appendStage(append(x.head, ", "...), "fetch", a.Picture.Fetched)
		x.head = appendStage(append(x.head, ", "...), "render", a.Picture.Rendered)
		if a.Picture.Derived {
			x.head = append(x.head, `, source;desc="rendition"`...)
		}
	}
	x.head = appendStage(append(x.head, ", "...), "total", x.elapsed)
	if a.Interim {
		x.head = append(x.head, `, interim;desc="AVIF is yet to be made"`...)
	}
	x.head = append(x.head, "\r\n"...)
}

func appendStage(b []byte, name string, d time.Duration) []byte {
	return appendMillis(append(append(b, name...), ";dur="...), d)
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
	x.set("Content-Disposition", kind+"; filename*=UTF-8''"+name)
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
