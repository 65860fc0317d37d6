package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/benchmarks"
)

type bare struct {
	URL        string `arg:"" help:"What a server has in its cache by now."`
	Listen     string `default:"127.0.0.1:0" help:"Address to serve on."`
	Headers    bool   `help:"Write all headers of the answer, and not the type of the body alone."`
	Revalidate string `help:"Ask as a client that has the picture with this ETag."`
}

// Run serves until ctx is done.
func (b *bare) Run(ctx context.Context) error {
	answer, err := ask(b.URL, b.Revalidate)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp4", b.Listen)
	if err != nil {
		return err
	}
	server := &fasthttp.Server{Handler: benchmarks.Bare(answer, b.Headers), Name: "pixedge"}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// ask returns a server's answer. With a tag it asks for a picture that the
// client has already.
func ask(url, tag string) (*fasthttp.Response, error) {
	request, answer := new(fasthttp.Request), new(fasthttp.Response)
	request.SetRequestURI(url)
	want := fasthttp.StatusOK
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
		want = fasthttp.StatusNotModified
	}
	if err := fasthttp.DoTimeout(request, answer, 30*time.Second); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if got := answer.StatusCode(); got != want {
		return nil, fmt.Errorf("%s: status %d, want %d", url, got, want)
	}
	return answer, nil
}
