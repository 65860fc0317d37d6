package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A line is a request, byte for byte, and the statuses it may be answered with. If
// shut, the connection has to end behind the answer, and nothing that stands behind
// the request may be answered.
type line struct {
	name, request string
	want          []int
	shut          bool
}

// lines collects them.
type lines struct{ all []line }

// get adds a request for a target that is to be refused with a status of want.
func (l *lines) get(name, target string, want ...int) {
	l.all = append(l.all, line{
		name: name + " " + short(target), want: want,
		request: "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
	})
}

// short keeps names of tests readable.
func short(text string) string { return strconv.Quote(text[:min(len(text), 60)]) }

// hidden is the request that an attacker hides behind another.
const hidden = "GET /ready HTTP/1.1\r\nHost: x\r\nX-Request-ID: smuggled\r\n\r\n"

// TestHostileLines sends some hundred requests that no client means well, of every
// class there is: names, escapes, numbers, signatures, framing, methods.
func TestHostileLines(t *testing.T) {
	dir := t.TempDir()
	draw(t, filepath.Join(dir, "media", "photo.png"), 64, 48)
	draw(t, filepath.Join(dir, "secret.png"), 8, 8)
	write(t, filepath.Join(dir, "edge.yaml"), []byte(`
clouds:
  - {name: demo, sources: [{dir: media}]}
  - {name: closed, sources: [{dir: media}], signed: true, keys: [{id: key-1, token: token-of-closed}]}
  - {name: other, sources: [{dir: media}], signed: true, keys: [{id: key-2, token: token-of-other}]}
`))
	edge := start(t, dir, nil, "--read-timeout=2s")
	inside := []string{dir, "/work", "goroutine", ".go:", "token-of-", "open /", "vips", "fasthttp", "root:", "secret.png"}
	l := &lines{}
	l.names()
	l.escapes()
	l.lengths()
	l.numbers()
	l.words()
	l.signatures(time.Now())
	l.framing()
	l.methods()
	if len(l.all) < 300 {
		t.Errorf("%d lines", len(l.all))
	}
	seen := map[string]bool{}
	for _, one := range l.all {
		if seen[one.request] {
			continue // two ways to damage a signature may come to the same
		}
		seen[one.request] = true
		t.Run(one.name, func(t *testing.T) { sendLine(t, edge, one, inside) })
	}
	if a := get(t, edge.url+"/health"); a.status != http.StatusOK {
		t.Errorf("health afterwards: %d", a.status)
	}
	t.Logf("%d lines", len(l.all))
}

// sendLine sends one and judges all that comes back.
func sendLine(t *testing.T, edge *process, l line, inside []string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(edge.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, l.request) }() // it may be answered before it is read to its end
	method, _, _ := strings.Cut(l.request, " ")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(l.want, res.StatusCode) {
		t.Errorf("status %d, want one of %v: %.200s", res.StatusCode, l.want, body)
	}
	for _, text := range inside {
		if bytes.Contains(body, []byte(text)) {
			t.Errorf("the answer shows %q: %.300s", text, body)
		}
	}
	if res.StatusCode >= 400 && res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control: %s", res.Header.Get("Cache-Control"))
	}
	if !l.shut {
		return
	}
	rest, err := io.ReadAll(r)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection stays open: %v", err)
	}
	if bytes.Contains(rest, []byte("HTTP/1.")) || res.Header.Get("X-Request-ID") == "smuggled" {
		t.Errorf("what was behind the request is answered: %.200s", rest)
	} else if len(rest) > 0 {
		t.Errorf("the answer goes on behind its end: %.200s", rest)
	}
}

