package web_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"pixedge/internal/config"
	"pixedge/internal/web"
)

func dial(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// chunk returns data as a body in chunks of so many bytes.
func chunk(data string, size int) string {
	var b strings.Builder
	for len(data) > 0 {
		n := min(size, len(data))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, data[:n])
		data = data[n:]
	}
	return b.String() + "0\r\n\r\n"
}

// padded returns a body of n bytes that is full of requests. It ends with one and
// may begin with one.
func padded(n int) string {
	return strings.Repeat("\r\n", n)[:n%len(second)] + strings.Repeat(second, n/len(second))
}

// TestUnreadBodies sends bodies that hide requests to endpoints that read all,
// some or nothing of them, or that are not there: none of what is hidden is
// answered, and the connection either ends with the answer or goes on behind the
// body.
func TestUnreadBodies(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	for _, path := range []string{"POST /store", "POST /some", "POST /none", "POST /broken", "POST /nowhere", "PUT /store", "GET /things", "POST /health", "GET /v2/demo/original/a.jpg"} {
		for _, size := range []int{len(second), 8 << 10, 8<<10 + len(second), 64 << 10, 64<<10 + 100, 300_000} {
			for _, chunked := range []bool{false, true} {
				t.Run(fmt.Sprint(path, size, chunked), func(t *testing.T) {
					w := connect()
					body, head := padded(size), fmt.Sprintf("Content-Length: %d", size)
					if chunked {
						body, head = chunk(body, 1000), "Transfer-Encoding: chunked"
					}
					go w.send(path + " HTTP/1.1\r\nHost: x\r\nX-Request-ID: first\r\n" + head + "\r\n\r\n" + body +
						"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: behind\r\n\r\n")
					first := w.read("POST")
					first.has(t, first.status, "X-Request-ID: first")
					if path == "POST /store" && first.status != 200 {
						t.Errorf("status %d of a body that was read", first.status)
					}
					if first.header.Get("Connection") == "close" {
						if path[:5] == "POST " && size <= 8<<10 && path != "POST /health" {
							t.Error("the connection ends because of a small body")
						}
						w.isClosed()
						return
					}
					w.read("GET").has(t, 200, "X-Request-ID: behind")
				})
			}
		}
	}
}

// TestRefusalIsRead sends so much that an answer would be lost if the connection
// were closed at once.
func TestRefusalIsRead(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	body := strings.Repeat("x", 20<<20)
	for _, tt := range []struct{ name, head, body, want string }{
		{"length", fmt.Sprintf("Content-Length: %d", len(body)), body, told(413, "the request body is too large")},
		{"chunks", "Transfer-Encoding: chunked", chunk(body, 1<<16), told(413, "the request body is too large")},
		{"broken chunks", "Transfer-Encoding: chunked", "5\r\n12345\r\nzz\r\n" + body, told(400, "the chunks of the request body cannot be read")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := connect()
			if _, err := io.WriteString(w.conn, "POST /store HTTP/1.1\r\nHost: x\r\n"+tt.head+"\r\n\r\n"+tt.body); err != nil {
				t.Errorf("the client cannot send all: %v", err)
			}
			r := w.read("POST")
			if r.body != tt.want {
				t.Errorf("%d %s, want %s", r.status, r.body, tt.want)
			}
			r.has(t, r.status, "Connection: close", "Content-Type: application/json")
			w.isClosed()
		})
	}
}

