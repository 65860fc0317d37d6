package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/web"
)

// remembering returns newSite with a memory for repeated requests.
func remembering(t *testing.T, log io.Writer) *web.Site {
	t.Helper()
	s := newSite(t, log)
	s.Log = slog.New(web.NewLines(log, nil))
	var err error
	if s.Repeats, err = web.NewRepeats(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Repeats.Close)
	return s
}

// learn sends a request until it is remembered, and returns the first answer that
// was a hit and the first that was remembered.
func learn(t *testing.T, s *web.Site, w *wire, request string) (read, remembered string) {
	t.Helper()
	w.exchange(request)
	read = w.exchange(request)
	w.exchange(request)
	s.Repeats.Settle()
	before := s.Repeats.Stats().Answered
	remembered = w.exchange(request)
	if got := s.Repeats.Stats().Answered; got != before+1 {
		t.Fatalf("%.60q: %d repeated requests, want %d", request, got, before+1)
	}
	return read, remembered
}

// exchange sends a request and returns the answer as it came.
func (w *wire) exchange(request string) string {
	w.t.Helper()
	w.send(request)
	var got bytes.Buffer
	in := w.in
	w.in = bufio.NewReader(io.TeeReader(in, &got))
	method, _, _ := strings.Cut(request, " ")
	w.read(method)
	w.in = in
	return got.String()
}

// steady is an answer without what differs each time.
func steady(answer string) string {
	return regexp.MustCompile(`(?m)^(Date|Server-Timing|X-Request-Id): .*$|max-age=[0-9]{1,4}\b`).ReplaceAllString(answer, "$1")
}

func get(uri string, headers ...string) string {
	return "GET " + uri + " HTTP/1.1\r\n" + strings.Join(append([]string{"Host: cdn.example.com"}, append(headers, "\r\n")...), "\r\n")
}

// TestRepeats sends requests until they are remembered: the answers are those of
// fasthttp and the whole way, byte for byte.
func TestRepeats(t *testing.T) {
	var log logbook
	s := remembering(t, &log)
	w := dialerTCP(t, s)()
	signed := sign(t, s, "/v2/vault/t.flip()/a.jpg", 3600)
	tag := w.get("/v2/demo/original/large.jpg").header.Get("ETag")
	for _, request := range []string{
		get("/v2/demo/t.flip()/a.jpg"),
		get("/v2/demo/original/large.jpg"),
		get("/v2/demo/original/large.jpg?f_auto=true&v=3", "Accept: image/avif,image/webp,*/*", "User-Agent: test"),
		get("/v2/demo/original/a.svg"),
		get("/v2/demo/original/b%20c.jpg?download=true"),
		get("/v2/demo/original/large.jpg", "If-None-Match: "+tag),
		get("/v2/shop/original/a.jpg", "Origin: https://shop.example"),
		get("/v2/shop/original/a.jpg", "Origin: https://elsewhere.example"),
		get("/v2/demo/original/a.jpg", "X-Request-Id: mine-1"),
		get("/v2/demo/original/a.jpg", "X-Forwarded-For: 203.0.113.9"),
		"GET /v2/demo/original/a.jpg HTTP/1.1\r\nhost: cdn.example.com\r\nsec-ch-ua-mobile: ?0\r\nACCEPT: */*\r\n\r\n",
		get(signed),
		strings.Replace(get("/v2/demo/original/large.jpg"), "GET", "HEAD", 1),
		strings.Replace(get(signed, "If-None-Match: *"), "GET", "HEAD", 1),
	} {
		read, remembered := learn(t, s, w, request)
		if got, want := steady(remembered), steady(read); got != want {
			t.Errorf("%.80q: a remembered answer is\n%.900q, want\n%.900q", request, got, want)
		}
		if strings.Contains(request, "mine-1") != strings.Contains(remembered, "X-Request-Id: mine-1\r\n") {
			t.Errorf("%.80q: the id of the request is another one in %.900q", request, remembered)
		}
	}
}

// TestRepeatLogged reads the lines about a request that was read, and one that was
// remembered.
func TestRepeatLogged(t *testing.T) {
	var log logbook
	s := remembering(t, &log)
	learn(t, s, dialerTCP(t, s)(), get("/v2/demo/t.flip()/a.jpg?v=1"))
	lines := log.lines(t, 4)
	for _, line := range lines {
		for _, name := range []string{"time", "elapsed_ms", "request_id"} {
			if line[name] == "" {
				t.Errorf("no %s in %v", name, line)
			}
			delete(line, name)
		}
	}
	if read, remembered := fmt.Sprint(lines[1]), fmt.Sprint(lines[3]); read != remembered {
		t.Errorf("the log says %s, want %s", remembered, read)
	}
}

