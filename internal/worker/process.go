package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/transform/vips"
)

// A Cause says why a worker process ended.
type Cause uint8

// The causes.
const (
	Retired  Cause = iota // its time had come
	Crashed               // it failed in a codec
	Starved               // it wanted more memory than it may have
	Deadline              // it was ended, because its job took too long
	Killed                // the system ended it, as it does when memory runs out
	Refused               // it did what no renderer does
	numCauses
)

// String returns the name used in logs and metrics.
func (c Cause) String() string {
	return [numCauses]string{"retired", "crashed", "memory", "deadline", "killed", "refused"}[c]
}

// Causes lists every Cause.
func Causes() []Cause {
	all := make([]Cause, numCauses)
	for i := range all {
		all[i] = Cause(i)
	}
	return all
}

// pipeTime is how long what a worker has started may keep its standard error open after
// its end. Then nobody listens any more: its end must not be noticed late.
const pipeTime = 100 * time.Millisecond

// startTimeout is how long a worker may take to say hello.
const startTimeout = 20 * time.Second

// A process is a worker as its server sees it. One job at a time.
type process struct {
	cmd     *exec.Cmd
	inbox   *inbox
	result  result
	stderr  complaints
	hello   hello
	jobs    int
	statm   *os.File      // nil: unknown
	late    atomic.Bool   // killed by us, for its time
	greedy  atomic.Bool   // killed by us, for its memory
	lied    atomic.Bool   // said what no renderer says, and killed by us
	retired atomic.Bool   // killed by us, for its age or what it holds
	spent   bool          // being killed: its last job came to the end of its time or memory
	exited  chan struct{} // closed when it has ended

	working sync.Mutex // held while it has a job; what that needs is not freed meanwhile
	engaged bool       // it has read a job; guarded by working
}

