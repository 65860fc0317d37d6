package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// A message is one datagram: JSON, and with it the descriptors of memory. The
// socket is a pair of SOCK_SEQPACKET, so that messages keep their borders.
const (
	maxMessage = 128 << 10 // bytes; a URL has at most 8 KiB, and a preset makes it a few times longer
	maxShared  = 64        // descriptors: an original, and the second pictures of 32 operations
)

// setup is what a worker is told when it starts.
type setup struct {
	Memory int64 // bytes it may take on top of what it starts with; 0: any
}

// hello is a worker's answer when it is ready.
type hello struct {
	Version  string         // of libvips
	Formats  []media.Format // that can be made
	Readable []media.Format // that can be decoded
	Open     []string       // what the kernel did not let it give up
	Fault    string         // why it cannot work
}

// request is a job on its way to a worker.
type request struct {
	Nonce    string // of this request alone
	Inspect  bool   // describe the original; nothing else counts but the limits
	Script   transform.Script
	Original picture
	Files    []named
	Limits   transform.Limits
	CPU      time.Duration // that the job may take

	// For the server alone.
	makes   media.Format // of the result; none for Inspect
	hurried bool         // CPU is what the request has left, and less than a render may take
}

// bytes are those of the pictures that come with q.
func (q request) bytes() int64 {
	n := q.Original.Size
	for _, f := range q.Files {
		n += f.Size
	}
	return int64(n)
}

// A picture is in the memory that the message's next descriptor names.
type picture struct {
	Format media.Format
	Size   int
}

type named struct {
	Name string
	picture
}

// reply is what came of a job. Its result is in the worker's own memory, which
// both sides have had since it started.
type reply struct {
	Nonce   string // of the request: what was said before it came is no answer
	Format  media.Format
	Size    int
	Info    transform.Info
	Stats   transform.Stats // what the job added
	Peak    int64           // resident memory at its largest during the job, in bytes
	Took    int64           // of that by the job itself, without the pictures that it was given; 0: unknown
	Failed  bool
	Kind    fault.Kind
	Starved bool   // there was no more memory
	Shown   string // to the client
	Detail  string // for the log
}

// The longest texts of a reply, in bytes. A worker cuts its own: a stack may be longer.
const (
	mostShown  = 4 << 10
	mostDetail = 16 << 10
	mostHash   = 64 // a BlurHash of 4 by 3 has 28, a ThumbHash 36 at most
)

// credible reports whether a renderer could say this to q: a worker may have been
// taken over by a picture.
func (r reply) credible(q request) bool {
	switch {
	case r.Nonce != q.Nonce:
		return false
	case r.Stats.Decodes < 0 || r.Stats.Encodes < 0 || r.Stats.Pixels < 0 || r.Peak < 0 || r.Took < 0:
		return false
	case r.Failed:
		return slices.Contains(failures(), r.Kind) && len(r.Shown) <= mostShown && len(r.Detail) <= mostDetail
	case r.Format != q.makes:
		return false
	case q.Inspect:
		texts := max(len(r.Info.DominantColor), len(r.Info.BlurHash), len(r.Info.ThumbHash))
		return r.Info.Format == q.Original.Format.String() && r.Info.Size == q.Original.Size && texts <= mostHash
	}
	return 0 < r.Size && r.Size <= LongestResult
}

// failures are the kinds that a render may fail with. Who may have a picture, and
// whether there is one, is not for a renderer to say; but a plan may name a second one.
func failures() []fault.Kind {
	return []fault.Kind{
		fault.Internal, fault.Invalid, fault.NotFound, fault.Unsupported, fault.Unprocessable, fault.Overloaded, fault.Timeout,
	}
}

// cut returns as much of a text as fits into so many bytes.
func cut(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "")
}

// failure is the error that a reply tells of.
func (r reply) failure() error {
	if !r.Failed {
		return nil
	}
	if r.Detail == r.Shown {
		return fault.Errorf(r.Kind, "%s", r.Shown)
	}
	return fault.Wrap(errors.New(r.Detail), r.Kind, "%s", r.Shown)
}

// send writes a message.
func send(conn *net.UnixConn, message any, fds ...int) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(data) > maxMessage || len(fds) > maxShared {
		return fault.Errorf(fault.Invalid, "the transformation is too long for a worker")
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	_, _, err = conn.WriteMsgUnix(data, rights, nil)
	return err
}

// An inbox reads messages.
type inbox struct {
	conn    *net.UnixConn
	message [maxMessage]byte
	rights  []byte
}

// newInbox reads from conn. Descriptors come with messages to a worker and not
// with those from one: there the system drops them.
func newInbox(conn *net.UnixConn, descriptors bool) *inbox {
	in := &inbox{conn: conn}
	if descriptors {
		in.rights = make([]byte, unix.CmsgSpace(4*maxShared))
	}
	return in
}

// receive reads a message and returns the descriptors that came with it, which
// the caller closes. At the end of the socket the error is io.EOF.
func (in *inbox) receive(message any) (fds []int, err error) {
	n, rights, flags, _, err := in.conn.ReadMsgUnix(in.message[:], in.rights)
	if err != nil {
		return nil, err
	}
	if fds, err = descriptors(in.rights[:rights]); err != nil {
		return nil, err
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = errors.New("worker: a message is too long")
	} else if err = json.Unmarshal(in.message[:n], message); err != nil {
		err = fmt.Errorf("worker: message: %w", err)
	}
	if err != nil {
		closeAll(fds)
		return nil, err
	}
	return fds, nil
}

func descriptors(rights []byte) ([]int, error) {
	if len(rights) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, fmt.Errorf("worker: control message: %w", err)
	}
	var all []int
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue // of another kind
		}
		all = append(all, fds...)
	}
	return all, nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// pair makes the two ends of a socket: one for this process, one to be inherited.
func pair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("worker: socketpair: %w", err)
	}
	theirs = os.NewFile(uintptr(fds[1]), "worker")
	ours, err = connOf(os.NewFile(uintptr(fds[0]), "server"))
	if err != nil {
		return nil, nil, errors.Join(err, theirs.Close())
	}
	return ours, theirs, nil
}

// connOf makes a connection of a socket's file, which it closes.
func connOf(file *os.File) (*net.UnixConn, error) {
	conn, err := net.FileConn(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("worker: socket: %w", err)
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("worker: not a Unix socket"), conn.Close())
	}
	return unixConn, nil
}
