package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/media"
	"pixedge/internal/transform"
	"pixedge/internal/web"
)

// holds waits until there are so many connections.
func holds(t *testing.T, s *web.Site, n int) {
	t.Helper()
	if !eventually(func() bool { return s.Clients().Connections == n }) {
		t.Fatalf("%d connections, want %d", s.Clients().Connections, n)
	}
}

// TestTooManyConnections fills the server with clients that say nothing.
func TestTooManyConnections(t *testing.T) {
	s := newSite(t, io.Discard)
	s.Config.Max = 10
	s.Config.ReadTimeout, s.Config.IdleTimeout = time.Minute, time.Minute
	connect := dialerTCP(t, s)
	var idle []*wire
	for range 10 {
		w := connect()
		w.get("/health").has(t, 200, "Connection: -")
		idle = append(idle, w)
	}
	for range 3 { // health checks are answered, the rest is not
		w := connect()
		w.get("/health").has(t, 200, "Connection: close")
		w.isClosed()
		w = connect()
		r := w.get("/v2/demo/original/a.jpg")
		r.isError(t, 503, "too many connections")
		r.has(t, 503, "Connection: close", "Retry-After: 1")
	}
	idle[0].get("/v2/demo/original/a.jpg").has(t, 200) // those within the limit go on
	holds(t, s, 10)
	// Beyond that they are closed. On a slow machine the first of those that say
	// nothing may have had to go when the last one comes.
	for tries := 0; s.Clients().Refused == 0 && tries < 50; tries++ {
		for range 17 {
			idle = append(idle, connect())
		}
		time.Sleep(10 * time.Millisecond)
		if n := s.Clients().Connections; n > 26 {
			t.Fatalf("%d connections, want at most 26", n)
		}
	}
	if s.Clients().Refused == 0 {
		t.Error("no connection is refused")
	}
	holds(t, s, 10) // those that said nothing have had their time
	for _, w := range idle {
		w.conn.Close()
	}
	holds(t, s, 0)
	connect().get("/v2/demo/original/a.jpg").has(t, 200, "Connection: -")
}

// isGone fails the test unless the server has closed the connection without an
// answer.
func (w *wire) isGone() {
	w.t.Helper()
	if text, err := io.ReadAll(w.in); len(text) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		w.t.Errorf("%q, %v; want the end of the connection", text, err)
	}
}

