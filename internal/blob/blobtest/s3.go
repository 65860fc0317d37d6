package blobtest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"pixedge/internal/blob"
)

// S3ServerEnv names the environment variable with the path of the versitygw
// binary. If it is not set, the binary is .tools/versitygw in the directory of
// go.mod, where "make tools" puts it.
const S3ServerEnv = "EDGE_TEST_VERSITYGW"

// An S3Server is a running S3 server with one empty bucket.
type S3Server struct {
	Endpoint  string // http://127.0.0.1:port; it wants path style
	Region    string
	AccessKey string
	SecretKey string
	Bucket    string
	Dir       string // the bucket's files: what is put there is an object
}

// Config returns the settings of a store in the bucket, below prefix.
func (s S3Server) Config(prefix string) blob.S3Config {
	return blob.S3Config{
		Bucket:    s.Bucket,
		Prefix:    prefix,
		Endpoint:  s.Endpoint,
		PathStyle: true,
		Region:    s.Region,
		AccessKey: s.AccessKey,
		SecretKey: s.SecretKey,
	}
}

// startTime is how long the server may take to listen; it needs a tenth of a
// second on an idle machine.
const startTime = 20 * time.Second

// StartS3 starts an S3 server on a free port of 127.0.0.1, in a temporary
// directory, whose file system must have extended attributes: the server keeps
// what is not bytes in them. It ends with the test. A test that finds no
// server fails: one that is skipped is not missed.
func StartS3(t *testing.T) S3Server {
	t.Helper()
	binary := s3Binary(t)
	s := S3Server{
		Region:    "us-east-1",
		AccessKey: "test",
		SecretKey: "testsecret",
		Bucket:    "media",
		Dir:       filepath.Join(t.TempDir(), "media"),
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Another process may take a free port before the server does.
	for range 3 {
		address := freeAddress(t)
		args := []string{
			"--port", address, "--region", s.Region, "--access", s.AccessKey, "--secret", s.SecretKey,
			"--keep-alive", "--quiet", "posix", filepath.Dir(s.Dir),
		}
		if startProcess(t, exec.Command(binary, args...), address) {
			s.Endpoint = "http://" + address
			return s
		}
	}
	t.Fatal("versitygw does not start")
	return S3Server{}
}

func s3Binary(t *testing.T) string {
	t.Helper()
	binary := os.Getenv(S3ServerEnv) //nolint:forbidigo // a setting of the tests, not of the program
	if binary == "" {
		binary = filepath.Join(moduleRoot(t), ".tools", "versitygw")
	}
	if _, err := exec.LookPath(binary); err != nil {
		t.Fatalf("no S3 server to test with: %v; run make tools, or set %s", err, S3ServerEnv)
	}
	return binary
}

// moduleRoot returns the directory of go.mod; tests run in that of their
// package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("the test does not run below a go.mod")
		}
		dir = parent
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startProcess runs the server until the test ends, and reports whether it
// listens at address.
func startProcess(t *testing.T, cmd *exec.Cmd, address string) bool {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// A test binary that is killed, by its timeout for one, must not leave the
	// server behind.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); {
		select {
		case <-ended:
			t.Logf("versitygw ended: %s", &output)
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close() == nil
		}
	}
	return false
}
