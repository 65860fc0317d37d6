package origin

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pixedge/internal/fault"
)

// The limits of a connection. Limits.Timeout bounds their sum.
const (
	dialTimeout   = 3 * time.Second
	tlsTimeout    = 5 * time.Second
	headerTimeout = 5 * time.Second // from the end of the request
	idleTimeout   = 30 * time.Second
	maxHeader     = 64 << 10 // bytes
	maxRedirects  = 3

	// A source with more pictures in flight than this is not slower for
	// waiting, and one that has stopped answering cannot use up the sockets.
	maxConnsPerHost = 64

	// Links may lead to very many hosts, most of which are asked once.
	maxIdleConns        = 256
	maxIdleConnsPerHost = 16
)

// agent is the name by which we make ourselves known.
const agent = "pixedge"

// A client makes requests that tell the other side nothing and trust it with
// nothing: no cookies, no Referer, no credentials, no proxy.
type client struct {
	http  *http.Client
	hosts []hostRule // of the first request and of each redirect

	// id is what the edge calls itself in CDN-Loop (RFC 8586): a source that is
	// this very edge knows the request for its own and refuses it. Longer ways
	// around are not seen, since many requests may wait for one picture and the
	// CDN-Loop of none of them is passed on; they end with Limits.Timeout.
	id string
}

// newClient returns a client of the edge called id for links to the given
// hosts. The host and port in trusted, if it is not empty, are dialed without
// the guard.
func newClient(id string, hosts []hostRule, g *Guard, trusted string) client {
	plain := &net.Dialer{Timeout: dialTimeout}
	guarded := &net.Dialer{Timeout: dialTimeout, Control: g.Control}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	c := client{hosts: hosts, id: id}
	c.http = &http.Client{
		CheckRedirect: c.checkRedirect,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if strings.EqualFold(address, trusted) {
					return plain.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			Protocols:              &protocols,
			TLSHandshakeTimeout:    tlsTimeout,
			ResponseHeaderTimeout:  headerTimeout,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
			MaxConnsPerHost:        maxConnsPerHost,
			MaxIdleConns:           maxIdleConns,
			MaxIdleConnsPerHost:    maxIdleConnsPerHost,
		},
	}
	return c
}

// checkRedirect holds each hop to the rules of the first.
func (c client) checkRedirect(next *http.Request, via []*http.Request) error {
	next.Header.Del("Referer")
	if len(via) > maxRedirects {
		return fault.Errorf(fault.Upstream, "origin redirects more than %d times", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return fault.Errorf(fault.Upstream, "origin redirects from https to another scheme")
	}
	err := checkLink(next.URL, c.hosts)
	if fault.Of(err) == fault.Invalid { // the origin's mistake, not that of our client
		return fault.Wrap(err, fault.Upstream, "origin redirects to an address that is not valid")
	}
	return err
}

// open requests the picture at u.
func (c client) open(ctx context.Context, u *url.URL) (Body, error) {
	if err := checkLink(u, c.hosts); err != nil {
		return Body{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return Body{}, fault.Wrap(err, fault.Invalid, "link is not valid")
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("CDN-Loop", c.id)
	request.Header.Set("Accept-Encoding", "identity") // also keeps net/http from decompressing unasked
	response, err := c.http.Do(request)
	if err != nil {
		return Body{}, withoutURL(err)
	}
	body, err := newBody(response)
	if err != nil {
		_ = response.Body.Close()
		return Body{}, err
	}
	return body, nil
}

// withoutURL takes the link out of an error of package url or http: errors are
// logged, and in the query of a link may be somebody's key.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func newBody(r *http.Response) (Body, error) {
	if err := checkStatus(r.StatusCode); err != nil {
		return Body{}, err
	}
	body := Body{ReadCloser: r.Body, Size: r.ContentLength}
	if t, err := http.ParseTime(r.Header.Get("Last-Modified")); err == nil {
		body.ModTime = t
	}
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip": // what some servers send whatever they are asked for
		return gunzip(body)
	}
	return Body{}, fault.Errorf(fault.Upstream, "origin sends an encoding it was not asked for")
}

func checkStatus(status int) error {
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return fs.ErrNotExist
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Errorf(fault.Upstream, "origin refused")
	}
	return fault.Wrap(fmt.Errorf("status %d", status), fault.Upstream, "origin failed")
}

// gunzip decompresses body as it is read, so that a limit on what is read from
// it is one on what came out.
func gunzip(body Body) (Body, error) {
	z, err := gzip.NewReader(body.ReadCloser)
	if err != nil {
		return Body{}, err
	}
	body.Size = -1
	body.ReadCloser = struct {
		io.Reader
		io.Closer
	}{z, body.ReadCloser}
	return body, nil
}
