package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/shm"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// The descriptors that a worker inherits, after the three standard ones.
const (
	socketFD = 3
	resultFD = 4
)

// A Sandbox confines the process it is in.
type Sandbox interface {
	// Enter takes from the process what rendering does not need, and lists what it
	// had to leave. memory is how many bytes the process may take from then on.
	Enter(memory int64) (open []string, err error)
	// Budget ends the process when it takes more processor time than cpu from now
	// on.
	Budget(cpu time.Duration) error
}

// Serve is the whole life of a worker process: it carries out one job after
// another until the server closes the socket. renderer is started before, by the
// caller; the sandbox is entered before the first job.
func Serve(box Sandbox) error {
	conn, err := connOf(os.NewFile(socketFD, "server"))
	if err != nil {
		return fmt.Errorf("edge worker is started by edge serve and by nobody else: %w", err)
	}
	defer func() { _ = conn.Close() }() // the process ends
	w := &worker{box: box, inbox: newInbox(conn, true), renderer: transform.NewRenderer(transform.Config{Workers: 1})}
	if err := w.greet(); err != nil {
		return err
	}
	for {
		var job request
		fds, err := w.inbox.receive(&job)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := send(conn, w.answer(job, fds)); err != nil {
			return err
		}
		if w.worked >= w.due {
			w.clean()
		}
	}
}

// A worker is what a worker process keeps between jobs.
type worker struct {
	box      Sandbox
	inbox    *inbox
	renderer *transform.Renderer
	compiler *transform.Compiler
	memory   meter
	start    int64  // bytes held before the first job
	result   []byte // mapped, of LongestResult bytes

	level       int64 // bytes held when it was last clean
	fresh       bool  // it has had no job since
	worked, due time.Duration
}

// greet reads what the server wants and tells what there is.
func (w *worker) greet() error {
	var s setup
	if _, err := w.inbox.receive(&s); err != nil {
		return err
	}
	h := hello{Version: vips.Version(), Formats: transform.Encodable(), Readable: transform.Decodable()}
	w.compiler = transform.NewCompiler(transform.Catalog(), h.Formats)
	var err error
	if w.result, err = mapResult(); err != nil {
		return err
	}
	if w.memory, err = newMeter(); err != nil {
		h.Open = append(h.Open, "measuring memory")
	}
	open, err := w.box.Enter(s.Memory)
	h.Open = append(h.Open, open...)
	if err != nil {
		h.Fault = err.Error()
	}
	w.clean() // starting and trying the encoders took more than is held from now on
	w.start = w.level
	return errors.Join(send(w.inbox.conn, h), err)
}

// answer carries out a job.
func (w *worker) answer(q request, fds []int) reply {
	defer closeAll(fds)
	before, began := w.renderer.Stats(), time.Now()
	w.memory.reset()
	a, err := w.do(q, fds)
	if err != nil {
		a = reply{Failed: true, Kind: fault.Of(err), Shown: cut(fault.Message(err), mostShown), Detail: cut(err.Error(), mostDetail)}
		failed, ours := errors.AsType[*vips.Error](err)
		a.Starved = ours && failed.OutOfMemory()
	}
	a.Nonce = q.Nonce
	after := w.renderer.Stats()
	a.Stats = transform.Stats{
		Decodes: after.Decodes - before.Decodes, Encodes: after.Encodes - before.Encodes, Pixels: after.Pixels - before.Pixels,
	}
	if a.Peak = w.memory.peak(); w.fresh && w.level > 0 {
		a.Took = max(0, a.Peak-w.level-q.bytes())
	}
	w.fresh, w.worked = false, w.worked+time.Since(began)
	w.tidy()
	return a
}

// litter is how many bytes more than at its start a worker may hold after a job
// before it looks for what it can give back.
const litter = 32 << 20

// tidy gives back memory that a large job has left free in the allocators.
func (w *worker) tidy() {
	if w.memory.held()-w.start > litter {
		vips.Trim()
		debug.FreeOSMemory()
	}
}

// cleaning is how many times as long as cleaning up a worker has worked before it does so
// again: a hundredth of its time.
const cleaning = 100

// clean gives back all memory that is free, so that the next job takes what it needs from
// the system, where it can be measured, and not of what others have left. That takes a few
// milliseconds. What Go keeps in a sync.Pool survives one collection.
func (w *worker) clean() {
	began := time.Now()
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	vips.Trim()
	_ = unix.Madvise(w.result, unix.MADV_DONTNEED) // its bytes stay, in the memory that is shared
	w.level, w.fresh = w.memory.held(), true
	w.worked, w.due = 0, cleaning*time.Since(began)
}

func (w *worker) do(q request, fds []int) (reply, error) {
	if len(fds) != 1+len(q.Files) {
		return reply{}, fmt.Errorf("worker: %d pictures for %d descriptors", 1+len(q.Files), len(fds))
	}
	if err := w.box.Budget(q.CPU); err != nil {
		return reply{}, err
	}
	job, unmap, err := open(q, fds)
	defer unmap()
	if err != nil {
		return reply{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), q.CPU)
	defer cancel()
	if q.Inspect {
		info, err := w.renderer.Inspect(ctx, job.Original, job.Limits)
		return reply{Info: info}, err
	}
	if job.Plan, err = w.compiler.Load(q.Script); err != nil {
		return reply{}, err
	}
	job.Place = w.place
	made, err := w.renderer.Render(ctx, job)
	if err != nil {
		return reply{}, err
	}
	return reply{Format: made.Format, Size: len(made.Data)}, w.keep(made.Data)
}

// open maps the pictures of a job. unmap is to be called whatever the error.
func open(q request, fds []int) (job transform.Job, unmap func(), err error) {
	var unmaps []func()
	unmap = func() {
		for _, f := range unmaps {
			f()
		}
	}
	view := func(p picture, fd int) (media.Image, error) {
		data, done, err := shm.View(fd, p.Size)
		if err == nil {
			unmaps = append(unmaps, done)
		}
		return media.Image{Data: data, Format: p.Format}, err
	}
	job = transform.Job{Limits: q.Limits, Files: make(map[string]media.Image, len(q.Files))}
	if job.Original, err = view(q.Original, fds[0]); err != nil {
		return job, unmap, err
	}
	for i, f := range q.Files {
		if job.Files[f.Name], err = view(f.picture, fds[1+i]); err != nil {
			return job, unmap, err
		}
	}
	return job, unmap, nil
}

// place returns the shared memory for a result of n bytes.
func (w *worker) place(n int) ([]byte, error) {
	if n > LongestResult {
		return nil, fault.Errorf(fault.Unprocessable, "the result has %d bytes; at most %d are allowed", n, LongestResult)
	}
	return w.result[:n], nil
}

// keep puts a result where the server finds it, if it is not there already.
func (w *worker) keep(data []byte) error {
	if len(w.result) > 0 && len(data) > 0 && &data[0] == &w.result[0] {
		return nil
	}
	to, err := w.place(len(data))
	copy(to, data)
	return err
}
