package main

import (
	"context"
	"log/slog"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/rendition"
	"pixedge/internal/sandbox"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
	"pixedge/internal/worker"
)

// A rendering is a renderer and what the rest of the program wants of it.
type rendering struct {
	delivery.Renderer

	formats  []media.Format // that can be made
	readable []media.Format // that can be decoded
	version  string         // of libvips
	apart    bool           // in processes that can be ended
	open     []string       // what a worker could not be denied
	buffers  origin.Buffers // for originals
	watch    func(*metrics.Metrics)

	Drain func(context.Context) error
	stop  func()
}

// newRendering makes what s asks for. Only a program that serves has workers, and
// they tell watcher what they do.
func newRendering(s *settings, serving bool, watcher worker.Watcher) (*rendering, error) {
	if serving && s.Isolation == "process" {
		return newWorkers(s, watcher)
	}
	if err := vips.Start(); err != nil {
		return nil, err
	}
	cfg := s.Render
	cfg.Queue = s.Admit.Queue
	r := transform.NewRenderer(cfg)
	memory := shm.NewPool(0)
	renditions := rendition.New(s.Rendition, r, memory)
	return &rendering{
		Renderer: renditions,
		formats:  transform.Encodable(),
		readable: transform.Decodable(),
		version:  vips.Version(),
		buffers:  origin.Memory{},
		watch: func(m *metrics.Metrics) {
			m.WatchRenderer(r.Stats)
			m.WatchVips(vips.Memory)
			m.WatchRenditions(renditions.Stats)
		},
		Drain: r.Drain,
		stop: func() {
			renditions.Close()
			memory.Close()
			vips.Stop()
		},
	}, nil
}

// idleShared is how much shared memory is kept for the next originals.
const idleShared = 32 << 20

func newWorkers(s *settings, watcher worker.Watcher) (*rendering, error) {
	memory := shm.NewPool(idleShared)
	// What a worker finds in its environment is what a codec may read of it.
	command := worker.Command{
		Path: "/proc/self/exe", Args: []string{"edge", "worker"},
		Env: append(worker.Allocator(), "GOTRACEBACK=none", "LANG=C.UTF-8", "HOME=/nonexistent", "XDG_CACHE_HOME=/nonexistent"),
	}
	p, err := worker.New(s.Worker, s.Render.Workers, command, memory, watcher)
	if err != nil {
		memory.Close()
		return nil, err
	}
	renditions := rendition.New(s.Rendition, p, memory)
	return &rendering{
		Renderer: renditions,
		formats:  p.Formats(),
		readable: p.Readable(),
		version:  p.Version(),
		apart:    true,
		open:     p.Open(),
		buffers:  shared{memory},
		watch: func(m *metrics.Metrics) {
			m.WatchRenderer(func() transform.Stats { return p.Stats().Stats })
			m.WatchWorkers(p.Stats)
			m.WatchRenditions(renditions.Stats)
			m.WatchShared(memory.Stats)
		},
		Drain: p.Drain,
		stop: func() {
			p.Close()
			renditions.Close()
			memory.Close()
		},
	}, nil
}

// shared has originals read to where workers can see them.
type shared struct{ *shm.Pool }

// Get never waits.
func (s shared) Get(_ context.Context, size int64) (origin.Buffer, error) {
	region, err := s.Pool.Get(size)
	if err != nil {
		return nil, fault.Wrap(err, fault.Overloaded, "there is no memory for the picture")
	}
	return region, nil
}

// tell logs what an operator should know of how pictures are confined.
func (r *rendering) tell(log *slog.Logger) {
	if len(r.open) > 0 {
		log.Warn("workers are less confined than they could be", "open", r.open)
	}
}

type workerCmd struct{}

// Run renders until the server that started it closes the socket.
func (workerCmd) Run(*program) error {
	if err := vips.Start(); err != nil {
		return err
	}
	return worker.Serve(walls{})
}

// walls are the sandbox of a worker.
type walls struct{}

// mostFiles is how many descriptors a worker may have open.
const mostFiles = 128

// Enter keeps readable what text is drawn with. Everything else that rendering
// reads from disk has been read: codecs when they were tried, and the settings of
// fonts with the first text.
func (walls) Enter(memory int64) (open []string, err error) {
	text, err := vips.Text("Aa", "sans 12", 0, []float64{0, 0, 0, 255})
	if err != nil {
		return nil, err
	}
	text.Close()
	report, err := sandbox.Enter(sandbox.Policy{
		Memory: memory, File: worker.LongestResult, // in memory, which counts as a file
		Files: mostFiles,
		Read:  []string{"/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig", "/etc/fonts", "/var/cache/fontconfig"},
	})
	return report.Missing, err
}

// Budget ends the process when it takes more processor time.
func (walls) Budget(cpu time.Duration) error { return sandbox.Budget(cpu) }
