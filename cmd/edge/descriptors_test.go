package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"pixedge/internal/database"
)

// connect opens n connections to the edge that say nothing.
func (p *process) connect(t *testing.T, n int) (closeAll func()) {
	t.Helper()
	var conns []net.Conn
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	closeAll = func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}
	t.Cleanup(closeAll)
	return closeAll
}

// TestConnections leaves descriptors for all that the settings allow.
func TestConnections(t *testing.T) {
	defaults := func(change func(*settings)) *settings {
		s := &settings{Misses: 64, Isolation: "process"}
		s.Admit.Queue, s.Render.Workers, s.Later.Workers = 256, 2, 1
		s.Rendition.Memory = 64 << 20
		change(s)
		return s
	}
	const files = 100_000
	kept := 64 + 256 + database.Files() + 4*64 + (64 + 256 + 2 + 1) + 2*10 + 512 + 1024
	for _, tt := range []struct {
		name   string
		change func(*settings)
		files  int
		want   int
	}{
		{"as it comes", func(*settings) {}, files, files - kept},
		{"a longer queue", func(s *settings) { s.Admit.Queue += 1000 }, files, files - kept - 1000},
		{"more fetches", func(s *settings) { s.Misses += 100 }, files, files - kept - 500},
		{"more workers", func(s *settings) { s.Render.Workers += 10 }, files, files - kept - 110},
		{"no workers", func(s *settings) { s.Isolation = "none" }, files, files - kept + 20 + 512},
		{"no renditions", func(s *settings) { s.Rendition.Memory = 0 }, files, files - kept + 1024},
		{"a limit", func(s *settings) { s.Server.Max = 70 }, files, 70},
		{"too few for all", func(*settings) {}, 1000, 500},
		{"hardly any", func(*settings) {}, 1, 1},
	} {
		if got := defaults(tt.change).connections(tt.files); got != tt.want {
			t.Errorf("%s: %d connections, want %d", tt.name, got, tt.want)
		}
	}
}

// TestFewDescriptors gives the edge few file descriptors and takes more
// connections than that.
func TestFewDescriptors(t *testing.T) {
	edge := startAs(t, []string{"sh", "-c", `ulimit -n 100 && exec edge "$@"`, "sh"}, t.TempDir(), []string{"PATH=" + os.Getenv("PATH")})
	if !strings.Contains(edge.stderr.String(), `"connections":50`) {
		t.Errorf("half of the descriptors are not kept:\n%s", &edge.stderr)
	}
	closeAll := edge.connect(t, 150)
	if a := get(t, edge.metrics+"/health"); a.status != http.StatusOK {
		t.Errorf("health on the address of metrics: %d", a.status)
	}
	eventually(t, "healthy", func() bool {
		a, err := do(http.MethodGet, edge.url+"/health")
		return err == nil && a.status == http.StatusOK
	})
	closeAll()
	eventually(t, "serving again", func() bool {
		a, err := do(http.MethodGet, edge.url+"/v2/demo/t.resize(w:10)/card.png")
		return err == nil && a.status == http.StatusOK
	})
}

// TestNoDescriptors takes every file descriptor from an edge that runs. It has some
// thirty itself, most of which are its workers'.
func TestNoDescriptors(t *testing.T) {
	edge := start(t, t.TempDir(), nil)
	if a := get(t, edge.url+"/v2/demo/t.resize(w:10)/card.png"); a.status != http.StatusOK {
		t.Fatalf("status %d", a.status)
	}
	before := descriptors(t, edge, 40)
	edge.connect(t, 100)() // more than there can be: some are closed before they are taken
	closeAll := edge.connect(t, 100)
	cpu, began := ticks(t, edge), time.Now()
	time.Sleep(time.Second)
	spent, passed := ticks(t, edge)-cpu, time.Since(began)
	if time.Duration(spent)*10*time.Millisecond > passed/2 {
		t.Errorf("an edge without descriptors took %d hundredths of a second of CPU in %v", spent, passed)
	}
	closeAll()
	eventually(t, "serving again", func() bool {
		a, err := do(http.MethodGet, edge.url+"/v2/demo/t.resize(w:10)/card.png")
		return err == nil && a.status == http.StatusOK
	})
	descriptors(t, edge, before)
}

// ticks returns the CPU time that an edge has taken, in hundredths of a second.
func ticks(t *testing.T, edge *process) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", edge.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// descriptors sets how many files a running edge may open, and returns how many
// it was before.
func descriptors(t *testing.T, edge *process, limit uint64) uint64 {
	t.Helper()
	var before, none syscall.Rlimit
	change := func(now, old *syscall.Rlimit) {
		t.Helper()
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(edge.cmd.Process.Pid), syscall.RLIMIT_NOFILE,
			uintptr(unsafe.Pointer(now)), uintptr(unsafe.Pointer(old)), 0, 0); errno != 0 {
			t.Fatal(fmt.Errorf("prlimit: %w", errno))
		}
	}
	change(nil, &before)
	change(&syscall.Rlimit{Cur: limit, Max: before.Max}, &none)
	return before.Cur
}