// names leave the folder of a cloud, if they can (a1).
func (l *lines) names() {
	for _, name := range []string{
		"../secret.png", "../../secret.png", "folder/../../secret.png", "..", ".", "./photo.png", "photo.png/..", "photo.png/.",
		"%2e%2e/secret.png", "%2E%2E/secret.png", ".%2e/secret.png", "%2e./secret.png", "..%2fsecret.png", "..%2Fsecret.png", "%2e%2e%2fsecret.png",
		"..%5csecret.png", `..\secret.png`, `..\..\secret.png`, "..;/secret.png", "..;a=b/secret.png", "...;/secret.png", "//secret.png", "/etc/passwd", "//etc/passwd",
		"%2fetc%2fpasswd", "file:///etc/passwd", "file:/etc/passwd", "file:secret.png", "c:/windows/win.ini", "~/secret.png", "....//secret.png", "..../secret.png",
		"/../secret.png", "photo.png/../../secret.png", "%2e%2e%5csecret.png", "..%00/secret.png", "..%20/secret.png", "proc/self/environ", "..%3bsecret.png",
	} {
		for _, front := range []string{"/v2/demo/original/", "/v2/demo/t.flip()/"} {
			l.get("a1", front+name, 400, 403, 404)
		}
		l.get("a1 info", "/v2/demo/info/"+name, 400, 403, 404)
	}
	for _, target := range []string{
		"/v2/../v2/demo/original/photo.png", "/v2//demo/original/photo.png", "//v2/demo/original/photo.png", "/v2/demo/../demo/original/photo.png", "/v2/./demo/original/photo.png",
		"/v2/demo/original/../original/photo.png", "/v2/%2e%2e/demo/original/photo.png", "/V2/demo/original/photo.png", "/v2/DEMO/original/photo.png", "/v2/demo%2foriginal/photo.png",
	} {
		l.get("a1", target, 400, 404)
	}
	for _, path := range []string{
		"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/admin", "/.env", "/.git/config", "/.git/HEAD", "/.htaccess", "/wp-login.php", "/server-status", "/actuator", "/config", "/edge.yaml", "/v2", "/v2/", "/v2/demo/",
	} {
		l.get("a15", path, 400, 404)
	}
}

// escapes are decoded once and to text (a2 to a5).
func (l *lines) escapes() {
	for _, name := range []string{
		"%252e%252e/secret.png", "..%252fsecret.png", "%25252e%25252e/secret.png", "%2570hoto.png", "%252570hoto.png", "photo%252epng", "%25", "%2500", "..%25c0%25af",
	} {
		l.get("a2", "/v2/demo/original/"+name, 400, 404)
	}
	for b := range 32 {
		l.get("a3", fmt.Sprintf("/v2/demo/original/a%%%02xb.png", b), 400)
	}
	for _, target := range []string{
		"/v2/demo/original/photo.png%00", "/v2/demo%00/original/photo.png", "/v2/demo/t.flip()%00/photo.png", "/v2/demo/t.resize(w:1%00)/photo.png", "/v2/demo/original/a%7fb",
		"/v2/demo/original/photo.png?v=%00", "/v2/demo/original/photo.png?v=%0d%0aX:%20y", "/v2/demo/original/photo.png?%0d%0a=1", "/v2/demo/original/a%0d%0aSet-Cookie:a=b", "/v2/demo/original/%E2%80%AEgnp.otohp",
	} {
		l.get("a3", target, 400, 404)
	}
	for _, name := range []string{
		"%c0%ae%c0%ae/secret.png", "..%c0%afsecret.png", "..%e0%80%afsecret.png", "..%f0%80%80%afsecret.png", "%c1%9csecret.png", "%ff", "%fe%ff", "%ed%a0%80", "%ed%bf%bf", "%f5%80%80%80", "%c3", "%80",
		"%u002f", "%u002e%u002e/secret.png", "%", "%2", "%zz", "%2g", "%%32%65", "a%", "%C0%80",
	} {
		l.get("a4", "/v2/demo/original/"+name, 400, 404)
	}
	for _, name := range []string{
		"%EF%BC%8E%EF%BC%8E/secret.png", "%E2%80%A5/secret.png", "ph%CE%BFto.png", "photo%E2%80%8B.png", "PHOTO.PNG", "photo.png%20", "photo.png.", "%EF%BB%BFphoto.png", "photo%EF%BC%8Epng", "ph%C3%B6to.png", "pho%CC%88to.png", "..%E2%88%95secret.png", "%C4%B1nfo.png",
	} {
		l.get("a5", "/v2/demo/original/"+name, 400, 404)
	}
}