// TestRepeatEnds takes away what a remembered request asked for, in every way there
// is.
func TestRepeatEnds(t *testing.T) {
	tests := []struct {
		name  string
		state int32 // of the fickle parts
		want  int
	}{
		{"signature expires", expired, 401},
		{"purged", deleted, 404},
		{"no more in the cache", forgotten, 200},
		{"another picture", replaced, 200},
		{"a panic", panicking, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := remembering(t, io.Discard)
			service := s.Images.(*delivery.Service)
			parts := &fickle{Imager: service}
			s.Images = parts
			cloud, err := service.Clouds.Named("demo")
			if err != nil {
				t.Fatal(err)
			}
			cloud.Zones[""] = delivery.Zone{Fetcher: fickleSource{cloud.Zones[""].Fetcher, parts}, Mutable: true}
			request := get("/v2/demo/t.flip()/a.jpg")
			if tt.state == expired {
				request = get(sign(t, &web.Site{Images: service}, "/v2/vault/t.flip()/a.jpg", 2))
			}
			w := dialerTCP(t, s)()
			learn(t, s, w, request)
			parts.state.Store(tt.state)
			switch tt.state {
			case deleted:
				service.Purge("demo", "a.jpg")
			case expired:
				time.Sleep(3100 * time.Millisecond)
			}
			before := s.Repeats.Stats().Answered
			w.send(request)
			w.read("GET").has(t, tt.want)
			if got := s.Repeats.Stats().Answered; got != before {
				t.Errorf("%d repeated requests, want %d", got, before)
			}
		})
	}
}

// The states of what is fickle.
const (
	expired int32 = 1 + iota
	deleted
	forgotten
	replaced
	panicking
)

// A fickle Imager is another one when it is asked again.
type fickle struct {
	web.Imager

	state atomic.Int32
}

func (f *fickle) Again(given delivery.Answer) (delivery.Answer, error) {
	answer, err := f.Imager.Again(given)
	switch f.state.Load() {
	case forgotten:
		answer.Picture = nil
	case replaced:
		answer.Picture = &delivery.Picture{Image: media.Image{Data: []byte("another"), ETag: `"another"`}}
	case panicking:
		panic("asked again")
	}
	return answer, err
}

type fickleSource struct {
	delivery.Fetcher

	parts *fickle
}

func (f fickleSource) Fetch(ctx context.Context, name string) (origin.Original, error) {
	if f.parts.state.Load() == deleted {
		return origin.Original{}, fault.Errorf(fault.NotFound, "no such picture")
	}
	return f.Fetcher.Fetch(ctx, name)
}

