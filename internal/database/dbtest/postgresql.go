package dbtest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/database"
)

// A server is a PostgreSQL of the test package's own, in a temporary folder, that
// listens on a socket in it.
type server struct {
	once   sync.Once
	err    error
	dir    string
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan struct{}
	names  atomic.Int64
	inMain bool
}

// shared is started by the first test that wants it and stopped by Main: a server
// for each test would cost each of them a second.
var shared server

// Main runs the tests and stops the server that they used. Its result is for
// [os.Exit].
func Main(m *testing.M) int {
	shared.inMain = true
	defer shared.stop()
	return m.Run()
}

// PostgreSQL returns the settings of an empty database in a real server.
func PostgreSQL(t *testing.T) database.Config {
	t.Helper()
	if !shared.inMain {
		t.Fatal("TestMain must call dbtest.Main, which stops the server")
	}
	shared.once.Do(func() { shared.err = shared.start() })
	if shared.err != nil {
		t.Fatalf("no PostgreSQL to test with: %v\n%s", shared.err, &shared.output)
	}
	name := fmt.Sprintf("test%d", shared.names.Add(1))
	if err := shared.exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.exec("DROP DATABASE " + name + " WITH (FORCE)") })
	return database.Config{Database: database.Location(shared.url(name))}
}

// Disconnect ends every connection to the database, as a network or a restart does.
func Disconnect(t *testing.T, c database.Config) {
	t.Helper()
	u, err := url.Parse(string(c.Database))
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", u.Path[1:]); err != nil {
		t.Fatal(err)
	}
}

func (s *server) url(name string) string {
	return "postgres:///" + name + "?" + url.Values{"host": {s.dir}, "user": {"test"}}.Encode()
}

func (s *server) exec(statement string, args ...any) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.Exec(statement, args...)
	return errors.Join(err, db.Close())
}

// startTime is how long the server may take to listen; it needs a tenth of a second
// on an idle machine.
const startTime = 30 * time.Second

func (s *server) start() error {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	owner, err := unprivileged()
	if err != nil {
		return err
	}
	if s.dir, err = folder(owner); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	// Letters are ordered as in a dictionary, as on many a server, so that nothing
	// relies on the order of bytes unsaid.
	made := exec.Command(initdb, "-D", data, "-U", "test", "-A", "trust", "-N", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
	if err := s.run(made, owner); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	s.cmd = exec.Command(postgres, "-D", data, "-k", s.dir, "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "max_connections=200", "-c", "log_min_messages=fatal")
	return s.listen(owner)
}

func (s *server) prepare(cmd *exec.Cmd, owner *syscall.Credential) {
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	// A test binary that is killed, by its timeout for one, must not leave the
	// server behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGQUIT}
}

func (s *server) run(cmd *exec.Cmd, owner *syscall.Credential) error {
	s.prepare(cmd, owner)
	return cmd.Run()
}

func (s *server) listen(owner *syscall.Credential) error {
	s.prepare(s.cmd, owner)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	var err error
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); {
		select {
		case <-s.ended:
			return errors.New("the server ended")
		case <-time.After(20 * time.Millisecond):
		}
		if err = s.exec("SELECT 1"); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the server does not listen: %w", err)
}

// stop has the server end at once, and in order: it takes what it shares with its
// processes away.
func (s *server) stop() {
	if s.ended != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.ended
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// folder makes a folder for owner. Its name is short, for a socket's path has at
// most 107 bytes.
func folder(owner *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp("", "pg-")
	if err != nil || owner == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(owner.Uid), int(owner.Gid))
}

// unprivileged returns whom the server runs as if the tests are root, whom it
// refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // none is needed
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// program finds a program of the server, which Debian keeps out of PATH.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is not there; install postgresql (scripts/packages test)", name)
	}
	return found[len(found)-1], nil
}
