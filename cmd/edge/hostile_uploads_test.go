package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixedge/internal/imgtest"
)

// A badUpload is a request to /store that must be answered with an error.
type badUpload struct {
	name   string
	head   string // its headers, without those that all have
	body   string
	repeat bool // the body again and again, until somebody refuses to take it
	status int
	about  string // a word of the error
}

const formHead = "Content-Type: multipart/form-data; boundary=b\r\n"

func length(n int) string { return formHead + fmt.Sprintf("Content-Length: %d\r\n", n) }

const chunkedHead = formHead + "Transfer-Encoding: chunked\r\n"

// chunk is data as a chunk.
func chunk(data string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(data), data) }

// badUploads are sent with no key, as anybody can, or with one where that matters.
func badUploads(key string) []badUpload {
	const (
		file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
		end  = "\r\n--b--\r\n"
	)
	some := file + strings.Repeat("a", 4<<20)
	part := func(name string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\nx\r\n"
	}
	keyed := "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n" + key + "\r\n"
	const many = 100_000
	fields := strings.Repeat(part("a"), many) + "--b--\r\n"
	var pairs, members strings.Builder
	for i := range many {
		fmt.Fprintf(&pairs, "a%d=1&", i)
		fmt.Fprintf(&members, `"a%d":1,`, i)
	}
	form := func(body string) string {
		return fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	object := "{" + strings.TrimSuffix(members.String(), ",") + "}"
	return []badUpload{
		{"10 GB, of which 4 MB come", length(10_000_000_000), some, false, 413, "too large"},
		{"10 GB, and the client asks first", length(10_000_000_000) + "Expect: 100-continue\r\n", "", false, 413, "too large"},
		{"30 MB, of which 4 MB come", length(30 << 20), some, false, 408, "in time"},
		{"chunks without end", chunkedHead, chunk(file) + chunk(strings.Repeat("a", 1<<20)), true, 413, "larger than"},
		{"a chunk that is shorter than it says", chunkedHead, "100\r\nshort\r\n0\r\n\r\n" + strings.Repeat("x", 1<<10), false, 400, "chunk"},
		{"a chunk of no number of bytes", chunkedHead, "xyz\r\nshort\r\n0\r\n\r\n", false, 400, "chunk"},
		{"a chunk of too many bytes", chunkedHead, "fffffffffffffffff\r\nshort\r\n0\r\n\r\n", false, 400, "chunk"},
		{"chunks and a length", chunkedHead + "Content-Length: 5\r\n", "0\r\n\r\n", false, 400, "request"},
		{"no boundary", fmt.Sprintf("Content-Type: multipart/form-data\r\nContent-Length: %d\r\n", len(file+end)), file + end, false, 400, "boundary"},
		{"a file without end", length(len(some)), some, false, 400, "last boundary"},
		{"a part's headers without end", length(1 << 20), "--b\r\n" + strings.Repeat("A", 1<<20-5), false, 400, "headers"},
		{"a form that never begins", length(1 << 20), strings.Repeat("A", 1<<20), false, 400, "cannot be read"},
		{"nothing", length(0), "", false, 401, "key"},
		{"100,000 parts", length(len(fields)), fields, false, 400, "100 parts"},
		{"100,000 pairs", form(pairs.String()), pairs.String(), false, 400, "1000 parameters"},
		{"100,000 members", fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(object)), object, false, 400, "1000 parameters"},
		{"a program", length(len(keyed + file + "\x7fELF\x02\x01\x01" + end)), keyed + file + "\x7fELF\x02\x01\x01" + end, false, 415, "no kind"},
		{"no file", length(len(keyed + "--b--\r\n")), keyed + "--b--\r\n", false, 400, "file"},
		{"an empty file", length(len(keyed + file + end)), keyed + file + end, false, 400, "file"},
	}
}

// TestHostileUploads sends uploads that are too large, lie about themselves or never
// end. Each must be answered in the API's way, and the edge be as it was before.
func TestHostileUploads(t *testing.T) {
	// So much may come that an edge which held it in memory would show it.
	e := startAPI(t, apiSetup{args: []string{"--max-bytes=80MiB"}})
	kept := imgtest.PNG(t, imgtest.Card(64, 48, false))
	link := e.keep(t, kept).Link
	before := e.peak(t)
	for _, b := range badUploads(e.key) {
		b.send(t, e).wantError(t, b.name, b.status, b.about)
		e.wantSpoolEmpty(t)
	}
	const most = 64 << 20
	grown := e.peak(t) - before
	t.Logf("%d MiB of memory more at the worst moment than before", grown>>20)
	if grown > most {
		t.Errorf("want at most %d", most>>20)
	}
	wantBytes(t, link, kept)
	e.keep(t, kept)
	if n := len(e.assets(t)); n != 2 {
		t.Errorf("%d assets, want the 2 that were answered", n)
	}
	e.wantObjects(t, 2)
}

// TestTextInChunks sends a picture as text, and not how long it is, while others have
// announced large ones and send no more: there must be memory for it, whatever it
// might have become.
func TestTextInChunks(t *testing.T) {
	e := startAPI(t, apiSetup{args: []string{"--read-timeout=3s"}}) // less than the wait for memory
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "POST /crop HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 40000000\r\n\r\n"+
			`{"img": "`+strings.Repeat("a", 100_000))
	}
	img := base64.StdEncoding.EncodeToString(append(imgtest.PNG(t, imgtest.Card(64, 48, false)), make([]byte, 200_000)...))
	for kind, body := range map[string]string{
		"application/json":                  fmt.Sprintf(`{"key": %q, "img": %q, "width": 9}`, e.key, img),
		"application/x-www-form-urlencoded": url.Values{"key": {e.key}, "img": {img}, "width": {"9"}}.Encode(),
	} {
		t.Run(kind, func(t *testing.T) {
			res, err := client.Post(e.url+"/crop", kind, struct{ io.Reader }{strings.NewReader(body)})
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if r := readReply(t, answer{res.StatusCode, res.Header, text}); r.Status != http.StatusOK {
				t.Errorf("crop: %+v", r)
			}
		})
	}
}

// send sends the request, and returns the answer. The connection must end with it, for
// a server cannot know where a body ends that it has not read.
func (b badUpload) send(t *testing.T, e *apiEdge) reply {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	go func() { // the answer may come before all is sent
		_, err := io.WriteString(conn, "POST /store HTTP/1.1\r\nHost: x\r\n"+b.head+"\r\n"+b.body)
		for err == nil && b.repeat {
			_, rest, _ := strings.Cut(b.body, "\r\n\r\n\r\n") // behind the headers of the part
			_, err = io.WriteString(conn, rest)
		}
	}()
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%s: %v", b.name, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", b.name, err)
	}
	if res.Close {
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Errorf("%s: %d more bytes behind the answer, %v", b.name, len(rest), err)
		}
	}
	return readReply(t, answer{res.StatusCode, res.Header, body})
}

// peak returns the most bytes that the process which serves has had in memory.
func (p *process) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
