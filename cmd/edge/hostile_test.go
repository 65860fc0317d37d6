package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A refusal is a request that must be answered with an error.
type refusal struct {
	name   string
	target string // the request's target, as it is sent
	status int
}

// refusals are attacks on the parser of URLs. Paths begin with a slash only
// where they are to.
func refusals() []refusal {
	const picture = "/photo.png"
	list := []refusal{
		{"a request for nothing", "/", 404},
		{"a cloud alone", "/v2/demo", 400},
		{"another version", "/v3/demo/original/photo.png", 400},
		{"no such cloud", "/v2/nobody/original/photo.png", 404},
		{"no such zone", "/v2/demo/nozone/original/photo.png", 404},
		{"no such picture", "/v2/demo/original/none.png", 404},
		{"no picture", "/v2/demo/original/note.png", 415},
		{"a damaged picture", "/v2/demo/t.flip()/cut.png", 422},
		{"signatures where none is asked for", "/v2/demo/original/photo.png?pbs=", 401},

		// a1: names that leave the folder
		{"dots", "/v2/demo/original/../../../../etc/passwd", 400},
		{"dots in the cloud", "/v2/../demo/original/photo.png", 400},
		{"encoded dots", "/v2/demo/original/%2e%2e/%2e%2e/etc/passwd", 400},
		{"half encoded dots", "/v2/demo/original/.%2e/secret.png", 400},
		{"encoded slash", "/v2/demo/original/..%2fsecret.png", 400},
		{"encoded backslash", "/v2/demo/original/..%5csecret.png", 400},
		{"backslash", `/v2/demo/original/..\secret.png`, 400},
		{"dots with a parameter", "/v2/demo/original/..;/secret.png", 400},
		{"a dot", "/v2/demo/original/./photo.png", 400},
		{"an empty segment", "/v2/demo/original//photo.png", 400},
		{"an absolute name", "/v2/demo/original//etc/passwd", 400},
		{"another scheme", "/v2/demo/original/file:///etc/passwd", 400},
		{"a link of the file system that leads out", "/v2/demo/original/leak.png", 502},
		{"a folder", "/v2/demo/original/folder", 404},

		// a2: decoded once
		{"dots encoded twice", "/v2/demo/original/%252e%252e/secret.png", 400},
		{"a letter encoded twice", "/v2/demo/original/%2570hoto.png", 400},
		{"a slash encoded three times", "/v2/demo/original/..%25252fsecret.png", 400},

		// a3: control bytes
		{"NUL", "/v2/demo/original/photo.png%00.jpg", 400},
		{"CR LF", "/v2/demo/original/a%0d%0aSet-Cookie:%20a=b", 400},
		{"TAB", "/v2/demo/original/a%09b", 400},
		{"DEL", "/v2/demo/original/a%7fb", 400},
		{"CR LF in the query", "/v2/demo/original/photo.png?v=%0d%0a", 400},

		// a4: broken text
		{"overlong slash", "/v2/demo/original/..%c0%afsecret.png", 400},
		{"a lone byte", "/v2/demo/original/%ff.png", 400},
		{"a surrogate", "/v2/demo/original/%ed%a0%80.png", 400},
		{"%u", "/v2/demo/original/%u002e%u002e/secret.png", 400},
		{"a cut escape", "/v2/demo/original/photo.png%2", 400},
		{"a lone percent sign", "/v2/demo/original/100%.png", 400},

		// a6: parentheses
		{"nested", "/v2/demo/t.resize(w:((1)))" + picture, 400},
		{"never closed", "/v2/demo/t.resize(w:1" + picture, 400},
		{"never opened", "/v2/demo/t.resize)w:1(" + picture, 400},
		{"thousands", "/v2/demo/" + strings.Repeat("(", 4000) + strings.Repeat(")", 4000) + picture, 400},

		// a7: length
		{"a long path", "/v2/demo/original/" + strings.Repeat("a/", 4200) + "a.png", 414},
		{"a very long path", "/v2/demo/original/" + strings.Repeat("a", 1<<20), 431},
		{"a long query", "/v2/demo/original/photo.png?v=" + strings.Repeat("a", 9000), 414},
		{"a long segment", "/v2/demo/original/" + strings.Repeat("a", 256), 400},
		{"a long name", "/v2/demo/original/" + strings.Repeat("aaaaaaa/", 140) + "a.png", 400},

		// a8: counts
		{"operations", "/v2/demo/" + strings.Repeat("t.flip()~", 400) + "t.flip()" + picture, 400},
		{"parameters", "/v2/demo/t.resize(" + strings.Repeat("w:1,", 500) + "w:1)" + picture, 400},
		{"a parameter twice", "/v2/demo/t.resize(w:1,w:2)" + picture, 400},
		{"query options", "/v2/demo/original/photo.png?" + strings.Repeat("a&", 100), 400},
		{"an option twice", "/v2/demo/original/photo.png?dpr=1&dpr=2", 400},

		// a10: sizes
		{"a wide result", "/v2/demo/t.resize(w:99999)" + picture, 400},
		{"a large density", "/v2/demo/t.resize(w:10)/photo.png?dpr=99999", 400},
		{"too many pixels", "/v2/demo/t.resize(w:10000,h:10000)" + picture, 400},
		{"outside", "/v2/demo/t.crop(x:5000,y:5000,w:10,h:10)" + picture, 400},

		// a11, a14: names and values
		{"an operation", "/v2/demo/t.explode()" + picture, 400},
		{"an option of an operation", "/v2/demo/t.resize(__proto__:1)" + picture, 400},
		{"a format", "/v2/demo/t.toFormat(f:exe)" + picture, 400},
		{"a format that is none", "/v2/demo/t.toFormat(f:svg)" + picture, 400},
		{"a preset", "/v2/demo/p:none" + picture, 400},
		{"a shell", "/v2/demo/t.resize(w:$(id))" + picture, 400},
		{"a format string", "/v2/demo/t.resize(w:%25s%25n)" + picture, 400},
		{"a bomb", "/v2/demo/" + strings.Repeat("a.a(a:", 1000) + "!" + picture, 400},

		// a12, c: links
		{"a link to a host that is not allowed", "/v2/demo/original/https://elsewhere.example/a.png", 403},
		{"a link to ourselves", "/v2/demo/original/http://127.0.0.1:9/a.png", 403},
		{"an encoded link", "/v2/demo/original/http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data", 403},
		{"a link with a user", "/v2/demo/original/https://user:word@img.example/a.png", 400},

		// a15: what is not on this port
		{"profiles", "/debug/pprof/", 400},
		{"metrics", "/metrics", 404},
		{"dotfiles", "/.env", 400},
		{"a folder of version control", "/.git/config", 400},
	}
	// a9: numbers
	for _, n := range []string{
		"-1", "+1", "1e9", "1e999", "NaN", "Inf", "0x64", "1.5", "%D9%A1", "2147483648", "4294967296",
		"9223372036854775808", "18446744073709551616", strings.Repeat("9", 100), "", "%20", "1%201",
	} {
		list = append(list, refusal{"the width " + n, "/v2/demo/t.resize(w:" + n + ")" + picture, 400})
	}
	return list
}

