package origin_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// An ending is what a server does after it has sent what it sends.
type ending int

const (
	hangUp  ending = iota
	reset          // RST instead of FIN
	stop           // nothing more comes, and the connection stays for flawLasts
	trickle        // a byte every few milliseconds, for as long
)

// A flaw is an answer that is not as it should be, and what is to come of it.
type flaw struct {
	name   string
	answer string
	ending ending
	kind   fault.Kind // Internal: the picture comes
	asked  int32      // how often; 0: as often as may be
}

// mostAsked is how often one fetch may ask a host for one picture.
const mostAsked = 3

const (
	flawBytes = 4 << 10     // the limit on originals
	flawTime  = time.Second // the request must be there by then
	flawLasts = time.Minute // what nobody cuts short
)

// flaws makes answers of statuses, framings and bodies, and cuts a sound one at
// many places in every way.
func flaws() []flaw {
	return append(append(append(flawsOfStatus(), flawsOfFraming()...), flawsOfEnding()...), flawsOfHeader()...)
}

func flawsOfStatus() []flaw {
	var list []flaw
	for _, status := range []int{
		201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410, 414, 418,
		425, 429, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599, 600, 999,
	} {
		for name, body := range map[string]string{"picture": picture, "page": "<html>"} {
			f := flaw{name: fmt.Sprintf("%d with a %s", status, name), kind: fault.Upstream, asked: 1}
			f.answer = fmt.Sprintf("HTTP/1.1 %d Word\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
			switch status {
			case 404, 410:
				f.kind = fault.NotFound
			case 429, 502, 503, 504:
				f.asked = mostAsked
			}
			list = append(list, f)
		}
	}
	return list
}

func flawsOfFraming() []flaw {
	long := picture + strings.Repeat("x", flawBytes-len(picture))
	bodies := []struct {
		name, text string
		kind       fault.Kind
	}{
		{"picture", picture, fault.Internal},
		{"largest picture", long, fault.Internal},
		{"a byte too many", long + "x", fault.TooLarge},
		{"far too many bytes", strings.Repeat(long, 100), fault.TooLarge},
		{"page", "<html>", fault.Unsupported},
		{"nothing", "", fault.Unsupported},
	}
	const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
	var list []flaw
	for _, b := range bodies {
		length := func(n int) string { return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, n, b.text) }
		chunk := fmt.Sprintf("%x\r\n%s\r\n", len(b.text), b.text)
		if b.text == "" {
			chunk = ""
		}
		chunked := head + "Transfer-Encoding: chunked\r\n\r\n"
		add := func(name, answer string, kind fault.Kind, asked int32) {
			list = append(list, flaw{b.name + ", " + name, answer, hangUp, kind, asked})
		}
		add("announced", length(len(b.text)), b.kind, 1)
		add("until the end", head+"\r\n"+b.text, b.kind, 1)
		add("in chunks", chunked+chunk+"0\r\n\r\n", b.kind, 1)
		if b.kind != fault.TooLarge {
			if len(b.text) < flawBytes {
				add("short by one", length(len(b.text)+1), fault.Upstream, mostAsked)
			}
			add("chunks without an end", chunked+chunk, fault.Upstream, mostAsked)
			add("chunks that are no numbers", chunked+chunk+"zz\r\n", fault.Upstream, 1)
			add("chunk of a negative size", chunked+chunk+"-1\r\n", fault.Upstream, 1)
			add("chunk larger than numbers are", chunked+chunk+"fffffffffffffffffff\r\n", fault.Upstream, 1)
			add("two encodings of transfer", head+"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk+"0\r\n\r\n", fault.Upstream, 1)
			add("unknown encoding of transfer", head+"Transfer-Encoding: gzip, chunked\r\n\r\n"+chunk+"0\r\n\r\n", fault.Upstream, 1)
			add("gzip that is none", head+"Content-Encoding: gzip\r\n\r\n"+b.text, fault.Upstream, 1)
			add("brotli", head+"Content-Encoding: br\r\n\r\n"+b.text, fault.Upstream, 1)
		}
		add("announced as a terabyte", length(1<<40), fault.TooLarge, 1)
		add("of a negative length", length(-1), fault.Upstream, 1)
		add("of a length in letters", head+"Content-Length: ten\r\n\r\n"+b.text, fault.Upstream, 1)
		add("of two lengths", head+"Content-Length: 3\r\nContent-Length: 4\r\n\r\n"+b.text, fault.Upstream, 1)
	}
	return list
}

// flawsOfEnding cuts answers short, at any place and in every way. None of them
// has come whole, so none may be taken for a picture.
func flawsOfEnding() []flaw {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
	var list []flaw
	for name, whole := range map[string]string{
		"announced": fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(picture), picture),
		"in chunks": fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(picture), picture),
	} {
		for at := 0; at < len(whole)-5; at += 6 {
			name := fmt.Sprintf("%s, cut after %d of %d bytes", name, at, len(whole))
			// To net/http, half a line of a header is a wrong line.
			var asked int32
			if at == 0 || at > strings.Index(whole, "\r\n\r\n")+4 {
				asked = mostAsked
			}
			list = append(list,
				flaw{name + " by its end", whole[:at], hangUp, fault.Upstream, asked},
				flaw{name + " by a reset", whole[:at], reset, fault.Upstream, asked},
				flaw{name + " by silence", whole[:at], stop, fault.Timeout, 1})
		}
	}
	return append(list,
		flaw{"headers that trickle", head, trickle, fault.Timeout, 1},
		flaw{"body that trickles", head + "\r\n" + picture, trickle, fault.Timeout, 1})
}

