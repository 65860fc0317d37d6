package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path"
	"strconv"
	"sync/atomic"
	"time"
)

// An origin is a web server that has every picture of the corpus under any
// number of names: /1/photo.jpg, /2/photo.jpg and so on. Behind the end of each file
// stands its name, so that no server can know two for the same picture.
type origin struct {
	url     string // ends with a slash
	serial  atomic.Int64
	fetches atomic.Int64
	server  *http.Server
}

func serveCorpus(ctx context.Context, corpus map[string][]byte) (*origin, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &origin{url: fmt.Sprintf("http://%s/", ln.Addr())}
	o.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := corpus[path.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		o.fetches.Add(1)
		w.Header().Set("Content-Type", http.DetectContentType(data))
		w.Header().Set("Content-Length", strconv.Itoa(len(data)+len(r.URL.Path)))
		_, _ = w.Write(data)               // a server that hangs up has its reasons
		_, _ = w.Write([]byte(r.URL.Path)) //nolint:gosec // no browser asks
	})}
	go func() { _ = o.server.Serve(ln) }() // ends with Close
	return o, nil
}

func (o *origin) Close() { _ = o.server.Close() }

// fresh returns a name of the picture that nobody has asked for yet.
func (o *origin) fresh(source string) string {
	return strconv.FormatInt(o.serial.Add(1), 10) + "/" + source
}
