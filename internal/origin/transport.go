package origin

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"

	"pixedge/internal/fault"
)

// A transport makes each request, those that follow a redirect too, a visit to
// its host.
type transport struct {
	hosts *Hosts
	kind  Kind
	next  *http.Transport
}

// authority names the host and port that a link leads to.
func authority(u *url.URL) string {
	host, port, err := splitHost(u.Host)
	if err != nil {
		return u.Host // unreachable: checkLink was here before
	}
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(host, port)
}

// RoundTrip is a method of [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	v, err := t.hosts.at(t.kind, authority(r.URL)).enter(r.Context())
	if err != nil {
		return nil, err
	}
	// On a connection that was used before, net/http itself asks again where
	// the host hangs up.
	sent, interim := 0, 0
	trace := &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent++ },
		Got1xxResponse: func(int, textproto.MIMEHeader) error {
			if interim++; interim > maxInterim {
				return errInterim
			}
			return nil
		},
	}
	response, err := t.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		return nil, v.refused(err, passing(err), sent)
	}
	if response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests {
		v.judge(errFailed)
	}
	response.Body = v.body(response.Body, passing)
	return response, nil
}

var errInterim = fault.Wrap(errors.New("too many interim answers"), fault.Upstream, "origin failed")