// TestAmbiguousCalls sends bodies to an endpoint that takes them, framed so that
// another server could end them elsewhere.
func TestAmbiguousCalls(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	chunks := chunk(second, 100)
	for _, tt := range []struct{ name, head, body string }{
		{"CL.TE", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks},
		{"TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks},
		{"TE.CL 0", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", chunks},
		{"two TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks},
		{"TE list", "Transfer-Encoding: gzip, chunked\r\n", chunks},
		{"TE identity", "Transfer-Encoding: identity\r\n", second},
		{"TE unknown", "Transfer-Encoding: xchunked\r\n", chunks},
		{"TE with a space", "Transfer-Encoding : chunked\r\n", chunks},
		{"TE with a vertical tab", "Transfer-Encoding: \vchunked\r\n", chunks},
		{"TE folded", "X: y\r\n Transfer-Encoding: chunked\r\n", chunks},
		{"bare LF", "X: y\nTransfer-Encoding: chunked\r\n", chunks},
		{"two CL", "Content-Length: 57\r\nContent-Length: 57\r\n", second},
		{"CL list", "Content-Length: 57, 57\r\n", second},
		{"CL with a sign", "Content-Length: +57\r\n", second},
		{"CL in hex", "Content-Length: 0x39\r\n", second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, expect := range []string{"", "Expect: 100-continue\r\n"} {
				w := connect()
				w.send("POST /store HTTP/1.1\r\nHost: x\r\n" + expect + tt.head + "\r\n" + tt.body + second)
				w.read("POST").has(t, 400, "Connection: close", "Content-Type: application/json")
				w.isClosed()
			}
		})
	}
	w := connect()
	w.send("POST /store HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
	w.read("POST").has(t, 400)
	w.isClosed()
}

// TestChunkLies sends chunks that are not what they say.
func TestChunkLies(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	const unreadable, short = "the chunks of the request body cannot be read", "the request body ended too early"
	for _, tt := range []struct{ name, body, want string }{
		{"no number", "zz\r\nab\r\n0\r\n\r\n", unreadable},
		{"empty number", "\r\nab\r\n0\r\n\r\n", unreadable},
		{"below zero", "-1\r\nab\r\n0\r\n\r\n", unreadable},
		{"too large to count", "fffffffffffffffff\r\nab\r\n0\r\n\r\n", unreadable},
		{"longer than it says", "1\r\nab\r\n0\r\n\r\n", unreadable},
		{"shorter than it says", "5\r\nab\r\n0\r\n\r\nxxxx", unreadable},
		{"bare LF", "2\nab\n0\n\n", unreadable},
		{"extension with a bare LF", "2;a\nb\r\nab\r\n0\r\n\r\n", unreadable},
		{"bad trailer", "2\r\nab\r\n0\r\nContent-Length: 5\r\n\r\n", unreadable},
		{"no end", "2\r\nab\r\n", short},
		{"ends in a chunk", "5\r\nab", short},
		{"ends in a size", "5", short},
		{"ends behind a size", "5\r\n", short},
		{"ends before the last line", "2\r\nab\r\n0\r\n", short},
		{"nothing", "", short},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := connect()
			w.send("POST /store HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + tt.body)
			if tt.want == short {
				w.conn.(*net.TCPConn).CloseWrite()
			}
			r := w.read("POST")
			r.has(t, 400, "Connection: close", "Content-Type: application/json")
			if r.body != told(400, tt.want) {
				t.Errorf("body %s, want %s", r.body, tt.want)
			}
			w.isClosed()
		})
	}
	w := connect()
	w.send("POST /store HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;ext=1\r\nab\r\n0\r\nX: y\r\n\r\n" + second)
	if r := w.read("POST"); r.status != 200 || r.body != "2 of -1" {
		t.Errorf("%d %s of a good body", r.status, r.body)
	}
	w.read("GET").has(t, 200, "X-Request-ID: smuggled") // it is the next request indeed
}

// TestShortBodies ends the connection within a body with a length.
func TestShortBodies(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	for _, sent := range []int{0, 100, 9000, 70_000, 99_999} {
		w := connect()
		w.send("POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", sent))
		w.conn.(*net.TCPConn).CloseWrite()
		w.read("POST").has(t, 400, "Connection: close", "Content-Type: application/json")
		w.isClosed()
	}
}

func TestExpect(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	connect := dialerTCP(t, s)
	ask := func(target string, length int, version string) (*wire, reply) {
		w := connect()
		w.send(fmt.Sprintf("%s HTTP/%s\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", target, version, length))
		if version == "1.0" {
			w.send(strings.Repeat("x", length))
		}
		return w, w.read("POST")
	}
	w, r := ask("POST /store", 100_000, "1.1")
	r.has(t, 100)
	w.send(strings.Repeat("x", 100_000))
	if r := w.read("POST"); r.body != "100000 of 100000" {
		t.Errorf("%d %s", r.status, r.body)
	}
	w.get("/health").has(t, 200)
	for _, tt := range []struct {
		target         string
		length, status int
	}{
		{"POST /store", 1<<20 + 1, 413},
		{"PUT /store", 100, 405},
		{"POST /nowhere", 100, 404},
		{"GET /things", 100, 400},
		{"GET /v2/demo/original/a.jpg", 100, 400},
		{"POST /health", 100, 405},
		{"GET /health", 1 << 20, 413},
	} {
		w, r := ask(tt.target, tt.length, "1.1")
		r.has(t, tt.status, "Connection: close")
		w.isClosed()
	}
	_, r = ask("POST /store", 5, "1.0")
	r.has(t, 200)
}

// TestSlowBody sends bodies that come too slowly, by the second or in all.
func TestSlowBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits web.Upload
		head   string
		pause  time.Duration
	}{
		{"in all", web.Upload{MaxUpload: 1 << 20, UploadTimeout: 300 * time.Millisecond}, "Content-Length: 500000", 20 * time.Millisecond},
		{"in all, in chunks", web.Upload{MaxUpload: 1 << 20, UploadTimeout: 300 * time.Millisecond}, "Transfer-Encoding: chunked", 20 * time.Millisecond},
		{"a second", web.Upload{MaxUpload: 1 << 20, UploadTimeout: time.Minute, UploadRate: 1 << 20}, "Content-Length: 500000", 20 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := newAPISite(t, io.Discard)
			s.Config.Upload = tt.limits
			w := dialerTCP(t, s)()
			w.send("POST /store HTTP/1.1\r\nHost: x\r\n" + tt.head + "\r\n\r\n")
			piece := strings.Repeat("x", 9000)
			if strings.HasPrefix(tt.head, "T") {
				piece = "a\r\n0123456789\r\n"
			}
			w.send(piece)
			go func() {
				for range 400 {
					time.Sleep(tt.pause)
					if _, err := io.WriteString(w.conn, piece[:min(len(piece), 100)]); err != nil {
						return
					}
				}
			}()
			r := w.read("POST")
			r.has(t, 408, "Connection: close", "Content-Type: application/json")
			if r.body != told(408, "the request body did not arrive in time") {
				t.Errorf("body %s", r.body)
			}
			w.isClosed()
		})
	}
}

// TestUploadOutlivesReadTimeout sends a body at leisure, though within its own
// limits.
func TestUploadOutlivesReadTimeout(t *testing.T) {
	s, _ := newAPISite(t, io.Discard)
	s.Config.ReadTimeout, s.Config.UploadRate = time.Second, config.Size(1000)
	w := dialerTCP(t, s)()
	w.send("POST /store HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + strings.Repeat("x", 9000))
	for range 51 {
		time.Sleep(25 * time.Millisecond)
		w.send(strings.Repeat("x", 1000))
	}
	if r := w.read("POST"); r.body != "60000 of 60000" {
		t.Errorf("%d %s", r.status, r.body)
	}
	w.get("/health").has(t, 200)
}
