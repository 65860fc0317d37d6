package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/internal/cache"
	"pixedge/internal/delivery"
)

// The same picture is asked for by the same program in the same bytes. Such a
// request is known by them, and needs no parsing: what is left to do is to look
// whether the answer is still the same, and to write it.

const (
	// repeatMemory is how many bytes of repeated requests are worth remembering. One
	// is two to four kilobytes, so that is some five thousand.
	repeatMemory = 16 << 20

	// maxRepeat is the longest request in bytes that is remembered. Browsers send 500
	// to 1,500.
	maxRepeat = 4 << 10

	// strangers is how many requests that were seen once are kept in mind.
	strangers = 4096
)

// Repeats remembers requests for pictures that came more than once, by every byte of
// their heads, with the headers of the answers. What may change is not remembered:
// whether a signature is still good, and the picture itself, are asked of delivery each time.
type Repeats struct {
	memo     *cache.Memo[*repeat]
	seed     maphash.Seed
	once     [strangers]atomic.Uint32 // by hash, another part of the hash
	answered atomic.Int64
}

// A repeat is what an answer has besides its body and what changes with time.
type repeat struct {
	given     delivery.Answer // without the picture, which the cache may let go of
	tag       string          // of the picture that the headers are about
	kept      *kept
	method    string
	status    int
	id        []byte // of the request, if the client says it
	forwarded bool   // the client may be another one than the peer
	head      []byte // of the answer up to the value of Date
	fixed     []byte // from there to what changes
}

// NewRepeats returns a memory that holds nothing yet.
func NewRepeats() (*Repeats, error) {
	memo, err := cache.NewMemo[*repeat](repeatMemory)
	if err != nil {
		return nil, err
	}
	return &Repeats{memo: memo, seed: maphash.MakeSeed()}, nil
}

// Close frees what is remembered.
func (r *Repeats) Close() { r.memo.Close() }

// Settle waits until what was remembered so far is found.
func (r *Repeats) Settle() { r.memo.Settle() }

// RepeatStats are counts since the start, and what is held now.
type RepeatStats struct {
	Answered int64 // requests, without a look into them
	Bytes    int64
}

// Stats returns the counts at this moment.
func (r *Repeats) Stats() RepeatStats {
	return RepeatStats{Answered: r.answered.Load(), Bytes: r.memo.Bytes()}
}

// familiar reports whether a request came before, as far as that is kept in mind:
// one that never comes again should cost next to nothing.
func (r *Repeats) familiar(request []byte) bool {
	hash := maphash.Bytes(r.seed, request)
	mark := uint32(hash >> 32)
	return r.once[hash%strangers].Swap(mark) == mark
}

// oneHead reports whether b can be the head of one request for a picture, and nothing
// else.
func oneHead(b []byte) bool {
	const end = "\r\n\r\n"
	return len(b) <= maxRepeat && bytes.HasSuffix(b, []byte(end)) && bytes.Index(b, []byte(end)) == len(b)-len(end)
}

// remember takes note of an exchange that is at its end, if the next request of the
// same bytes can be answered without a look into them.
func (s *Site) remember(x *exchange) {
	if s.Repeats == nil || x.conn == nil || len(x.conn.asked) == 0 || !s.repeatable(x) || !s.Repeats.familiar(x.conn.asked) {
		return
	}
	given, tag, forwarded := x.answer, x.answer.Picture.ETag, len(x.c.Request.Header.PeekAll("X-Forwarded-For")) > 0
	given.Picture, given.Verified = nil, 0
	if forwarded && s.Config.trusts(x.conn.peer) || s.Repeats.has(x.conn.asked, given, tag) {
		return
	}
	r := &repeat{given: given, tag: tag, kept: x.kept, method: strings.Clone(x.method), status: x.c.Response.StatusCode(), forwarded: forwarded}
	if x.theirs {
		r.id = bytes.Clone(x.id)
	}
	r.write(x)
	s.Repeats.memo.Set(x.conn.asked, r, int64(len(r.head)+len(r.fixed))+r.given.Route.Cost())
}

