package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"pixedge/internal/background"
	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/library"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
	"pixedge/internal/web"
	"pixedge/internal/worker"
)

// An edge is all the parts, put together. Those that a build did not get to are nil.
type edge struct {
	settings *settings
	serves   bool
	demo     bool // no clouds were given
	measured *metrics.Metrics
	metrics  http.Handler

	gates    *gates
	render   *rendering
	archive  *archive
	routes   *cache.Memo[*delivery.Route]
	pictures *cache.Cache[*delivery.Picture]
	repeats  *web.Repeats
	later    *background.Queue
	service  *delivery.Service
	site     *web.Site
}

// lastRenders is how long renders that nobody waits for (any more) may go on when
// the program ends.
const lastRenders = 2 * time.Second

// stop ends the renderer and frees what the edge keeps, unless a picture is still
// in a codec of this process: that cannot be stopped, and would run on in memory
// that is gone. Then both go with the process. The database is closed in any case,
// and last: what still runs may ask it.
func (e *edge) stop() {
	defer e.archive.close()
	ctx, cancel := context.WithTimeout(context.Background(), lastRenders)
	defer cancel()
	idle := true
	if e.later != nil {
		idle = e.later.Close(ctx) == nil
	}
	if e.render != nil {
		idle = e.render.Drain(ctx) == nil && idle
		if idle || e.render.apart {
			e.render.stop()
		}
	}
	if idle {
		e.free()
	}
}

// close frees what an edge keeps that has not served.
func (e *edge) close() {
	e.free()
	e.archive.close()
}

func (e *edge) free() {
	if e.pictures != nil {
		e.pictures.Close()
	}
	if e.routes != nil {
		e.routes.Close()
	}
	if e.repeats != nil {
		e.repeats.Close()
	}
}

// purge tells the cache what is gone.
func (e *edge) purge(p library.Purge) { e.service.Purge(p.Cloud, p.Path) }

// build makes every part. log is nil for an edge that does not serve, which has no
// workers and opens no database. An error about a cloud is errUsage and names the key
// in edge.yaml. What was begun before an error ends with it.
func build(ctx context.Context, s *settings, clouds []config.Cloud, log *slog.Logger) (*edge, error) {
	e := &edge{settings: s, serves: log != nil, demo: len(clouds) == 0, measured: metrics.New()}
	if err := e.build(ctx, clouds, log); err != nil {
		if e.serves {
			e.stop()
		} else {
			e.close()
		}
		return nil, err
	}
	return e, nil
}

// build makes the parts, each before those that ask it: a request meets them the other
// way round.
func (e *edge) build(ctx context.Context, clouds []config.Cloud, log *slog.Logger) (err error) {
	having := e.settings.Storage.libraries(clouds, e.serves)
	if err := e.buildRendering(len(clouds)); err != nil {
		return err
	}
	if e.archive, err = openArchive(ctx, e.settings, having, e.purge); err != nil {
		return err
	}
	// Of this process and no other: an edge may well be the source of another.
	id := fmt.Sprintf("pixedge-%08x", rand.Uint32()) //nolint:gosec // it tells edges apart and guards nothing
	b := e.builder(id, clouds)
	directory, err := b.clouds(ctx, clouds)
	if err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	if err := e.buildCaches(); err != nil {
		return err
	}
	e.later = background.New(ctx, e.settings.Later, e.gates.idle.Quiet, func(err error) { tellFailure(log, err) })
	e.service = &delivery.Service{
		Clouds:   directory,
		Compiler: b.compiler,
		Routes:   e.routes,
		Cache:    e.pictures,
		Renderer: e.measured.Renderer(e.render),
		Gates:    delivery.Gates{Line: e.gates.render, Fetch: e.gates.fetch, Render: e.gates.render, Idle: e.gates.idle},
		Later:    e.later,
		TaskTime: e.settings.Cache.FillTimeout,
	}
	apis, err := b.apis(e.service, e.archive, having)
	if err != nil {
		return err
	}
	server := e.settings.Server
	server.Max = e.settings.connections(openFiles())
	e.site = &web.Site{ID: id, Config: server, Images: e.service, Log: log, Recorder: e.measured, APIs: apis, Repeats: e.repeats}
	e.watch(b.hosts)
	return nil
}

// buildRendering makes the renderer and what holds back work that it has no room for.
func (e *edge) buildRendering(clouds int) (err error) {
	if e.gates, err = newGates(e.settings, clouds); err != nil {
		return err
	}
	e.render, err = newRendering(e.settings, e.serves, worker.Watcher{Weighed: e.measured.Weigh, Replaced: e.measured.Replaced})
	return err
}

func (e *edge) buildCaches() (err error) {
	if e.routes, err = cache.NewMemo[*delivery.Route](delivery.RouteMemory); err != nil {
		return err
	}
	if e.repeats, err = web.NewRepeats(); err != nil {
		return err
	}
	e.pictures, err = cache.New(e.settings.Cache, (*delivery.Picture).Cost)
	return err
}

// builder returns that of the edge's clouds.
func (e *edge) builder(id string, all []config.Cloud) builder {
	return builder{
		shelves:  e.archive.shelves,
		hosts:    origin.NewHosts(id, e.settings.Hosts),
		settings: e.settings,
		all:      all,
		bodies:   e.gates.bodies,
		buffers:  func(cloud string) origin.Buffers { return e.gates.buffers(cloud, e.render.buffers) },
		fetcher:  e.measured.Fetcher,
		compiler: transform.NewCompiler(transform.Catalog(), e.render.formats),
	}
}

// watch measures the parts.
func (e *edge) watch(hosts *origin.Hosts) {
	e.gates.watch(e.measured)
	e.render.watch(e.measured)
	e.archive.watch(e.measured)
	e.measured.WatchHosts(hosts.Stats)
	e.measured.WatchCache(e.pictures.Stats)
	e.measured.WatchBackground(e.later.Stats)
	e.measured.WatchClients(e.site.Clients)
	e.measured.WatchRepeats(e.repeats.Stats)
	e.metrics = e.measured.Handler()
}

// tellFailure logs why a picture could not be made in the background.
func tellFailure(log *slog.Logger, err error) {
	if log == nil {
		return
	}
	level := slog.LevelWarn
	if fault.Of(err) == fault.Internal {
		level = slog.LevelError
	}
	log.Log(context.Background(), level, "a picture could not be made in the background", "kind", fault.Of(err).String(), "error", err)
}