// lengths are of what is nested, long or many (a6 to a8, a14).
func (l *lines) lengths() {
	const picture = "/photo.png"
	for _, n := range []int{2, 100, 3000} {
		open, shut := strings.Repeat("(", n), strings.Repeat(")", n)
		for _, ops := range []string{open, shut, open + shut, shut + open, "t.resize(w:" + open + "1" + shut + ")", "t.resize" + open + "w:1", "t.flip" + open + shut} {
			l.get(fmt.Sprintf("a6 %d", n), "/v2/demo/"+ops+picture, 400, 404)
		}
		l.get(fmt.Sprintf("a6 %d", n), "/v2/demo/t.merge(i:"+strings.Repeat("[", n)+strings.Repeat("]", n)+")"+picture, 400)
	}
	for _, n := range []int{8 << 10, 16 << 10, 64 << 10, 1 << 20} {
		l.get(fmt.Sprintf("a7 %d", n), "/v2/demo/original/"+strings.Repeat("a/", n/2), 400, 414, 431)
		l.get(fmt.Sprintf("a7 query %d", n), "/v2/demo/original/photo.png?v="+strings.Repeat("a", n), 414, 431)
		l.get(fmt.Sprintf("a7 operations %d", n), "/v2/demo/t.resize(w:"+strings.Repeat("1", n)+")"+picture, 400, 414, 431)
	}
	l.get("a7 10,000 segments", "/v2/demo/original"+strings.Repeat("/a", 4000), 400, 414)
	l.get("a7 segment", "/v2/demo/original/"+strings.Repeat("a", 256), 400)
	for _, n := range []int{33, 100, 700} {
		l.get(fmt.Sprintf("a8 %d", n), "/v2/demo/"+strings.Repeat("t.flip()~", n)+"t.flip()"+picture, 400)
		l.get(fmt.Sprintf("a8 parameters %d", n), "/v2/demo/t.resize("+strings.Repeat("w:1,", n)+"h:1)"+picture, 400)
		l.get(fmt.Sprintf("a8 options %d", n), "/v2/demo/original/photo.png?"+strings.Repeat("v=1&", n), 400)
	}
	for _, ops := range []string{"t.resize(w:1,w:1)", "t.resize(w:1,h:1,w:1)", "t.flip()~", "~t.flip()", "t.flip()~~t.flip()", "~", "t.flip()t.flip()", "original~original", "t.flip()~original"} {
		l.get("a8", "/v2/demo/"+ops+picture, 400)
	}
	l.get("a14 regular expression", "/v2/demo/t.resize(w:"+strings.Repeat("a", 3000)+"!)"+picture, 400)
	var keys strings.Builder
	for i := range 700 {
		fmt.Fprintf(&keys, "k%d&", i)
	}
	l.get("a14 keys", "/v2/demo/original/photo.png?"+keys.String(), 400)
}

