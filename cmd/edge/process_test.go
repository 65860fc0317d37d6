package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A process is a running edge: this test's own binary, started anew.
type process struct {
	url     string // http://127.0.0.1:port
	metrics string // address of the metrics, likewise
	stdout  output
	stderr  output
	cmd     *exec.Cmd
	ready   chan struct{} // closed once it serves
	ended   chan struct{} // closed once it has ended with err
	err     error
}

// patience is for what an idle machine does in a fraction of a second.
const patience = time.Minute

// start runs edge serve in the folder dir, with nothing in its environment but
// env, until the test ends. Unless args say otherwise it takes free ports.
func start(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startAs(t, []string{"edge"}, dir, env, args...)
}

// startAs is start with another command in front of edge's arguments.
func startAs(t *testing.T, command []string, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{ready: make(chan struct{}), ended: make(chan struct{})}
	args = append([]string{"serve", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"}, args...)
	p.cmd = exec.Command(command[0], append(command[1:], args...)...)
	p.cmd.Dir, p.cmd.Env = dir, append([]string{"HOME=/no-home"}, env...)
	// A test binary that is killed must not leave servers behind.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stdout = &p.stdout
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.read(stderr)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	select {
	case <-p.ready:
	case <-p.ended:
		t.Fatalf("edge ended: %v\n%s", p.err, &p.stderr)
	case <-time.After(patience):
		t.Fatalf("edge does not serve\n%s", &p.stderr)
	}
	return p
}

// read keeps what edge writes to its log and finds the addresses in it.
func (p *process) read(log io.Reader) {
	lines := json.NewDecoder(io.TeeReader(log, &p.stderr))
	for {
		var line struct{ Msg, Listen, Metrics string }
		if err := lines.Decode(&line); err != nil {
			break
		}
		if line.Msg == "serving" {
			p.url, p.metrics = "http://"+line.Listen, "http://"+line.Metrics
			close(p.ready)
		}
	}
	// Whatever follows is no log: the message that the program ended with.
	_, _ = io.Copy(&p.stderr, log)
}

// terminate tells edge to stop.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit code of edge, once it has ended.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("edge does not end\n%s", &p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// output is text that grows while it is read.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// An answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// client follows no redirect and keeps no connection, so that a server which
// stops has none to wait for.
var client = http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       patience,
}

// get asks for a URL; each of headers is "Name: value".
func get(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	a, err := do(http.MethodGet, url, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func do(method, url string, headers ...string) (answer, error) {
	req, err := http.NewRequest(method, url, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, body}, err
}

// metric returns the value of a sample, such as edge_encodes_total.
func (p *process) metric(t *testing.T, sample string) string {
	t.Helper()
	for line := range strings.Lines(string(get(t, p.metrics+"/metrics").body)) {
		if value, ok := strings.CutPrefix(line, sample+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("/metrics has no %s", sample)
	return ""
}

// becomes waits until a sample has a value.
func (p *process) becomes(t *testing.T, sample, value string) {
	t.Helper()
	eventually(t, sample+" "+value, func() bool { return p.metric(t, sample) == value })
}