func TestConnectionsOfOneClient(t *testing.T) {
	s := newSite(t, io.Discard)
	s.Config.PerClient = 3
	ln := listen(t)
	serve(t, s, ln)
	from := func(address string) *wire {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		conn, err := d.DialContext(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return newWire(t, conn)
	}
	var first *wire
	for range 3 {
		first = from("127.0.0.1")
		first.get("/health").has(t, 200)
	}
	from("127.0.0.1").isGone()
	from("127.0.0.2").get("/health").has(t, 200)
	first.conn.Close()
	holds(t, s, 3)
	from("127.0.0.1").get("/health").has(t, 200)
}

// TestTrustedProxies: they speak for many clients, and only they say who those
// are.
func TestTrustedProxies(t *testing.T) {
	for _, tt := range []struct {
		trusted, want string
		headers       []string
	}{
		{"", "127.0.0.1", []string{"X-Forwarded-For: 203.0.113.1"}},
		{"10.0.0.0/8", "127.0.0.1", []string{"X-Forwarded-For: 203.0.113.1"}},
		{"127.0.0.0/8", "127.0.0.1", nil},
		{"127.0.0.0/8", "203.0.113.1", []string{"X-Forwarded-For: 203.0.113.1"}},
		{"127.0.0.0/8", "203.0.113.2", []string{"X-Forwarded-For: 203.0.113.1, 203.0.113.2"}},
		{"127.0.0.0/8", "203.0.113.1", []string{"X-Forwarded-For: 198.51.100.1,203.0.113.1 , 127.0.0.9"}},
		{"127.0.0.0/8", "203.0.113.3", []string{"X-Forwarded-For: 203.0.113.1", "X-Forwarded-For: 203.0.113.3"}},
		{"127.0.0.0/8", "203.0.113.1", []string{"X-Forwarded-For: 203.0.113.1", "X-Forwarded-For: 127.0.0.3"}},
		{"127.0.0.0/8", "203.0.113.1", []string{"X-Forwarded-For: 203.0.113.1:4711"}},
		{"127.0.0.0/8", "2001:db8::1", []string{"X-Forwarded-For: [2001:db8::1]:4711"}},
		{"127.0.0.0/8", "2001:db8::1", []string{"X-Forwarded-For: 2001:db8::1"}},
		{"127.0.0.0/8", "2001:db8::1", []string{"X-Forwarded-For: [2001:db8::1]"}},
		{"127.0.0.0/8", "203.0.113.1", []string{"X-Forwarded-For: ::ffff:203.0.113.1"}},
		{"127.0.0.0/8", "127.0.0.1", []string{"X-Forwarded-For: unknown"}},
		{"127.0.0.0/8", "127.0.0.9", []string{`X-Forwarded-For: 203.0.113.1, "},x, 127.0.0.9`}},
		{"127.0.0.0/8", "127.0.0.1", []string{"X-Forwarded-For: "}},
	} {
		var log logbook
		s := newSite(t, &log)
		s.Config.PerClient = 1
		if tt.trusted != "" {
			s.Config.Trusted = []netip.Prefix{netip.MustParsePrefix(tt.trusted)}
		}
		dialerTCP(t, s)().get("/health", tt.headers...).has(t, 200)
		if line := log.lines(t, 1)[0]; line["client"] != tt.want {
			t.Errorf("%s trusted, %q: the client is %v, want %s", tt.trusted, tt.headers, line["client"], tt.want)
		}
	}
	s := newSite(t, io.Discard)
	s.Config.PerClient, s.Config.Trusted = 1, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	connect := dialerTCP(t, s)
	for range 5 {
		connect().get("/health").has(t, 200)
	}
}

// An exhausted listener has no file descriptor for a while.
type exhausted struct {
	net.Listener

	errs []error
	asks atomic.Int64
}

func (l *exhausted) Accept() (net.Conn, error) {
	if n := l.asks.Add(1); int(n) <= len(l.errs) {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", l.errs[n-1])}
	}
	return l.Listener.Accept()
}

// TestNoDescriptors goes on once there are some again, and does not ask without
// a pause.
func TestNoDescriptors(t *testing.T) {
	ln := &exhausted{Listener: listen(t), errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOMEM, syscall.EMFILE}}
	serve(t, newSite(t, io.Discard), ln)
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	newWire(t, conn).get("/health").has(t, 200)
	if got := ln.asks.Load(); got < 7 || got > 8 {
		t.Errorf("Accept was called %d times, want each error once", got)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// A studio renders when it is told to, and knows who waits for that.
type studio struct {
	renderer
	web.Imager

	waiting         atomic.Int64
	started, finish chan struct{}
	ended           chan error // of each render's context; nil if it was finished
}

func (s *studio) Render(ctx context.Context, _ transform.Job) (media.Image, error) {
	s.started <- struct{}{}
	select {
	case <-s.finish:
		s.ended <- nil
		return media.Image{Data: []byte(jpeg), Format: media.JPEG}, nil
	case <-ctx.Done():
		s.ended <- ctx.Err()
		return media.Image{}, ctx.Err()
	}
}

func (s *studio) Image(ctx context.Context, r delivery.Request) (delivery.Answer, error) {
	r.Client = visitor{r.Client, s}
	return s.Imager.Image(ctx, r)
}

// A visitor is a client of a studio.
type visitor struct {
	delivery.Client

	of *studio
}

func (v visitor) Stay(ctx context.Context) (context.Context, func()) {
	ctx, stop := v.Client.Stay(ctx)
	return bench{ctx, v.of}, stop
}

// A bench is the context of a visitor. The end of it is asked for by who waits.
type bench struct {
	context.Context

	of *studio
}

func (b bench) Done() <-chan struct{} {
	b.of.waiting.Add(1)
	return b.Context.Done()
}

// awaited waits until so many have waited for a picture.
func (s *studio) awaited(t *testing.T, n int64) {
	t.Helper()
	if !eventually(func() bool { return s.waiting.Load() >= n }) {
		t.Fatalf("%d wait, want %d", s.waiting.Load(), n)
	}
}

func newStudio(t *testing.T, log io.Writer) (*studio, func() *wire) {
	t.Helper()
	s := newSite(t, log)
	studio := &studio{Imager: s.Images, started: make(chan struct{}, 10), finish: make(chan struct{}), ended: make(chan error, 10)}
	s.Images.(*delivery.Service).Renderer, s.Images = studio, studio
	return studio, dialerTCP(t, s)
}

const flipped = "GET /v2/demo/t.flip()/a.jpg HTTP/1.1\r\nHost: x\r\n\r\n"

// TestClientLeaves ends the render that nobody waits for any more.
func TestClientLeaves(t *testing.T) {
	var log logbook
	studio, connect := newStudio(t, &log)
	for range 2 {
		w := connect()
		w.send(flipped)
		<-studio.started
		w.conn.Close()
		if err := <-studio.ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the render ended with %v, want it canceled", err)
		}
	}
	for _, line := range log.lines(t, 2) {
		if line["status"] != 499.0 || line["error"] != "the client has left" || line["path"] != "/v2/demo/t.flip()/a.jpg" {
			t.Errorf("line %v, want a client that left", line)
		}
	}
}

// TestLeaderLeaves: who came second gets the picture that was made for both, and
// who has sent the next request already is there.
func TestLeaderLeaves(t *testing.T) {
	var log logbook
	studio, connect := newStudio(t, &log)
	first, second := connect(), connect()
	first.send(flipped)
	<-studio.started
	second.send(flipped + flipped)
	studio.awaited(t, 2)
	first.conn.Close()
	log.lines(t, 1) // of the first, which has left
	close(studio.finish)
	for range 2 {
		second.read("GET").has(t, 200)
	}
	if err := <-studio.ended; err != nil {
		t.Errorf("the render was ended: %v", err)
	}
	if len(studio.started) > 0 {
		t.Error("the picture was made twice")
	}
}

// TestStampede has many clients wait for one picture and most of them leave.
func TestStampede(t *testing.T) {
	var log logbook
	studio, connect := newStudio(t, &log)
	var stay, leave []*wire
	for i := range 100 {
		w := connect()
		w.send(flipped)
		if i%10 == 9 {
			stay = append(stay, w)
		} else {
			leave = append(leave, w)
		}
	}
	studio.awaited(t, 100)
	for _, w := range leave {
		w.conn.Close()
	}
	log.lines(t, len(leave))
	close(studio.finish)
	var wg sync.WaitGroup
	for _, w := range stay {
		wg.Go(func() {
			if text, err := w.in.ReadString('\n'); err != nil || text != "HTTP/1.1 200 OK\r\n" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	wg.Wait()
	if n := len(studio.started); n != 1 {
		t.Errorf("%d renders, want one", n)
	}
}

// TestPanicCostsOneRequest has a stage panic while others are served.
func TestPanicCostsOneRequest(t *testing.T) {
	s := siteOf(images{func() (delivery.Answer, error) { panic(fmt.Sprint("boom ", inside)) }}, io.Discard)
	connect := dialerTCP(t, s)
	other := connect()
	other.get("/health").has(t, 200)
	w := connect()
	for range 2 { // even the connection goes on
		w.get("/v2/demo/original/a.jpg").isError(t, 500, "internal error")
	}
	other.get("/health").has(t, 200)
}
