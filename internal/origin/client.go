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

// HeaderTimeout is how long a source may take to begin its answer, from the end
// of the request.
const HeaderTimeout = patience

// The limits of a connection. Limits.Timeout bounds their sum.
const (
	dialTimeout    = 3 * time.Second
	tlsTimeout     = 5 * time.Second
	idleTimeout    = 30 * time.Second
	maxHeader      = 64 << 10 // bytes
	maxHeaderLines = 100
	maxInterim     = 5 // answers of a status below 200, before the one that counts
	maxRedirects   = 3

	maxIdleConnsPerHost = 16
)

// IdleConns is how many connections a source keeps open for the next request. Links
// may lead to very many hosts, most of which are asked once.
const IdleConns = 256

// agent is the name by which we make ourselves known.
const agent = "pixedge"

// A client makes requests that tell the other side nothing and trust it with
// nothing: no cookies, no Referer, no credentials, no proxy.
type client struct {
	http    *http.Client
	allowed []hostRule // of the first request and of each redirect

	// hosts has the name of the edge, for CDN-Loop (RFC 8586): a source that is
	// this very edge knows the request for its own and refuses it. Longer ways
	// around are not seen, since many requests may wait for one picture and the
	// CDN-Loop of none of them is passed on; they end with Limits.Timeout.
	hosts *Hosts
	kind  Kind
}

// newClient returns a client for links to the allowed hosts. The host and port
// in trusted, if it is not empty, are dialed without the guard.
func newClient(h *Hosts, k Kind, allowed []hostRule, g *Guard, trusted string) client {
	plain := &net.Dialer{Timeout: dialTimeout}
	guarded := &net.Dialer{Timeout: dialTimeout, Control: g.Control}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	c := client{allowed: allowed, hosts: h, kind: k}
	c.http = &http.Client{
		CheckRedirect: c.checkRedirect,
		Transport: &transport{h, k, &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if strings.EqualFold(address, trusted) {
					return plain.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			Protocols:              &protocols,
			TLSHandshakeTimeout:    tlsTimeout,
			ResponseHeaderTimeout:  HeaderTimeout,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
			MaxConnsPerHost:        2 * h.limits.Fetches, // some are still being dialed for nobody
			MaxIdleConns:           IdleConns,
			MaxIdleConnsPerHost:    maxIdleConnsPerHost,
		}},
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
	err := checkLink(next.URL, c.allowed)
	if fault.Of(err) == fault.Invalid { // the origin's mistake, not that of our client
		return fault.Wrap(err, fault.Upstream, "origin redirects to an address that is not valid")
	}
	return err
}

// open requests the picture at u.
func (c client) open(ctx context.Context, u *url.URL) (Body, error) {
	if err := checkLink(u, c.allowed); err != nil {
		return Body{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return Body{}, fault.Wrap(err, fault.Invalid, "link is not valid")
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("CDN-Loop", c.hosts.id)
	request.Header.Set("Accept-Encoding", "identity") // also keeps net/http from decompressing unasked
	response, err := c.http.Do(request)
	if err != nil {
		return Body{}, withoutURL(err)
	}
	body, err := c.body(response)
	if err != nil {
		_ = response.Body.Close()
		return Body{}, err
	}
	return body, nil
}

// body returns the picture that an answer holds.
func (c client) body(r *http.Response) (Body, error) {
	err := checkStatus(r.StatusCode)
	if wait := retryAfter(r.Header.Get("Retry-After")); busy(r.StatusCode) && wait <= maxRetryAfter {
		err = &lost{error: err, host: c.hosts.at(c.kind, authority(r.Request.URL)), wait: wait, sent: 1}
	}
	if err != nil {
		return Body{}, err
	}
	return newBody(r)
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
	lines := 0
	for _, values := range r.Header {
		lines += len(values)
	}
	if lines > maxHeaderLines {
		return Body{}, fault.Errorf(fault.Upstream, "origin sends too many header lines")
	}
	body := Body{ReadCloser: r.Body, Size: r.ContentLength}
	if t, err := http.ParseTime(r.Header.Get("Last-Modified")); err == nil {
		body.ModTime = t
	}
	switch encoding := r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip": // what some servers send whatever they are asked for
		body.Size = -1
		body.ReadCloser = &unzipped{ReadCloser: body.ReadCloser}
		return body, nil
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

// unzipped decompresses a body as it is read, so that a limit on what is read
// from it is one on what came out.
type unzipped struct {
	io.ReadCloser
	z *gzip.Reader // nil before the first Read
}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.z == nil {
		z, err := gzip.NewReader(u.ReadCloser)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // nothing is no file of gzip
		}
		if err != nil {
			return 0, err
		}
		u.z = z
	}
	return u.z.Read(p)
}
