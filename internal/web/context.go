package web

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// context answers with what PixelBin's endpoint of that name says of a picture.
// The picture is named by a URL, whose signature is the only thing that opens it.
func (s *Site) context(ctx context.Context, x *exchange) error {
	if err := s.loop(x); err != nil {
		return err
	}
	r, err := x.named()
	if err != nil {
		return err
	}
	answer, err := s.Images.Context(ctx, r)
	return x.deliver(answer, err)
}

// named returns the request that the parameter url stands for: a path and a
// query, or a URL whose host is then that of the request.
func (x *exchange) named() (delivery.Request, error) {
	r := x.request()
	_, query, _ := bytes.Cut(r.URI, []byte("?"))
	values, err := url.ParseQuery(string(query))
	if err != nil || len(values["url"]) != 1 {
		return r, fault.Errorf(fault.Invalid, "the query must have one url, percent-encoded: the path and query of a picture")
	}
	target := values.Get("url")
	if scheme, rest, absolute := strings.Cut(target, "://"); absolute && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		host := rest
		if end := strings.IndexAny(rest, "/?#"); end >= 0 {
			host = rest[:end]
		}
		r.Host, target = []byte(host), rest[len(host):]
	}
	if !strings.HasPrefix(target, "/") || strings.ContainsFunc(target, unsendable) || strings.Contains(string(r.Host), "@") {
		return r, fault.Errorf(fault.Invalid, "url is neither a path from / on nor a URL")
	}
	// The SDKs let a space through; nothing else is mended.
	r.URI = []byte(strings.ReplaceAll(target, " ", "%20"))
	return r, nil
}

// unsendable reports whether no request line could have the character in its URL.
func unsendable(c rune) bool { return c < ' ' || c == 0x7f || c == '#' }