// TestRefusals sends what a browser never would, byte for byte, and looks for
// the inside of the edge in the answers.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	media := filepath.Join(dir, "media")
	draw(t, filepath.Join(media, "photo.png"), 64, 48)
	draw(t, filepath.Join(dir, "secret.png"), 8, 8)
	cut, err := os.ReadFile(filepath.Join(media, "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"note.png": []byte("no picture"), "cut.png": cut[:len(cut)/2], "folder/in.png": cut} {
		write(t, filepath.Join(media, name), data)
	}
	if err := os.Symlink("../secret.png", filepath.Join(media, "leak.png")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "edge.yaml"), []byte(`
clouds:
  - name: demo
    sources: [{dir: media}, {remote: {allow: [img.example]}}]
    keys: [{id: key-of-demo, token: token-of-demo}]
`))
	edge := start(t, dir, nil)
	inside := []string{dir, "/work", "goroutine", ".go:", "token-of-demo", "key-of-demo", "open ", "vips", "fasthttp", edge.url}
	var slowest refusal
	var longest time.Duration
	for _, r := range refusals() {
		took, nothing := patience, patience
		for i := 0; i < tries && took >= maxRefusal; i++ {
			began := time.Now()
			a := sendTarget(t, edge, r.target)
			took = min(took, time.Since(began))
			began = time.Now()
			sendTarget(t, edge, "/")
			nothing = min(nothing, time.Since(began))
			checkRefusal(t, r.name, r.status, a)
			for _, text := range inside {
				if strings.Contains(string(a.body), text) {
					t.Errorf("%s: the answer shows %q: %s", r.name, text, a.body)
				}
			}
		}
		if most := max(maxRefusal, 10*nothing); took >= most {
			t.Errorf("%s is refused after %v, want less than %v", r.name, took, most)
		}
		if took > longest {
			slowest, longest = r, took
		}
	}
	t.Logf("the slowest refusal, of %s, took %v", slowest.name, longest)
}

