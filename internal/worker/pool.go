// Package worker renders in processes of its own.
//
// C code cannot be stopped, and a decoder that fails takes its process with it.
// So a [Pool] keeps a few processes of the same program ("edge worker", see
// [Serve]), gives each one job at a time, and ends one that takes too long. What a
// picture does to its process costs its own request, and nobody else's.
//
// Pictures travel as descriptors of shared memory (package shm), a few hundred
// bytes of JSON beside them. The result is copied once, out of the memory that
// the worker wrote it to.
//
// The package does not render (transform does), does not decide which job may
// begin (admit does), and knows no rule of the kernel's (sandbox does).
package worker

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
)

// Config says how workers are kept.
type Config struct {
	Memory config.Size   `name:"worker-memory" default:"1GiB" help:"Address space that one render may take; a picture that needs more is refused, and one that takes more than twice its estimate and 40 MiB is as well. What max_render_memory allows should fit twice: codecs ask for more addresses than they fill."`
	Time   time.Duration `name:"render-timeout" default:"10s" help:"Longest time that one render may take. Then its worker is ended and the picture refused."`
	Jobs   int           `name:"worker-renders" default:"5000" help:"Renders after which a worker is replaced by a fresh one."`
	Spares int           `name:"worker-spares" default:"1" help:"Workers that stand by to take the place of those that end, which takes no time then; 0: none. Each holds some 12 MiB."`
	Grown  config.Size   `name:"worker-growth" default:"128MiB" help:"Memory that a worker may hold when it has nothing to do; one that holds more is replaced."`
}

// A Command starts a worker process.
type Command struct {
	Path string
	Args []string // with the program's name
	Env  []string
}

// Allocator returns the environment that suits glibc's allocator to a worker. One arena is
// enough for one render, whose few threads hardly meet in it; a second keeps as much again.
// What is freed is kept, up to buffers of some MiB: mapped anew for each picture they cost
// large ones a tenth of their CPU. Larger blocks, such as the coefficients of a progressive
// JPEG, go back to the system: glibc would learn from the first ones to keep the next in
// its arena, as much as one picture took.
func Allocator() []string {
	return []string{"MALLOC_ARENA_MAX=1", "MALLOC_MMAP_THRESHOLD_=8388608", "MALLOC_TRIM_THRESHOLD_=16777216"} // bytes
}

// A Pool renders with worker processes. It does what a transform.Renderer does.
type Pool struct {
	cfg     Config
	command Command
	memory  *shm.Pool
	watcher Watcher

	places  chan struct{} // one is held by each job
	idle    idle
	closing chan struct{}
	kept    sync.WaitGroup

	mu     sync.Mutex
	stats  Stats
	strong strength

	rendering, waiting atomic.Int64
	hello              hello // of the last worker that has come
}

// Stats are counts for metrics and tests.
type Stats struct {
	transform.Stats
	Ended [numCauses]int64 // worker processes that have ended, by Cause
	Peak  int64            // bytes: the largest resident memory that a render has come to
}

// A Watcher is told what happens in a pool. What is nil is not told.
type Watcher struct {
	Weighed  func(estimate, peak int64) // what a render was estimated to take and what it took, in bytes; 0: not measured
	Replaced func(time.Duration)        // how long a worker that has ended was missing
}

// New starts the workers, and returns when all are ready. count is how many may
// render at once; 0 is one a processor. Pictures from memory are passed on without a
// copy.
func New(cfg Config, count int, command Command, memory *shm.Pool, watcher Watcher) (*Pool, error) {
	if count == 0 {
		count = runtime.NumCPU()
	}
	p := &Pool{
		cfg: cfg, command: command, memory: memory, watcher: watcher,
		places: make(chan struct{}, count), closing: make(chan struct{}), strong: strength{want: count},
	}
	all := count + cfg.Spares
	started := make(chan error, all)
	for range all {
		p.kept.Go(func() { p.keep(started) })
	}
	var errs []error
	for range all {
		errs = append(errs, <-started)
	}
	if err := errors.Join(errs...); err != nil {
		p.Close()
		return nil, err
	}
	p.kept.Go(func() { p.watchIdle(int64(cfg.Grown)) })
	return p, nil
}

func (p *Pool) closed() bool {
	select {
	case <-p.closing:
		return true
	default:
		return false
	}
}

// Close ends the workers, at once.
func (p *Pool) Close() {
	close(p.closing)
	p.kept.Wait()
}

// Formats lists the formats that can be made.
func (p *Pool) Formats() []media.Format { return p.greeting().Formats }

// Readable lists the formats that can be decoded.
func (p *Pool) Readable() []media.Format { return p.greeting().Readable }

// Version returns the version of libvips that the workers have.
func (p *Pool) Version() string { return p.greeting().Version }

// Open lists what the kernel did not let the workers give up.
func (p *Pool) Open() []string { return p.greeting().Open }

func (p *Pool) greeting() hello {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hello
}

// Stats returns the counts at this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Rendering, s.Waiting = p.rendering.Load(), p.waiting.Load()
	return s
}

// Render applies the plan to the original and encodes the result. Its errors are
// those of transform.Renderer.Render, and Unprocessable for a picture that takes
// too long, takes too much memory or ends its worker.
func (p *Pool) Render(ctx context.Context, job transform.Job) (media.Image, error) {
	if job.Plan.Original() {
		return job.Original, nil
	}
	q := request{Script: job.Plan.Script(), Limits: job.Limits, makes: job.Plan.Makes(job.Original.Format)}
	names := slices.Sorted(maps.Keys(job.Files))
	pictures := []media.Image{job.Original}
	for _, name := range names {
		f := job.Files[name]
		pictures = append(pictures, f)
		q.Files = append(q.Files, named{name, picture{f.Format, len(f.Data)}})
	}
	a, data, err := p.run(ctx, q, pictures, job)
	return media.Image{Data: data, Format: a.Format}, err
}