func flawsOfHeader() []flaw {
	const ok, interim = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
	body := "Connection: close\r\n\r\n" + picture
	return []flaw{
		{"status of two digits", "HTTP/1.1 20 OK\r\n" + body, hangUp, fault.Upstream, 1},
		{"status of zeros", "HTTP/1.1 000 OK\r\n" + body, hangUp, fault.Upstream, 1},
		{"status in letters", "HTTP/1.1 OK\r\n" + body, hangUp, fault.Upstream, 1},
		{"HTTP/0.9", picture, hangUp, fault.Upstream, 1},
		{"HTTP/9", "HTTP/9.9 200 OK\r\n" + body, hangUp, fault.Internal, 1},
		{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", hangUp, fault.Upstream, 1},
		{"noise", strings.Repeat("\x00\xff\n", 1000), hangUp, fault.Upstream, 1},
		{"a line without a colon", ok + "Content-Type\r\n" + body, hangUp, fault.Upstream, 1},
		{"a NUL in a header", ok + "X: a\x00b\r\n" + body, hangUp, fault.Upstream, 1},
		{"a hundred lines", ok + strings.Repeat("X: 1\r\n", 99) + body, hangUp, fault.Internal, 1},
		{"too many lines", ok + strings.Repeat("X: 1\r\n", 101) + body, hangUp, fault.Upstream, 1},
		{"a line of a megabyte", ok + "X: " + strings.Repeat("x", 1<<20) + "\r\n" + body, hangUp, fault.Upstream, 1},
		{"five interim answers", strings.Repeat(interim, 5) + ok + body, hangUp, fault.Internal, 1},
		{"six interim answers", strings.Repeat(interim, 6) + ok + body, hangUp, fault.Upstream, 1},
		{"switching protocols", "HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + picture, hangUp, fault.Upstream, 1},
		{"redirect to nowhere", "HTTP/1.1 302 Found\r\nConnection: close\r\n\r\n", hangUp, fault.Upstream, 1},
		{"redirect to a file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nConnection: close\r\n\r\n", hangUp, fault.Upstream, 1},
		{"redirect to the metadata of a cloud", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nConnection: close\r\n\r\n", hangUp, fault.Forbidden, 1},
		{"redirect to itself", "HTTP/1.1 302 Found\r\nLocation: ?\r\nConnection: close\r\n\r\n", hangUp, fault.Upstream, 4},
	}
}

// A flawedServer answers the path /N with the flaw of this number, and counts
// the connections that are open.
type flawedServer struct {
	net.Listener
	flaws []flaw
	asked []atomic.Int32
	open  atomic.Int32
	wg    sync.WaitGroup
}

func serveFlaws(t *testing.T, list []flaw) *flawedServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &flawedServer{Listener: l, flaws: list, asked: make([]atomic.Int32, len(list))}
	s.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.open.Add(1)
			s.wg.Go(func() {
				defer s.open.Add(-1)
				s.answer(conn.(*net.TCPConn))
			})
		}
	})
	return s
}