// maxRefusal bounds the work of a refusal, which is some ten times less. A
// shared machine may stand still for a while: the best of some tries counts. On a
// slow one, a request for nothing takes long as well.
const (
	maxRefusal = 50 * time.Millisecond
	tries      = 10
)

// sendTarget asks for a target as it is.
func sendTarget(t *testing.T, edge *process, target string) answer {
	t.Helper()
	return send(t, edge, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", target))
}

// checkRefusal holds an answer to the shape of errors.
func checkRefusal(t *testing.T, name string, status int, a answer) {
	t.Helper()
	var body struct {
		Message, Code, ErrorCode, Exception, RequestID string
		Status                                         int
	}
	err := json.Unmarshal(a.body, &body)
	switch {
	case a.status != status:
		t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
	case err != nil || a.header.Get("Content-Type") != "application/json":
		t.Errorf("%s: the answer is no JSON: %v: %s", name, err, a.body)
	case body.Status != status || body.Message == "" || body.Code == "" || body.Code != body.ErrorCode || body.Exception == "":
		t.Errorf("%s: not the shape of an error: %s", name, a.body)
	case body.RequestID == "" || body.RequestID != a.header.Get("X-Request-ID"):
		t.Errorf("%s: request id %q, in the header %q", name, body.RequestID, a.header.Get("X-Request-ID"))
	case a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff":
		t.Errorf("%s: headers %v", name, a.header)
	}
}

// TestNoRequest sends what is not HTTP, or not what we take.
func TestNoRequest(t *testing.T) {
	edge := start(t, t.TempDir(), nil, "--read-timeout=1s")
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"noise", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
		{"a method", "DELETE /v2/demo/original/card.png HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"a raw space", "GET /v2/demo/original/a b.png HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a raw letter", "GET /v2/demo/original/\xc3\xbc\xff.png HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a huge header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", 431},
		{"a huge body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n", 413},
		{"a request that never ends", "GET / HTTP/1.1\r\nHost: a\r\n", 408},
	} {
		checkRefusal(t, c.name, c.status, send(t, edge, c.request))
	}
	if a := get(t, edge.url+"/health"); a.status != http.StatusOK {
		t.Errorf("health afterwards: %d", a.status)
	}
}

// send sends bytes to edge and reads one response.
func send(t *testing.T, edge *process, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(edge.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// The server may answer and close before it has read all of it.
	_, _ = io.WriteString(conn, request)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%.80q: %v", request, err)
	}
	return answer{res.StatusCode, res.Header, body}
}

// write makes a file, and the folders it is in.
func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
