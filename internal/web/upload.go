package web

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/config"
	"pixedge/internal/fault"
)

// An Upload limits the bodies of requests to APIs.
type Upload struct {
	MaxUpload     config.Size   `name:"max-upload" default:"100MiB" help:"Largest body of a request to an API."`
	UploadTimeout time.Duration `name:"upload-timeout" default:"5m" help:"Longest time to read the body of a request to an API."`
	UploadRate    config.Size   `name:"upload-min-rate" default:"1KiB" help:"Least bytes a second of the body of a request to an API, after 5 seconds; 0: none."`
}

const (
	// patience is how long a client may send nothing of a body, or less than it
	// should.
	patience = 5 * time.Second

	// drainTime is how long a client may take to send the rest of a body that
	// nobody wants.
	drainTime = 500 * time.Millisecond
)

// What may be wrong with a body. fasthttp's errors quote it and are left out.
var (
	errBody   = fault.Errorf(fault.TooLarge, "the request body is too large")
	errSlow   = fault.Errorf(fault.Invalid, "the request body did not arrive in time")
	errShort  = fault.Errorf(fault.Invalid, "the request body ended too early")
	errChunks = fault.Errorf(fault.Invalid, "the chunks of the request body cannot be read")
)

// received is called when the headers of a request are there and nothing of its
// body has been read or asked for. A body that will be refused anyway is left
// where it is: fasthttp takes the request for one without, the handler, which
// reads the headers as they were sent, refuses it, and the connection ends.
func (s *Site) received(h *fasthttp.RequestHeader) (none fasthttp.RequestConfig) {
	length := h.ContentLength()
	expects := len(h.PeekCanonical([]byte("Expect"))) > 0
	bodiless := length == 0 || length == identity
	switch {
	case bodiless && !expects:
	case bodiless:
		h.Del("Expect") // there is nothing to ask for
	case s.welcomes(h):
		if !h.IsHTTP11() {
			h.Del("Expect") // RFC 9110, 10.1.1
		}
	case expects, length > maxBody:
		h.SetContentLength(0)
		h.Del("Expect")
		h.SetConnectionClose()
	}
	return none
}

// identity is fasthttp's length of a body that the headers do not announce, which
// is to say, in a request, of none.
const identity = -2

// welcomes reports whether an endpoint takes the body that the headers announce.
func (s *Site) welcomes(h *fasthttp.RequestHeader) bool {
	if len(s.APIs) == 0 {
		return false
	}
	_, path, _ := splitTarget(h.RequestURI())
	found := s.match(path)
	e := found.endpoint(h.Method())
	f := inspect(h.RawHeaders())
	return e != nil && e.takesBody(h.Method()) && f.ends(h.IsHTTP11()) && f.length <= int64(s.Config.MaxUpload)
}

// takeBody prepares the body of a request to an API to be read, or to be dropped.
func (x *exchange) takeBody(f framing) {
	if !f.hasBody() {
		return
	}
	limits := &x.site.Config.Upload
	x.upload = &upload{
		stream: x.c.RequestBodyStream(),
		conn:   x.c.Conn(),
		length: f.length,
		most:   int64(limits.MaxUpload),
		rate:   float64(limits.UploadRate),
		left:   patience,
		end:    time.Now().Add(limits.UploadTimeout),
	}
	if f.length > 0 && x.c.Request.Header.ContentLength() == 0 { // received has refused it
		x.upload.err = errBody
	}
}

// fits refuses a body that the endpoint does not take.
func (x *exchange) fits(e *Endpoint) error {
	u := x.upload
	switch {
	case u == nil:
		return nil
	case !e.takesBody(x.c.Method()):
		return fault.Errorf(fault.Invalid, "the request has a body")
	case u.length > u.most:
		return errBody
	case len(x.c.Request.Header.ContentEncoding()) > 0:
		return fault.Errorf(fault.Unsupported, "the request body is encoded; it must be sent as it is")
	}
	return nil
}

// settle sees to it that no byte of a body is taken for the next request: it
// reads what is left, if that is little, or has the connection end with the answer.
func (x *exchange) settle() {
	if x.c.RequestBodyStream() == nil && x.upload == nil {
		return
	}
	if u := x.upload; u != nil && !u.drain() || u == nil && x.c.Request.Header.ContentLength() != 0 {
		x.hangUp(true)
	}
}

// hangUp has the connection end with the answer, and waits for the client to read
// it if it may still be sending.
func (x *exchange) hangUp(sending bool) {
	x.c.SetConnectionClose()
	if c, ok := x.c.Conn().(*conn); ok {
		c.linger = c.linger || sending
	}
}

// An upload is the body of a request while it is read.
type upload struct {
	stream io.Reader
	conn   net.Conn
	length int64 // as announced in bytes; -1: in chunks
	most   int64 // bytes
	read   int64 // bytes so far

	rate float64       // in bytes a second; 0: none
	left time.Duration // what a Read may take now, if there is a rate
	end  time.Time

	err error // of every Read from now on; io.EOF once all of it is read
}

// Read reads from the body. Only the time that it takes itself counts towards the
// rate: a client may have to wait for us.
func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil || len(p) == 0 {
		return 0, u.err
	}
	began := time.Now()
	deadline := u.end
	if soon := began.Add(u.left); u.rate > 0 && soon.Before(deadline) {
		deadline = soon
	}
	if err := u.conn.SetReadDeadline(deadline); err != nil {
		u.err = errShort
		return 0, u.err
	}
	n, err := u.stream.Read(p)
	u.read += int64(n)
	if u.rate > 0 {
		earned := time.Duration(float64(n) / u.rate * float64(time.Second))
		u.left = min(patience, u.left-time.Since(began)+earned)
	}
	if u.read > u.most {
		u.err = errBody
	} else if err != nil {
		u.err = u.judge(err, deadline)
	}
	return n, u.err
}

// judge returns what an error in reading means. fasthttp takes the end of the
// connection for that of the body: of one with a length, and of one in chunks if
// it comes between two of them.
func (u *upload) judge(err error, deadline time.Time) error {
	end, ended := errors.Is(err, io.EOF), false
	if c, ok := u.conn.(*conn); ok {
		ended = c.ended
	}
	_, broken := errors.AsType[*net.OpError](err)
	switch {
	case end && u.read == u.length, end && u.length < 0 && !ended:
		return io.EOF
	case ended:
		return errShort
	case !time.Now().Before(deadline):
		return errSlow
	case broken, end:
		return errShort
	}
	return errChunks
}

// drain reads the rest of the body if it is at most maxBody bytes and comes soon,
// and reports whether all of it has been read.
func (u *upload) drain() bool {
	if u.err == nil && u.length-u.read <= maxBody {
		u.end = time.Now().Add(drainTime)
		_, _ = io.CopyN(io.Discard, u, maxBody+1)
	}
	return errors.Is(u.err, io.EOF)
}
