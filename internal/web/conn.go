package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// A conn is a client's connection. It writes the headers and the body of an
// answer in one call without a copy of the body, and it moves its deadlines only
// when they come near: fasthttp sets three for each request.
type conn struct {
	net.Conn

	site     *Site // that counts it; nil: none
	peer     netip.Addr
	spare    bool      // there are too many, and this is for health checks
	deadline time.Time // of every read, if it is spare
	closed   atomic.Bool
	turn     atomic.Int32 // whose turn it is to end the connection
	linger   bool         // part of a request may be on its way still
	ended    bool         // the client sends nothing any more
	head     bool         // what was read last begins with HEAD: fasthttp forgets the method of a request it cannot read
	begun    bool         // something was read
	between  bool         // requests: what comes next is the beginning of one
	asked    []byte       // a copy of what was read last, if it is the whole head of a request

	read, write deadline
	body        body   // of the answer that is being written
	tail        []byte // goes out behind the next Write
	pair        [2][]byte
	parts       net.Buffers
}

func newConn(c net.Conn) *conn {
	n := &conn{Conn: c}
	n.body.conn = n
	return n
}

// A deadline is when a connection should give up, and when it is set to.
type deadline struct{ wanted, armed time.Time }

// want takes t as the deadline. It reports whether to set it now: what is set
// to an earlier time will find out then that there is more.
func (d *deadline) want(t time.Time) bool {
	d.wanted = t
	if !d.armed.IsZero() && !t.IsZero() && !t.Before(d.armed) {
		return false
	}
	d.armed = t
	return true
}

// early reports whether err came of a deadline that was not the one wanted, and
// should be set to that.
func (d *deadline) early(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	if !ok || !timeout.Timeout() || !d.armed.Before(d.wanted) || !time.Now().Before(d.wanted) {
		return false
	}
	d.armed = d.wanted
	return true
}

// SetReadDeadline is net.Conn's.
func (c *conn) SetReadDeadline(t time.Time) error {
	if c.spare {
		t = c.deadline
	}
	if c.read.want(t) {
		return c.Conn.SetReadDeadline(t)
	}
	return nil
}

// SetWriteDeadline is net.Conn's.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if c.write.want(t) {
		return c.Conn.SetWriteDeadline(t)
	}
	return nil
}

// SetDeadline is net.Conn's.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Read is net.Conn's. Requests that came before are answered here, and fasthttp
// does not hear of them.
func (c *conn) Read(p []byte) (int, error) {
	for {
		n, err := c.receive(p)
		whole := err == nil && (c.between || !c.begun) && c.remembers() && oneHead(p[:n])
		if whole && c.between {
			if done, err := c.site.again(c, p[:n]); err != nil {
				return 0, err
			} else if done {
				continue
			}
		}
		c.asked = c.asked[:0]
		if whole {
			c.asked = append(c.asked, p[:n]...) // fasthttp writes names of headers in its own way, where they are
		}
		c.begun, c.between = true, false
		return n, err
	}
}

// remembers reports whether requests of the connection are remembered. A spare one
// ends with its first answer, and so is never between two.
func (c *conn) remembers() bool { return c.site != nil && c.site.Repeats != nil }

// turned notes what fasthttp does with the connection.
func turned(c net.Conn, state fasthttp.ConnState) {
	if c, ok := c.(*conn); ok {
		c.between = state == fasthttp.StateIdle
	}
}

// receive reads, and again where only an earlier deadline has passed.
func (c *conn) receive(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for n == 0 && err != nil && c.read.early(err) {
		if err = c.Conn.SetReadDeadline(c.read.armed); err == nil {
			n, err = c.Conn.Read(p)
		}
	}
	c.head = bytes.HasPrefix(p[:n], []byte("HEAD "))
	c.ended = c.ended || errors.Is(err, io.EOF)
	return n, err
}

// A server that stops closes connections that seem idle to fasthttp, and may be
// answering a repeated request.
const (
	idle      int32 = iota
	answering       // a request that fasthttp knows nothing of
	dismissed       // by Close, and to end with the answer
)

// hold keeps Close from ending the connection before free is called.
func (c *conn) hold() { c.turn.Store(answering) }

// free reports whether the connection goes on, as it was not to be closed meanwhile.
func (c *conn) free() bool { return c.turn.CompareAndSwap(answering, idle) }

// lingerTime is how long a client that still sends may do so after its answer.
const lingerTime = 2 * time.Second

// Close closes the connection, and makes room for another. A connection that is
// closed while there is something to read may lose the answer on its way (RFC
// 9112, 9.6); so what comes for a while is read first, and dropped.
func (c *conn) Close() error {
	if c.turn.CompareAndSwap(answering, dismissed) {
		return nil // the last word is Read's
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.linger && !c.ended && half.CloseWrite() == nil {
		if c.Conn.SetReadDeadline(c.lastRead()) == nil {
			_, _ = io.Copy(io.Discard, struct{ io.Reader }{c.Conn})
		}
	}
	if c.site != nil && c.closed.CompareAndSwap(false, true) {
		c.site.clients.leave(c.peer)
	}
	return c.Conn.Close()
}

// lastRead is when a connection that lingers ends.
func (c *conn) lastRead() time.Time {
	end := time.Now().Add(lingerTime)
	if c.spare && c.deadline.Before(end) {
		return c.deadline
	}
	return end
}

// Write writes p and the tail. It returns len(p) if all of that was written.
func (c *conn) Write(p []byte) (int, error) {
	if c.tail == nil {
		return c.writeAll(p)
	}
	c.pair = [2][]byte{p, c.tail}
	c.parts = c.pair[:]
	_, err := c.parts.WriteTo(c.Conn) // takes from parts what it has written
	for err != nil && c.write.early(err) {
		if err = c.Conn.SetWriteDeadline(c.write.armed); err == nil {
			_, err = c.parts.WriteTo(c.Conn)
		}
	}
	c.pair, c.parts, c.tail = [2][]byte{}, nil, nil
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeAll writes p alone, which takes less than a list of one.
func (c *conn) writeAll(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	for err != nil && c.write.early(err) {
		if err = c.Conn.SetWriteDeadline(c.write.armed); err == nil {
			var more int
			more, err = c.Conn.Write(p[n:])
			n += more
		}
	}
	return n, err
}

// A body is that of an answer on its way into fasthttp's buffer, or past it.
type body struct {
	conn *conn
	data []byte
}

// WriteTo writes the body. What does not fit behind what the buffer holds, which
// is at least the headers, goes out together with that.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	out, ok := w.(*bufio.Writer)
	if !ok || len(b.data) <= out.Available() || out.Buffered() == 0 {
		n, err := w.Write(b.data)
		return int64(n), err
	}
	b.conn.tail = b.data
	if err := out.Flush(); err != nil {
		return 0, err
	}
	return int64(len(b.data)), nil
}

// Read reads what is left of the body.
func (b *body) Read(p []byte) (int, error) {
	n := copy(p, b.data)
	b.data = b.data[n:]
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Close lets go of the body.
func (b *body) Close() error {
	b.data = nil
	return nil
}
