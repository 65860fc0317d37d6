package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pixedge/benchmarks"
)

// programs builds the edge and the bench into a folder.
func programs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, program := range []string{"cmd/edge", "benchmarks/bench"} {
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "pixedge/"+program).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Fatal("wrk is missing: run scripts/packages test")
	}
	return dir
}

// measured runs the bench quickly and returns its report and the folder with it.
func measured(t *testing.T, dir, cases, peers string) (*report, string) {
	t.Helper()
	folder := filepath.Join(dir, "out")
	bench := exec.CommandContext(t.Context(), filepath.Join(dir, "bench"), "--quick", "--edge", filepath.Join(dir, "edge"), "--out", folder)
	bench.Env = append(os.Environ(), "CORPUS=", "CASES="+cases, "PEERS="+peers)
	if out, err := bench.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(folder, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	got := new(report)
	if err := json.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	return got, folder
}

// TestQuick runs everything as make bench QUICK=1 does, beside a server of files,
// and holds the report to what it promises. It does not look at times.
func TestQuick(t *testing.T) {
	dir := programs(t)
	files := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "out", "static"))))
	defer files.Close()
	got, folder := measured(t, dir, "", "files:static="+files.URL)
	holdReport(t, got)
	page, err := os.ReadFile(filepath.Join(folder, "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"![hits](hits.svg)", "| 43KB | 32 | bare (base) |", "| overload 4× |"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("results.md has no %q", want)
		}
	}
	svg, err := os.ReadFile(filepath.Join(folder, "hits.svg"))
	if err != nil || !bytes.Contains(svg, []byte("</svg>")) {
		t.Errorf("hits.svg: %v, %d bytes and no picture", err, len(svg))
	}
}

// TestPeerThatCannot goes on without a server that does not do what a case asks.
func TestPeerThatCannot(t *testing.T) {
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	got, _ := measured(t, programs(t), "b", "imgproxy="+nothing.URL)
	for _, c := range got.Cases {
		if len(c.Rows) != 2 || c.Rows[0].Requests == 0 || c.Rows[1].Requests != 0 || !strings.Contains(c.Rows[1].Failure, "404") {
			t.Errorf("%s: %+v and %+v", c.Name, c.Rows[0], c.Rows[1])
		}
	}
	if len(got.Cases) != 2 {
		t.Errorf("%d cases, want b with 1 and 4 clients", len(got.Cases))
	}
}