func (s *flawedServer) answer(conn *net.TCPConn) {
	defer conn.Close()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(flawLasts))
	n, _ := strconv.Atoi(request.URL.Path[1:])
	s.asked[n].Add(1)
	f := s.flaws[n]
	_, _ = io.WriteString(conn, f.answer)
	switch f.ending {
	case reset:
		_ = conn.SetLinger(0)
	case stop:
		_, _ = io.Copy(io.Discard, conn) // until the other side hangs up
	case trickle:
		for i := 0; err == nil; i++ {
			_, err = io.WriteString(conn, picture[i%8+8:][:1])
			time.Sleep(5 * time.Millisecond)
		}
	case hangUp:
		// What is still unread would turn the end into a reset.
		_ = conn.CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}
}

// TestFlaws holds the fetcher to the right kind of failure for each flaw, to as
// many requests as it is worth, to its time, and to leaving nothing behind.
func TestFlaws(t *testing.T) {
	before := runtime.NumGoroutine()
	list := flaws()
	if len(list) < 150 {
		t.Fatalf("only %d flaws", len(list))
	}
	s := serveFlaws(t, list)
	var group errgroup.Group
	group.SetLimit(64)
	for i, f := range list {
		group.Go(func() error {
			s.try(t, i, f)
			return nil
		})
	}
	_ = group.Wait()
	within(t, "connections are open", func() int { return int(s.open.Load()) }, 0)
	s.Close()
	s.wg.Wait()
	within(t, "goroutines are left", runtime.NumGoroutine, before)
	t.Logf("%d flaws", len(list))
}

// try fetches flaw i.
func (s *flawedServer) try(t *testing.T, i int, f flaw) {
	t.Helper()
	host := s.Addr().String()
	limits := origin.Limits{MaxBytes: flawBytes, Timeout: patience, MinRate: 1 << 10}
	if f.kind == fault.Timeout {
		limits.Timeout = flawTime
	}
	began := time.Now()
	o, err := remote(t, limits, "http://"+host, "http://169.254.169.254").Fetch(t.Context(), fmt.Sprintf("http://%s/%d", host, i))
	took := time.Since(began)
	switch {
	case f.kind != fault.Internal && fault.Of(err) != f.kind:
		t.Errorf("%s: %.200v of kind %v, want %v", f.name, err, fault.Of(err), f.kind)
	case f.kind == fault.Internal && (err != nil || !strings.HasPrefix(string(o.Data), picture) || !strings.Contains(f.answer, string(o.Data))):
		t.Errorf("%s: %.60q, %v; want the picture", f.name, o.Data, err)
	}
	if strings.Contains(fault.Message(err), "127.0") {
		t.Errorf("%s: message %q names the origin", f.name, fault.Message(err))
	}
	if took >= flawLasts {
		t.Errorf("%s: took %v of %v, and was not cut short", f.name, took, limits.Timeout)
	}
	if n := s.asked[i].Load(); f.asked > 0 && n != f.asked || n < 1 || n > max(mostAsked, f.asked) {
		t.Errorf("%s: asked %d times, want %d", f.name, n, f.asked)
	}
}

// within waits until count has fallen to most, and fails after the time in which
// nothing may be left of a fetch.
func within(t *testing.T, what string, count func() int, most int) {
	t.Helper()
	for deadline := time.Now().Add(patience); count() > most; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("%d %s, want %d", count(), what, most)
			return
		}
	}
}
