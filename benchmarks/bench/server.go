package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A contender is a server to be measured: one that runs already, or one that is
// started anew for each case, so that no case sees what another left behind.
type contender struct {
	name string
	dialect
	url  string // of one that runs
	root int    // its process; 0: not known
	// command returns what starts one that listens on the port.
	command func(port int) *exec.Cmd
}

// A server is a contender that runs.
type server struct {
	*contender
	url  string
	tree *tree // nil: not known
	cmd  *exec.Cmd
	gone chan struct{}
}

// parsePeer reads [NAME:]DIALECT=URL[,pid=PID] or [NAME:]DIALECT=exec:PROGRAM.
func parsePeer(text string, env []string) (*contender, error) {
	left, where, ok := strings.Cut(text, "=")
	name, kind, named := strings.Cut(left, ":")
	if !named {
		kind = name
	}
	d, known := dialects()[kind]
	if !ok || !known || name == "" {
		return nil, fmt.Errorf("peer %q: want [NAME:]DIALECT=URL[,pid=PID] or [NAME:]DIALECT=exec:PROGRAM, of the dialects pixedge, imgproxy and static", text)
	}
	c := &contender{name: name, dialect: d}
	if program, ok := strings.CutPrefix(where, "exec:"); ok {
		c.command = func(port int) *exec.Cmd {
			cmd := exec.Command(program) // stop ends it
			cmd.Env = append(append(os.Environ(), "PORT="+strconv.Itoa(port)), env...)
			return cmd
		}
		return c, nil
	}
	address, pid, ok := strings.Cut(where, ",pid=")
	if ok {
		n, err := strconv.Atoi(pid)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("peer %q: %q is no process", text, pid)
		}
		c.root = n
	}
	if !strings.HasPrefix(address, "http://") {
		return nil, fmt.Errorf("peer %q: %q is no http:// address", text, address)
	}
	c.url = strings.TrimRight(address, "/")
	return c, nil
}

// start starts the contender, or finds it running. The caller stops it.
func (c *contender) start(ctx context.Context) (*server, error) {
	s := &server{contender: c, url: c.url}
	if c.command == nil {
		return s, s.follow(c.root)
	}
	var err error
	for range 3 { // a port that was free may be taken a moment later
		if err = s.launch(ctx); err == nil {
			return s, s.follow(s.cmd.Process.Pid)
		}
	}
	return nil, err
}

func (s *server) launch(ctx context.Context) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	s.cmd, s.gone = s.command(port), make(chan struct{})
	// A bench that is killed must not leave servers behind.
	// Its group is its own, so that stop reaches what a script has started.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended is the business of who stopped it
		close(s.gone)
	}()
	s.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	deadline := time.After(20 * time.Second)
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp4", strings.TrimPrefix(s.url, "http://"))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.gone:
			return fmt.Errorf("%s ended before it served", s.name)
		case <-ctx.Done():
			s.stop()
			return ctx.Err()
		case <-deadline:
			s.stop()
			return fmt.Errorf("%s does not serve: %w", s.name, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) follow(pid int) error {
	if pid == 0 {
		return nil
	}
	t, err := newTree(pid)
	if err == nil && len(t.processes()) == 0 {
		err = errors.New("no such process")
	}
	if err != nil {
		s.stop()
		return fmt.Errorf("%s, process %d: %w", s.name, pid, err)
	}
	s.tree = &t
	return nil
}

// stop ends a server that was started here and waits until it has ended.
func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-s.gone:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.gone
	}
}

func freePort(ctx context.Context) (int, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}

// An edge is how this project's own server is started.
type edge struct {
	program string // bin/edge
	folder  string // for its settings
	origin  string
	silent  bool // no log line for each request
}

const settingsOfEdge = `metrics_listen: ""
access_log: %t
drain_timeout: 2s
clouds:
  - name: ` + cloud + `
    sources: [{http: {base: %q}}]
    allow_networks: [127.0.0.0/8]
    keys: [{id: key-1, token: secret-token}]
`

// contender writes the settings and says how the edge is started with them.
// Other settings come from the environment, as EDGE_ variables.
func (e edge) contender(name string) (*contender, error) {
	err := os.WriteFile(e.settings(name), fmt.Appendf(nil, settingsOfEdge, !e.silent, e.origin), 0o600)
	return &contender{name: name, dialect: dialects()["pixedge"], command: func(port int) *exec.Cmd {
		//nolint:gosec // the caller names it to be run; stop ends it
		cmd := exec.Command(e.program, "serve", "-c", e.settings(name), "--listen", fmt.Sprintf("127.0.0.1:%d", port))
		cmd.Env = append(os.Environ(), "MALLOC_ARENA_MAX=2") // as the README says to run it
		return cmd
	}}, err
}

func (e edge) settings(name string) string { return e.folder + "/" + name + ".yaml" }

// sign returns the URL with a signature that is good for an hour.
func (e edge) sign(ctx context.Context, name, url string) (string, error) {
	//nolint:gosec // the caller names it to be run
	out, err := exec.CommandContext(ctx, e.program, "sign", "-c", e.settings(name), url, "--expires", "1h").Output()
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