// numbers are none, or too large for something (a9, a10, a13).
func (l *lines) numbers() {
	for _, n := range []string{
		"-1", "+1", "1e9", "1e999", "NaN", "nan", "Inf", "-Inf", "0x64", "0b1", "0o7", "1.5", "1,5", "1_000", "%D9%A1%D9%A2", "%EF%BC%91", "2147483648", "4294967296", "4294967297",
		"9223372036854775808", "18446744073709551616", strings.Repeat("9", 100), strings.Repeat("0", 300) + "1e5", "", "%20", "1%201", "1;", "1%25", "--1", "1-", "99999",
	} {
		for _, ops := range []string{"t.resize(w:%s)", "t.crop(x:0,y:0,w:10,h:%s)", "t.toFormat(q:%s)"} {
			if n == "1,5" || n == "99999" && strings.HasPrefix(ops, "t.crop") {
				continue // another parameter, and a crop that ends at the edge
			}
			l.get("a9", "/v2/demo/"+fmt.Sprintf(ops, n)+"/photo.png", 400)
		}
		if n != "" && n != "1.5" { // which is a density
			l.get("a9 dpr", "/v2/demo/original/photo.png?dpr="+n, 400)
		}
	}
	for _, ops := range []string{
		"t.resize(w:10001)", "t.resize(w:10000,h:10000)", "t.resize(w:1,h:99999)", "t.resize(w:9000)~t.resize(w:10001)", "t.extend(t:99999)", "t.extend(t:9999,l:9999,b:9999,r:9999)",
		"t.resize(w:5000,dpr:5)", "t.resize(w:7000,h:7100)~t.rotate(a:45)", "t.crop(x:5000,y:5000,w:10,h:10)", "t.resize(w:2147483647)",
	} {
		l.get("a10", "/v2/demo/"+ops+"/photo.png", 400)
	}
	for _, ops := range []string{"t.blur(s:100000)", "t.median(s:9999)", "t.sharpen(s:100000)", "t.pixelate(s:-1)", "t.text(t:QQ,s:100000)", "t.gamma(g:1000)", "t.toFormat(q:101)", "t.round(r:-1)"} {
		l.get("a13", "/v2/demo/"+ops+"/photo.png", 400)
	}
}

// words are no operations, options or formats, and pictures behind links that go
// where no picture is (a11, a12).
func (l *lines) words() {
	for _, ops := range []string{
		"t.explode()", "t.__proto__()", "t.constructor()", "x.flip()", "flip()", "t.()", ".flip()", "t.flip", "t.FLIP()", "T.flip()", "t.resize(__proto__:1)", "t.resize(constructor:1)", "t.resize(W:1)",
		"t.resize(w:{{7*7}})", "t.resize(w:${7*7})", "t.resize(w:$(id))", "t.resize(w:`id`)", "t.resize(w:';DROP%20TABLE%20a;--)", "t.resize(w:%25n%25s)", "t.resize(f:../../x)", "t.toFormat(f:exe)", "t.toFormat(f:svg)",
		"t.toFormat(f:pdf)", "t.toFormat(f:magick)", "t.toFormat(f:mat)", "t.toFormat(f:json)", "t.resize(k:cubic;rm)", "t.resize(p:nowhere)", "p:none", "p:../x", "t.resize(w)", "t.resize(:1)", "t.resize(,)", "t.resize(w::1)",
		"t.text(t:!!!)", "t.text(t:QQ,f:../../etc/passwd)", "t.text(t:QQ,c:red;)", "t.resize(b:gggggg)", "wm.remove()", "erase.bg()", "t.flip(x:1)", "t.toFormat(f:webp%00)", "t.toFormat(f:webp/../x)",
	} {
		l.get("a11", "/v2/demo/"+ops+"/photo.png", 400, 404, 415)
	}
	for _, link := range []string{
		"file:///etc/passwd", "http://127.0.0.1/a.png", "http://169.254.169.254/", "../secret.png", "/etc/passwd", "gopher://127.0.0.1:6379/_x", "data:image/png;base64,AAAA", "https://elsewhere.example/a.png", "//127.0.0.1/a.png", "\x00",
	} {
		encoded := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(base64Of(link)), "=")
		l.get("a12", "/v2/demo/t.merge(i:"+encoded+")/photo.png", 400, 403, 404)
	}
	for _, link := range []string{"https://elsewhere.example/a.png", "http://127.0.0.1:9/a.png", "http%3A%2F%2F127.0.0.1%2Fa.png", "http://[::1]/a.png", "http://0/a.png", "http://2130706433/a.png", "ftp://127.0.0.1/a.png", "HTTP://127.0.0.1/a.png"} {
		l.get("a12", "/v2/demo/original/"+link, 400, 403, 404)
	}
	for _, query := range []string{"dpr=", "dpr=x", "dpr=1&dpr=2", "f_auto=maybe", "%64pr=99", "pbs=", "pbe=1", "pbt=x"} {
		l.get("a11 query", "/v2/demo/t.resize(w:10)/photo.png?"+query, 400, 401)
	}
}