// start begins a worker process and waits until it is ready. The calling
// goroutine must keep its thread until the process has ended: the system ends the
// process with the thread (PR_SET_PDEATHSIG), so that no worker outlives a server
// that was killed.
func start(command Command, s setup) (*process, error) {
	conn, theirs, err := pair()
	if err != nil {
		return nil, err
	}
	p := &process{inbox: newInbox(conn, false), exited: make(chan struct{})}
	if p.result, err = newResult(); err != nil {
		return nil, errors.Join(err, conn.Close(), theirs.Close())
	}
	p.cmd = &exec.Cmd{
		Path: command.Path, Args: command.Args, Env: command.Env, Dir: "/proc", // where no settings lie
		Stderr:      &p.stderr,
		ExtraFiles:  []*os.File{theirs, p.result.File}, // socketFD and resultFD
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
		WaitDelay:   pipeTime,
	}
	err = p.cmd.Start()
	_ = theirs.Close() // or its end would not be noticed before startTimeout
	if err != nil {
		return nil, errors.Join(fmt.Errorf("worker: %w", err), conn.Close(), p.result.Close())
	}
	// Without it the limit of the address space holds alone.
	p.statm, _ = os.Open(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	go func() {
		_ = p.cmd.Wait() // how it ended is in its state
		close(p.exited)
	}()
	if err := p.greet(s); err != nil {
		p.kill()
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *process) greet(s setup) error {
	if err := p.inbox.conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		return err
	}
	err := send(p.inbox.conn, s)
	if err == nil {
		_, err = p.inbox.receive(&p.hello)
	}
	if err != nil {
		p.kill()
		<-p.exited // then all is known that it complained of
		return fmt.Errorf("worker: it did not start (%v): %w: %s", p.cmd.ProcessState, err, p.stderr.String())
	}
	if p.hello.Fault != "" {
		return fmt.Errorf("worker: it did not start: %s", p.hello.Fault)
	}
	return nil
}

// do has the worker carry out a job, and returns the bytes of its result, in
// memory that place gives; nil takes Go's own. The process is ended when ctx ends,
// and when it takes more memory than most bytes; 0 is any. With an error the process
// may have gone.
func (p *process) do(ctx context.Context, q request, fds []int, place vips.Place, most int64) (reply, []byte, error) {
	p.working.Lock()
	defer p.working.Unlock()
	unwatch := func() {}
	if most > 0 {
		unwatch = p.watch(most)
	}
	stop := context.AfterFunc(ctx, func() {
		p.late.Store(true)
		p.kill()
	})
	defer func() {
		unwatch()
		p.spent = !stop() || p.greedy.Load()
		p.result.trim()
	}()
	p.jobs++
	q.Nonce = rand.Text()
	p.stderr.reset()
	a, err := p.ask(q, fds)
	if fault.Of(err) == fault.Invalid {
		return a, nil, err // it was never sent
	}
	if _, unread := errors.AsType[untaken](err); unread {
		return a, nil, untaken{fault.Wrap(p.obituary(err, false), fault.Overloaded, "no worker could take the picture")}
	}
	p.engaged = true
	switch {
	case err != nil:
		return a, nil, p.obituary(err, q.hurried)
	case !a.credible(q):
		p.lied.Store(true)
		return reply{}, nil, p.obituary(errors.New("worker: no renderer says that"), false)
	case most > 0 && int64(a.Size) > most: // before any memory is taken for it
		p.greedy.Store(true)
		return reply{}, nil, p.obituary(fmt.Errorf("worker: a result of %d bytes", a.Size), false)
	case a.Failed && a.Kind == fault.Timeout: // on a busy machine it may know first
		p.late.Store(true)
		return a, nil, p.obituary(a.failure(), q.hurried)
	case a.Failed && a.Starved: // its codecs have seen allocations fail: it is not given another picture
		p.greedy.Store(true)
		return a, nil, p.obituary(a.failure(), false)
	case a.Failed || q.Inspect:
		return a, nil, a.failure()
	}
	data, err := p.result.copy(a.Size, place)
	return a, data, err
}

// ask sends a job and returns the answer. Its error is untaken if the worker has not
// read the job: it could not be sent, or lay in the socket when the worker's end was
// closed. That is ECONNRESET (net/unix/af_unix.c, unix_release_sock); a worker that ends
// with what it has read leaves io.EOF.
func (p *process) ask(q request, fds []int) (a reply, err error) {
	err = p.inbox.conn.SetDeadline(time.Time{})
	if err == nil {
		err = send(p.inbox.conn, q, fds...)
	}
	switch {
	case fault.Of(err) == fault.Invalid: // too long for any worker
		return a, err
	case err != nil:
		return a, untaken{err}
	}
	if _, err = p.inbox.receive(&a); errors.Is(err, syscall.ECONNRESET) {
		return a, untaken{err}
	}
	return a, err
}

// An untaken error is that of a job that its worker has not begun.
type untaken struct{ error }

func (u untaken) Unwrap() error { return u.error }

// obituary explains to a client why its job came to nothing. It waits for the
// end of the process. hurried tells that the request left the job less time than a
// render may take.
func (p *process) obituary(err error, hurried bool) error {
	p.kill() // a process that does not talk is of no use
	<-p.exited
	err = fmt.Errorf("worker ended (%v): %w: %s", p.cmd.ProcessState, err, p.stderr.String())
	switch cause := p.cause(); {
	case cause == Deadline && hurried:
		return fault.Wrap(err, fault.Timeout, "the request has taken too long")
	case cause == Deadline:
		return fault.Wrap(err, fault.Unprocessable, "the picture takes too long to render")
	case cause == Starved:
		return fault.Wrap(err, fault.Unprocessable, "the picture takes too much memory to render")
	case cause == Killed:
		return fault.Wrap(err, fault.Overloaded, "there was not enough memory to render the picture")
	default:
		return fault.Wrap(err, fault.Unprocessable, "the picture is damaged or of a kind that cannot be read")
	}
}

// cause says why the process ended, once it has.
func (p *process) cause() Cause {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case p.late.Load():
		return Deadline
	case p.greedy.Load():
		return Starved
	case p.lied.Load():
		return Refused
	case p.retired.Load(), ok && status.Exited() && status.ExitStatus() == 0:
		return Retired
	case p.stderr.says("out of memory", "failed to allocate", "cannot allocate memory", "unable to allocate", "bad_alloc", "jxl_check: bytes_.get()"):
		return Starved
	case !ok || !status.Signaled():
		return Crashed
	}
	switch status.Signal() { //nolint:exhaustive // the others are what codecs do wrong
	case syscall.SIGXCPU:
		return Deadline
	case syscall.SIGKILL:
		return Killed
	case syscall.SIGSYS:
		return Refused
	}
	return Crashed
}

// retire ends the process, which has nothing to do. It is not asked: one that a
// picture has taken over would stay.
func (p *process) retire() {
	p.retired.Store(true)
	p.kill()
}

// kill ends the process whatever it is doing.
func (p *process) kill() { _ = p.cmd.Process.Kill() } // or it has ended

// close frees what the server has of a process, once that has ended. Whoever waits for an
// answer still gets one that lies in the socket, or the kernel's word that the job was not
// read; and is woken where somebody else holds the other end.
func (p *process) close() {
	<-p.exited
	_ = p.inbox.conn.CloseRead()
	p.working.Lock()
	defer p.working.Unlock()
	_ = p.inbox.conn.Close()
	_ = p.result.Close()
	if p.statm != nil {
		_ = p.statm.Close()
	}
}