// TestRepeatFraming splits, joins and lengthens a remembered request in every way:
// what is answered is what was asked, in order.
func TestRepeatFraming(t *testing.T) {
	s := remembering(t, io.Discard)
	connect := dialerTCP(t, s)
	known := get("/v2/demo/t.flip()/a.jpg")
	other := get("/v2/demo/original/a.jpg", "X-Request-Id: other")
	learn(t, s, connect(), known)
	flipped := "t.flip() of " + jpeg

	t.Run("in two pieces", func(t *testing.T) {
		w := connect()
		w.t = t
		w.exchange(known)
		for cut := 1; cut < len(known); cut += 7 {
			w.send(known[:cut])
			time.Sleep(2 * time.Millisecond)
			w.send(known[cut:])
			if r := w.read("GET"); r.status != 200 || r.body != flipped {
				t.Fatalf("cut at %d: %d %q", cut, r.status, r.body)
			}
		}
	})
	t.Run("behind one another", func(t *testing.T) {
		w := connect()
		w.t = t
		w.exchange(known)
		for cut := 1; cut < len(known); cut += 7 {
			w.send(known + other + known[:cut])
			time.Sleep(2 * time.Millisecond)
			w.send(known[cut:] + known)
			for i, want := range []string{flipped, jpeg, flipped, flipped} {
				if r := w.read("GET"); r.status != 200 || r.body != want {
					t.Fatalf("cut at %d, answer %d: %d %q", cut, i, r.status, r.body)
				}
			}
		}
	})
	t.Run("as a body", func(t *testing.T) {
		w := connect()
		w.t = t
		w.exchange(known)
		w.send(fmt.Sprintf("GET /v2/demo/original/a.jpg HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(known)))
		time.Sleep(20 * time.Millisecond)
		w.send(known)
		w.read("GET").has(t, 400, "Connection: close")
		w.isClosed()
	})
}

// TestRepeatForwarded asks through a trusted proxy. Who the client is, is in the
// request, and such a request is read each time; one that names none is the proxy's own.
func TestRepeatForwarded(t *testing.T) {
	tests := []struct {
		name     string
		headers  []string
		client   string
		answered int64 // of five requests, without a look into them
	}{
		{"forwarded", []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9", 0},
		{"forwarded, in the second header", []string{"X-Forwarded-For: ", "X-Forwarded-For: 203.0.113.9"}, "203.0.113.9", 0},
		{"the proxy's own", nil, "127.0.0.1", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log logbook
			s := remembering(t, &log)
			s.Config.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			w := dialerTCP(t, s)()
			for range 5 {
				w.exchange(get("/v2/demo/t.flip()/a.jpg", tt.headers...))
				s.Repeats.Settle()
			}
			for _, line := range log.lines(t, 5) {
				if line["msg"] != "request" || line["client"] != tt.client {
					t.Errorf("the log says %v, want the client %s", line, tt.client)
				}
			}
			if got := s.Repeats.Stats(); got.Answered != tt.answered || got.Bytes > 0 != (tt.answered > 0) {
				t.Errorf("%d repeated requests and %d bytes are remembered, want %d", got.Answered, got.Bytes, tt.answered)
			}
		})
	}
}

// TestRepeatsOnce asks with a new header each time: nothing is remembered of what
// never comes again.
func TestRepeatsOnce(t *testing.T) {
	s := remembering(t, io.Discard)
	w := dialerTCP(t, s)()
	for i := range 200 {
		w.exchange(get("/v2/demo/t.flip()/a.jpg", fmt.Sprintf("X-Trace: %d", i)))
	}
	s.Repeats.Settle()
	if n := s.Repeats.Stats().Bytes; n > 0 {
		t.Errorf("%d bytes are remembered, want none", n)
	}
}

// TestRepeatNewConnections asks again on connections of their own, whose first request is
// read. What is remembered stays as it is, and is never out of sight for others.
func TestRepeatNewConnections(t *testing.T) {
	s := remembering(t, io.Discard)
	connect := dialerTCP(t, s)
	request := get("/v2/demo/t.flip()/a.jpg")
	w := connect()
	learn(t, s, w, request)
	before := s.Repeats.Stats().Answered
	done := make(chan struct{})
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() { onNewConnections(t, w.conn.RemoteAddr().String(), request, done) })
	}
	const requests = 1000
	for range requests {
		w.exchange(request)
	}
	close(done)
	others.Wait()
	if got := s.Repeats.Stats().Answered - before; got != requests {
		t.Errorf("%d repeated requests, want %d", got, requests)
	}
}

// onNewConnections sends a request on one connection after another until done is closed.
func onNewConnections(t *testing.T, addr, request string, done <-chan struct{}) {
	t.Helper()
	for {
		select {
		case <-done:
			return
		default:
		}
		conn, err := net.DialTimeout("tcp", addr, patience)
		if err != nil {
			t.Error(err)
			return
		}
		deadlineErr := conn.SetDeadline(time.Now().Add(patience))
		_, writeErr := io.WriteString(conn, request)
		_, readErr := bufio.NewReader(conn).ReadString('\n')
		if err := errors.Join(deadlineErr, writeErr, readErr, conn.Close()); err != nil {
			t.Error(err)
			return
		}
	}
}

// TestRepeatStop stops a server again and again in the middle of repeated requests:
// every answer is whole.
func TestRepeatStop(t *testing.T) {
	s := remembering(t, io.Discard)
	request := get("/v2/demo/original/large.jpg")
	learn(t, s, dialerTCP(t, s)(), request)
	for range 5 {
		srv, addr, served := launch(t, s)
		var clients sync.WaitGroup
		before := s.Repeats.Stats().Answered
		for range 4 {
			clients.Go(func() { untilClosed(t, addr, request) })
		}
		eventually(func() bool { return s.Repeats.Stats().Answered > before+50 })
		if err := errors.Join(srv.ShutdownWithContext(t.Context()), <-served); err != nil {
			t.Error(err)
		}
		clients.Wait()
	}
}

// untilClosed sends a request and reads the answer until the connection is closed,
// which must be between two answers.
func untilClosed(t *testing.T, addr, request string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	in := bufio.NewReader(conn)
	for {
		if _, err := io.WriteString(conn, request); err != nil {
			return
		}
		if _, err := in.Peek(1); err != nil {
			return
		}
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Errorf("an answer breaks off: %v", err)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != large() {
			t.Errorf("an answer of %d bytes breaks off: %v", len(body), err)
		}
		if err != nil || r.Close {
			return
		}
	}
}