// has reports whether an answer is remembered already. The first request of a connection
// is read each time, and to set it again would hide it from the others for a moment.
func (r *Repeats) has(request []byte, given delivery.Answer, tag string) bool {
	known, ok := r.memo.Get(request)
	return ok && known.given == given && known.tag == tag
}

// repeatable reports whether an exchange is a plain hit, on a connection that goes on.
func (s *Site) repeatable(x *exchange) bool {
	_, lines := s.Log.Handler().(*Lines)
	request := &x.c.Request.Header
	return x.route == delivered && x.asked && x.err == nil && x.answer.Outcome == cache.Hit && !x.answer.Interim &&
		request.IsHTTP11() && !request.ConnectionClose() && !x.c.Response.ConnectionClose() &&
		x.kept.loggable() && (lines || !s.Config.AccessLog)
}

// write makes the headers, in the order in which fasthttp has them.
func (r *repeat) write(x *exchange) {
	r.head = fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nServer: %s\r\nDate: ", r.status, fasthttp.StatusMessage(r.status), serverName)
	r.fixed = append(r.fixed, "\r\n"...)
	if r.status == fasthttp.StatusOK {
		r.fixed = appendField(r.fixed, "Content-Type", x.answer.Picture.Format.MIME())
		r.fixed = appendField(r.fixed, "Content-Length", strconv.Itoa(len(x.answer.Picture.Data)))
	}
	r.fixed = slices.Concat(r.fixed, x.head[:x.fixed])
}

// again answers a request that came before, unless it may have another answer by now.
// It reports whether it did; err is that of writing.
func (s *Site) again(c *conn, request []byte) (done bool, err error) {
	r, ok := s.Repeats.memo.Get(request)
	if !ok || s.draining.Load() || r.forwarded && s.Config.trusts(c.peer) {
		return false, nil
	}
	x := s.repeated(c, r)
	if x == nil {
		return false, nil
	}
	defer s.release(x)
	c.hold()
	if err = x.sendAgain(); err == nil && !c.free() {
		err = io.EOF
	}
	return true, err
}

// repeated returns the exchange of a repeated request, all but written, or nil if it
// must go the whole way. A panic is left to happen again there, where it is answered.
func (s *Site) repeated(c *conn, r *repeat) (x *exchange) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("a repeated request panicked", "error", fmt.Sprintf("panic: %v\n%s", p, debug.Stack()))
			x = nil
		}
	}()
	began := time.Now()
	answer, err := s.Images.Again(r.given)
	if err != nil || answer.Picture == nil || answer.Picture.ETag != r.tag {
		return nil
	}
	x = s.blank()
	x.conn, x.method, x.began, x.route = c, r.method, began, delivered
	x.answer, x.kept, x.asked = answer, r.kept, true
	x.identify(r.id)
	if r.status == fasthttp.StatusOK && r.method != fasthttp.MethodHead {
		x.size = len(answer.Picture.Data)
	}
	x.head = append(x.date.append(append(x.head, r.head...), began), r.fixed...)
	x.moment(answer)
	x.head = append(append(append(x.head, "X-Request-Id: "...), x.id...), "\r\n\r\n"...)
	s.Repeats.answered.Add(1)
	s.tell(context.Background(), x, r.status)
	return x
}

// sendAgain writes the answer to the connection, and lets it live on.
func (x *exchange) sendAgain() error {
	c, cfg := x.conn, &x.site.Config
	if cfg.WriteTimeout > 0 {
		_ = c.SetWriteDeadline(x.began.Add(cfg.WriteTimeout)) // of a closed connection, as Write will say
	}
	body := x.answer.Picture.Data[:x.size]
	if len(body) <= small {
		x.head = append(x.head, body...)
	} else {
		c.tail = body
	}
	if _, err := c.Write(x.head); err != nil {
		return err
	}
	if idle := cmp.Or(cfg.IdleTimeout, cfg.ReadTimeout); idle > 0 { // as fasthttp has it
		return c.SetReadDeadline(x.began.Add(idle))
	}
	return nil
}
