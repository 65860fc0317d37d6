package origin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"

	"pixedge/internal/blob"
)

type web struct {
	base   string // with a slash at the end
	client client
}

// Web returns the source of the pictures below base, an http or https address
// such as "https://img.example.com/photos/". The name of a picture is a path
// that is put after it, escaped.
//
// The host of base is whatever the operator says and is dialed without the
// guard. Redirects may lead to any other host, on its ports 80 and 443, if the
// guard g allows it.
func Web(h *Hosts, base string, g *Guard) (Source, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("web folder: %w", err)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("web folder: address has a query or a fragment")
	}
	anywhere := hostRule{}
	if err := checkLink(u, []hostRule{anywhere, {port: u.Port()}}); err != nil {
		return nil, fmt.Errorf("web folder: %w", err)
	}
	host, port, _ := splitHost(u.Host) // checked above
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	hosts := []hostRule{{host, port}, anywhere}
	return web{
		base:   strings.TrimSuffix(u.String(), "/") + "/",
		client: newClient(h, KindHTTP, hosts, g, net.JoinHostPort(u.Hostname(), port)),
	}, nil
}

func (w web) Open(ctx context.Context, name string) (Body, error) {
	if blob.ValidKey(name) != nil {
		return Body{}, fs.ErrNotExist // a link, say
	}
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	u, err := url.Parse(w.base + strings.Join(segments, "/"))
	if err != nil {
		return Body{}, err
	}
	return w.client.open(ctx, u)
}