// TestPeer measures an edge beside another that the bench starts itself.
func TestPeer(t *testing.T) {
	dir := programs(t)
	second := filepath.Join(dir, "second")
	script := "#!/bin/sh\nexec " + dir + `/edge serve -c "$STATIC/../edge.yaml" --listen "127.0.0.1:$PORT"` + "\n"
	if err := os.WriteFile(second, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	got, _ := measured(t, dir, "b stampede", "second:pixedge=exec:"+second)
	if len(got.Cases) != 3 {
		t.Fatalf("%d cases, want b with 1 and 4 clients, and stampede", len(got.Cases))
	}
	for _, c := range got.Cases {
		if len(c.Rows) != 2 || c.Base != "second" || c.Rows[1].Server != "second" || c.Rows[1].RateRatio != 1 || c.Rows[0].RateRatio <= 0 || c.Rows[1].Peak < 1 {
			t.Errorf("%s: base %q: %+v", c.Name, c.Base, c.Rows)
		}
	}
}

// holdReport checks what does not depend on the machine.
func holdReport(t *testing.T, r *report) {
	t.Helper()
	cases := make(map[string]int)
	for _, c := range r.Cases {
		cases[c.Group]++
		servers := make(map[string]*row)
		for _, x := range c.Rows {
			servers[x.Server] = x
			if x.Requests == 0 || x.Rounds != 1 || x.Rate <= 0 && x.Failures < x.Requests || x.P50 > x.P99 || x.P99 > x.P999 {
				t.Errorf("%s/%d: %+v", c.Name, c.Clients, x)
			}
			if known := x.Server != "files"; known != (x.Peak > 1) {
				t.Errorf("%s/%d %s: peak memory %v MiB", c.Name, c.Clients, x.Server, x.Peak)
			}
			if c.Group == "misses" && (x.Failures > 0 || x.SSIM < 0.8 || x.SSIM > 1 || x.Bytes < 100 || x.Fetches < int64(x.Requests)) {
				t.Errorf("%s/%d: %+v", c.Name, c.Clients, x)
			}
			if c.Group == "hits" && (x.Failures > 0 || x.Fetches > 0) {
				t.Errorf("%s: %+v", c.Name, x)
			}
		}
		want := []string{"edge"}
		if c.Group == "hits" {
			want = append(want, "bare")
		}
		if c.Name == "43KB" || c.Name == "0.7KB" {
			want = append(want, "files")
		}
		for _, name := range want {
			if servers[name] == nil {
				t.Errorf("%s/%d: no row for %s", c.Name, c.Clients, name)
			}
		}
		if len(servers) != len(want) {
			t.Errorf("%s/%d: %d servers, want %q", c.Name, c.Clients, len(servers), want)
		}
		if base := servers[c.Base]; (base == nil) == (c.Group == "hits") || base != nil && base.RateRatio != 1 {
			t.Errorf("%s/%d: base %q", c.Name, c.Clients, c.Base)
		}
		if s := servers["edge"]; c.Name == "stampede" && (s.Fetches != 1 || s.Requests != 1000) {
			t.Errorf("stampede: %d fetches for %d requests", s.Fetches, s.Requests)
		}
	}
	for group, n := range map[string]int{"misses": 16, "srcset": 1, "hits": 4, "load": 5} {
		if cases[group] != n {
			t.Errorf("%d cases of %s, want %d", cases[group], group, n)
		}
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect string
		work    work
		want    string
	}{
		{"pixedge", work{cover: [2]int{500, 400}, format: "jpeg", quality: 80}, "/v2/bench/t.resize(w:500,h:400)~t.toFormat(f:jpeg,q:80)/1/a.jpg"},
		{"pixedge", work{width: 400, format: "png"}, "/v2/bench/t.resize(w:400)~t.toFormat(f:png)/1/a.jpg"},
		{"pixedge", work{crop: [4]int{1, 2, 3, 4}, format: "webp", quality: 1}, "/v2/bench/t.crop(x:1,y:2,w:3,h:4)~t.toFormat(f:webp,q:1)/1/a.jpg"},
		{"imgproxy", work{cover: [2]int{500, 400}, format: "jpeg", quality: 80}, "/unsafe/rs:fill:500:400/q:80/plain/http:%2F%2Fo%2F1%2Fa.jpg@jpg"},
		{"imgproxy", work{width: 400, format: "png"}, "/unsafe/rs:fit:400:0/plain/http:%2F%2Fo%2F1%2Fa.jpg@png"},
		//nolint:misspell // north-west
		{"imgproxy", work{crop: [4]int{1, 2, 3, 4}, format: "webp", quality: 1}, "/unsafe/g:nowe:1:2/c:3:4/q:1/plain/http:%2F%2Fo%2F1%2Fa.jpg@webp"},
	} {
		if got := dialects()[c.dialect].path(c.work, "http://o/", "1/a.jpg"); got != c.want {
			t.Errorf("%s: %s, want %s", c.dialect, got, c.want)
		}
	}
}

func TestParsePeer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, name, url string
		root            int
	}{
		{"imgproxy=http://127.0.0.1:9001/", "imgproxy", "http://127.0.0.1:9001", 0},
		{"new:imgproxy=http://127.0.0.1:9001,pid=12", "new", "http://127.0.0.1:9001", 12},
		{"nginx:static=http://127.0.0.1:9100", "nginx", "http://127.0.0.1:9100", 0},
	} {
		got, err := parsePeer(c.text, nil)
		if err != nil || got.name != c.name || got.url != c.url || got.root != c.root {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
	for _, text := range []string{"", "imgproxy", "other=http://127.0.0.1", "imgproxy=127.0.0.1:9001", "imgproxy=http://127.0.0.1,pid=x", ":=http://127.0.0.1"} {
		if got, err := parsePeer(text, nil); err == nil {
			t.Errorf("%q: %+v, want an error", text, got)
		}
	}
}

func TestPeerThatEnds(t *testing.T) {
	t.Parallel()
	p, err := parsePeer("static=exec:/bin/false", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := p.start(t.Context()); err == nil {
		s.stop()
		t.Error("a program that ends at once has started")
	}
}

// TestTreeCountsChildren burns CPU in a child that is waited for, and holds memory.
func TestTreeCountsChildren(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; echo; read x`)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(stdin.Close(), cmd.Wait()) }()
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	tree, err := newTree(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if got := tree.cpu(); got < 20*time.Millisecond {
		t.Errorf("%v of CPU for 200,000 turns of a shell", got)
	}
	if got := tree.watch()(); got < 64<<10 {
		t.Errorf("%d bytes for a shell", got)
	}
	if n := len(tree.processes()); n != 1 {
		t.Errorf("%d processes, want the shell alone", n)
	}
}

func TestRow(t *testing.T) {
	t.Parallel()
	s := func(d ...int) (list []time.Duration) {
		for _, n := range d {
			list = append(list, time.Duration(n)*time.Millisecond)
		}
		return list
	}
	base := &series{server: &server{contender: &contender{name: "base"}}, rounds: []round{
		{requests: 10, elapsed: time.Second, cpu: time.Second, latencies: s(1)},
		{requests: 20, elapsed: time.Second, cpu: time.Second, latencies: s(1)},
	}}
	one := &series{server: &server{contender: &contender{name: "one"}}, answer: answer{9, 0.9}, rounds: []round{
		{requests: 5, failures: 1, elapsed: time.Second, cpu: time.Second, peak: 2 << 20, latencies: s(5, 1, 3)},
		{requests: 20, elapsed: 2 * time.Second, cpu: time.Second, peak: 1 << 20, latencies: s(4, 2), fetches: 3},
	}}
	got := newRow(one, base)
	want := row{
		Server: "one", Rounds: 2, Requests: 25, Failures: 1, Rate: 7, RateRatio: 0.45, CPU: 150, CPURatio: 1.75,
		P50: 3, P99: 5, P999: 5, Peak: 2, Bytes: 9, SSIM: 0.9, Fetches: 3,
	}
	if *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
	if r := got.remark(); r != "1 of 25 failed; 3 fetches for 25 requests" {
		t.Error(r)
	}
}

func TestOverloadRow(t *testing.T) {
	t.Parallel()
	s := &series{server: &server{contender: new(contender)}, rounds: []round{{
		requests: 100, failures: 50, elapsed: 4 * time.Second,
		overload: &overload{capacity: 20, window: 2 * time.Second, timely: 30, hits: []time.Duration{time.Second}, hitFailures: 2},
	}}}
	if got := newRow(s, nil).remark(); got != "50 of 100 failed; goodput 0.75 of 20/s, hits' p99 1000.0 ms; 2 hits failed" {
		t.Error(got)
	}
}

// TestBars leaves no server out because it was not in every case.
func TestBars(t *testing.T) {
	t.Parallel()
	r := report{Cases: []*result{
		{Name: "x", Group: "hits", Base: "a", Rows: []*row{{Server: "a", RateRatio: 1}}},
		{Name: "y", Group: "hits", Base: "a", Rows: []*row{{Server: "a", RateRatio: 1}, {Server: "b", RateRatio: 2}}},
		{Name: "z", Group: "hits", Base: "a", Rows: []*row{{Server: "a", RateRatio: 1}}},
	}}
	b := r.bars("hits", func(x *row) float64 { return x.RateRatio })
	if len(b.cases) != 3 || len(b.servers) != 2 || len(b.values["b"]) != 3 || b.values["b"][1] != 2 {
		t.Errorf("%+v", b)
	}
	file := filepath.Join(t.TempDir(), "b.svg")
	if err := b.draw("title", file); err != nil {
		t.Fatal(err)
	}
	if svg, err := os.ReadFile(file); err != nil || !strings.Contains(string(svg), "title") {
		t.Errorf("%v, %d bytes", err, len(svg))
	}
}

func TestSSIM(t *testing.T) {
	t.Parallel()
	a := make([]byte, 64*64)
	for i := range a {
		a[i] = byte(i * 7)
	}
	b := bytes.Clone(a)
	if got := benchmarks.SSIM(a, b, 64); math.Abs(got-1) > 1e-12 {
		t.Errorf("the same picture: %v", got)
	}
	for i := range b {
		b[i] ^= byte(i & 31)
	}
	if got := benchmarks.SSIM(a, b, 64); got > 0.999 || got < 0.5 {
		t.Errorf("a picture with noise: %v", got)
	}
}