// Inspect describes a picture. Its errors are those of Render.
func (p *Pool) Inspect(ctx context.Context, original media.Image, most transform.Limits) (transform.Info, error) {
	a, _, err := p.run(ctx, request{Inspect: true, Limits: most}, []media.Image{original}, transform.Job{})
	return a.Info, err
}

// run finds a worker for a job. ctx may end while the job waits, and its deadline
// ends a job that has begun; but a job that has begun does not end because its
// client has gone: what is left of it is worth less than a worker.
//
// A worker may fall while it has nothing to do, a moment before it is given a job: that
// goes to another one, once. What a worker has taken it is not given again.
func (p *Pool) run(ctx context.Context, q request, pictures []media.Image, job transform.Job) (a reply, data []byte, err error) {
	fds := make([]int, len(pictures))
	for i, picture := range pictures {
		region, done, err := p.memory.Share(picture.Data)
		if err != nil {
			return a, nil, fault.Wrap(err, fault.Overloaded, "there is no memory for the picture")
		}
		defer done()
		fds[i] = region.FD()
	}
	q.Original = picture{pictures[0].Format, len(pictures[0].Data)}
	if err := p.enter(ctx); err != nil {
		return a, nil, err
	}
	defer func() { <-p.places }()
	a, data, err = p.assign(ctx, q, fds, job)
	if _, ok := errors.AsType[untaken](err); ok && ctx.Err() == nil {
		a, data, err = p.assign(ctx, q, fds, job)
	}
	return a, data, err
}

// assign has the next worker carry out a job, for somebody who has a place.
func (p *Pool) assign(ctx context.Context, q request, fds []int, job transform.Job) (a reply, data []byte, err error) {
	worker, err := p.await(ctx)
	if err != nil {
		return a, nil, err
	}
	p.rendering.Add(1)
	defer p.rendering.Add(-1)
	q.CPU = p.cfg.Time
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left < q.CPU {
			q.CPU, q.hurried = left, true
		}
	}
	working, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.CPU)
	defer cancel()
	a, data, err = worker.do(working, q, fds, job.Place, most(job.Need.Bytes, q.Limits))
	if need := job.Need.Bytes; p.watcher.Weighed != nil && need > 0 && err == nil {
		p.watcher.Weighed(need, a.Took)
	}
	p.give(worker, a)
	return a, data, err
}

// most returns the bytes of memory that a job may take; 0 if there is nothing to
// tell by. What was not estimated is no more than the decoding of a picture.
func most(need int64, limits transform.Limits) int64 {
	if need == 0 {
		need = int64(limits.MaxMemory)
	}
	if need == 0 {
		return 0
	}
	if limits.MaxRender > 0 {
		return min(bound(need), int64(limits.MaxRender)+past)
	}
	return bound(need)
}

// enter waits for a place.
func (p *Pool) enter(ctx context.Context) error {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unattended(ctx)
	case <-p.closing:
		return stopping()
	}
}

// await waits for a worker, for somebody who has a place.
func (p *Pool) await(ctx context.Context) (*process, error) {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	for {
		if ctx.Err() != nil {
			return nil, unattended(ctx)
		}
		worker, come := p.idle.take()
		if worker != nil {
			return worker, nil
		}
		select {
		case <-come:
		case <-ctx.Done():
		case <-p.closing:
			return nil, stopping()
		}
	}
}

func unattended(ctx context.Context) error {
	return fault.Wrap(ctx.Err(), fault.Overloaded, "no worker was free in time")
}

func stopping() error { return fault.Errorf(fault.Overloaded, "the server is stopping") }

func ended(worker *process) bool {
	select {
	case <-worker.exited:
		return true
	default:
		return false
	}
}

// give takes a worker back after a job. What it holds is measured and not asked for.
func (p *Pool) give(worker *process, a reply) {
	p.mu.Lock()
	p.stats.Decodes += a.Stats.Decodes
	p.stats.Encodes += a.Stats.Encodes
	p.stats.Pixels += a.Stats.Pixels
	p.stats.Peak = max(p.stats.Peak, a.Peak)
	p.mu.Unlock()
	switch {
	case worker.spent || ended(worker): // until sees to it
	case worker.jobs >= p.cfg.Jobs || worker.taken() > int64(p.cfg.Grown):
		worker.retire()
	default:
		p.idle.put(worker)
	}
}

// Drain waits until nothing is being rendered. It returns ctx's error if that
// takes longer than ctx.
func (p *Pool) Drain(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(p.places) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Check finds what the types of the settings let through.
func (c Config) Check() error {
	switch {
	case c.Time <= 0:
		return errors.New("render_timeout: must be more than 0")
	case c.Jobs < 1:
		return errors.New("worker_renders: must be more than 0")
	case c.Spares < 0 || c.Spares > 64:
		return errors.New("worker_spares: must be from 0 to 64")
	case c.Memory < 256<<20:
		return errors.New("worker_memory: must be at least 256MiB")
	case c.Grown < 64<<20:
		return errors.New("worker_growth: must be at least 64MiB")
	}
	return nil
}
