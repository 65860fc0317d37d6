package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/demo"
	"pixedge/internal/web"
)

type serveCmd struct{}

// Run serves until the program is told to stop.
func (serveCmd) Run(p *program) error {
	log := newLog(p.stderr, p.settings)
	defer func() { _ = log.Close() }() // there is nowhere left to say that it failed
	memory, err := limitMemory(p.settings)
	if err != nil {
		return err
	}
	if len(p.clouds) == 0 {
		forget, err := p.settings.Storage.forDemo()
		if err != nil {
			log.Warn("the demo has no library", "error", err)
		}
		defer forget()
	}
	// A port may have been left to the system, and links that are made have it. What is
	// wrong with the settings is told before a port that is taken.
	ln, listenErr := net.Listen("tcp", p.settings.Listen)
	if listenErr == nil {
		defer func() { _ = ln.Close() }() // again, if it was served on
		p.settings.Listen = ln.Addr().String()
	}
	edge, err := build(p.ctx, p.settings, p.clouds, log.Logger)
	if err != nil {
		return err
	}
	defer edge.stop()
	if listenErr != nil {
		return fmt.Errorf("listen: %w", listenErr)
	}
	defer edge.keep(p.ctx, log.Logger)()
	metrics, err := serveMetrics(p.settings.MetricsListen, edge.metrics)
	if err != nil {
		return err
	}
	defer metrics.Close()
	tellLimits(log.Logger, edge.render, memory, p.app.Flags)
	if at, ok := built(); ok {
		tellClock(log.Logger, time.Now(), at)
	}
	log.Info("serving", "listen", p.settings.Listen, "metrics", metrics.address, "clouds", len(p.clouds), "connections", edge.site.Config.Max)
	edge.render.tell(log.Logger)
	if edge.demo {
		if err := welcome(p, edge); err != nil {
			return err
		}
	}
	err = serve(p.ctx, ln, edge.site, p.settings)
	log.Info("stopped")
	return err
}

// serve answers requests until ctx is done, then gives those in flight their
// time to finish.
func serve(ctx context.Context, ln net.Listener, site *web.Site, s *settings) error {
	// Not ctx: its end should stop new requests and leave those in flight alone.
	requests, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	srv := site.Server(requests)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(site.Listen(ln)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	site.Drain()
	time.Sleep(s.DrainDelay)
	grace, cancel := context.WithTimeout(requests, s.DrainTimeout)
	defer cancel()
	if err := srv.ShutdownWithContext(grace); err != nil {
		return fmt.Errorf("drain_timeout: requests were still in flight: %w", err)
	}
	return nil
}

// A metricsServer is what serves /metrics.
type metricsServer struct {
	address string // "" if nothing is served
	io.Closer
}

// serveMetrics serves handler and /health on an address of their own, or nothing without one.
func serveMetrics(listen string, handler http.Handler) (metricsServer, error) {
	if listen == "" {
		return metricsServer{"", io.NopCloser(nil)}, nil
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return metricsServer{}, fmt.Errorf("metrics_listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	// For health checks that should not queue with everybody else.
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	srv := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	go func() { _ = srv.Serve(ln) }() // ends when srv is closed
	return metricsServer{ln.Addr().String(), srv}, nil
}

// welcome prints links to try.
func welcome(p *program, e *edge) error {
	names, err := demo.Pictures()
	if err != nil {
		return err
	}
	base := p.settings.public()
	fmt.Fprintf(p.stdout, "No clouds are set up, so this is a demo. Open one of these:\n\n")
	for _, link := range demo.Links(base, names[0]) {
		fmt.Fprintf(p.stdout, "  %s\n  %s\n\n", link[0], link[1])
	}
	const path = "/v2/demo/t.resize(w:300)/"
	signed, err := e.service.Sign("", path+names[0], "", time.Now().Add(time.Hour).Unix())
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "  signed, good for an hour\n  %s\n\n", base+signed)
	if e.archive.keys == nil {
		return nil
	}
	return welcomeToAPI(p, e, names[0])
}

// welcomeToAPI prints a key, and how it is used.
func welcomeToAPI(p *program, e *edge, picture string) error {
	_, key, err := e.archive.keys.Create(p.ctx, apikey.Spec{
		Cloud: demo.Cloud().Name, Scopes: []string{apikey.Any}, Rate: apikey.Rate{Times: 600, Per: time.Minute}, Comment: "of the demo",
	})
	if err != nil {
		return err
	}
	base := p.settings.public()
	fmt.Fprintf(p.stdout, "A key to PixLab's API, good until this demo ends: %s\n\n  a rectangle, kept under a link of its own\n  %s/crop?img=%s/v2/demo/original/%s&x=164&y=95&width=145&height=145&key=%s\n\n",
		key, base, base, picture, key)
	return nil
}
