package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pixedge/internal/sandbox"
	"pixedge/internal/transform/vips"
)

const done = "done"

// env is what deeds work with.
type env struct {
	dir  string // has a file "there" and a file "doomed"
	pair [2]int // the two ends of a socket, from before Enter
	file int    // memory of fileSize bytes, from before Enter
}

// refused are deeds that fail inside and succeed outside, so that it is Enter
// that makes them fail.
func refused() map[string]func(e env) error {
	return map[string]func(e env) error{
		"create a file": func(e env) error { return os.WriteFile(filepath.Join(e.dir, "new"), nil, 0o600) },
		"write a file":  func(e env) error { return open(filepath.Join(e.dir, "there"), unix.O_WRONLY) },
		"append":        func(e env) error { return open(filepath.Join(e.dir, "there"), unix.O_RDWR|unix.O_APPEND) },
		"nameless file": func(e env) error { return open(e.dir, unix.O_WRONLY|unix.O_TMPFILE) },
		"openat2":       openat2,
		"unlink":        func(e env) error { return os.Remove(filepath.Join(e.dir, "doomed")) },
		"rename":        func(e env) error { return os.Rename(filepath.Join(e.dir, "there"), filepath.Join(e.dir, "there")) },
		"mkdir":         func(e env) error { return os.Mkdir(filepath.Join(e.dir, "folder"), 0o700) },
		"symlink":       func(e env) error { return os.Symlink("x", filepath.Join(e.dir, "link")) },
		"chmod":         func(e env) error { return os.Chmod(filepath.Join(e.dir, "there"), 0o666) },
		"unix socket":   func(env) error { return socket(unix.AF_UNIX) },
		"inet socket":   func(env) error { return socket(unix.AF_INET) },
		"inet6 socket":  func(env) error { return socket(unix.AF_INET6) },
		"socketpair":    func(env) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0); return err },
		"listen":        func(env) error { return listen() },
		"fork":          func(env) error { return fork() },
		"program":       func(env) error { return exec.CommandContext(context.Background(), "/bin/true").Run() },
		"clone3":        func(env) error { return clone3() },
		"signal":        func(env) error { return syscall.Kill(os.Getppid(), 0) },
		"own the signals of a pipe": func(env) error {
			var p [2]int
			if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
				return err
			}
			_, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETOWN, os.Getppid())
			return err
		},
		"other user's limit": func(env) error {
			return unix.Prlimit(os.Getppid(), unix.RLIMIT_CORE, nil, new(unix.Rlimit))
		},
		"limit of files":     func(env) error { return setLimit(unix.RLIMIT_NOFILE) },
		"limit of memory":    func(env) error { return setLimit(unix.RLIMIT_AS) },
		"limit of file size": func(env) error { return setLimit(unix.RLIMIT_FSIZE) },
		"code from a file":   codeFromFile,
		"data becomes code":  dataBecomesCode,
		"death signal":       func(env) error { return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0) },
		"memory file": func(env) error {
			fd, err := unix.MemfdCreate("more", unix.MFD_CLOEXEC)
			return errors.Join(err, unix.Close(fd))
		},
		"longer memory file": func(e env) error { return unix.Ftruncate(e.file, 2*fileSize) },
		"full memory file":   func(e env) error { return unix.Fallocate(e.file, 0, 0, fileSize) },
		"write a long file": func(e env) error {
			_, err := unix.Pwrite(e.file, []byte{1}, policy().File)
			return err
		},
		"shared memory": func(env) error {
			page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
			if err != nil {
				return err
			}
			return unix.Munmap(page)
		},
		"more memory than given": func(env) error { return mapMemory(policy().Memory + 1<<20) },
		"more files than given":  func(env) error { return manyFiles(policy().Files + 1) },
	}
}

// unread are deeds that only Landlock refuses.
func unread() map[string]func(e env) error {
	return map[string]func(e env) error{
		"read /etc/passwd":  func(env) error { return open("/etc/passwd", unix.O_RDONLY) },
		"read own memory":   func(env) error { return open("/proc/self/maps", unix.O_RDONLY) },
		"list a folder":     func(e env) error { _, err := os.ReadDir(e.dir); return err },
		"read a known file": func(e env) error { return open(filepath.Join(e.dir, "there"), unix.O_RDONLY) },
	}
}

// granted are deeds that a worker needs.
func granted() map[string]func(e env) error {
	return map[string]func(e env) error{
		"result":  writeResult,
		"memory":  func(env) error { return mapMemory(256 << 20) },
		"font":    readFont,
		"budget":  func(env) error { return sandbox.Budget(time.Hour) },
		"socket":  talk,
		"threads": threads,
		"exec memory": func(env) error {
			_, err := unix.Mmap(-1, 0, 65536, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
			return err
		},
	}
}

// lethal are deeds that end the process.
func lethal() map[string]func() error {
	return map[string]func() error{
		"exec":        func() error { return syscall.Exec("/bin/true", []string{"true"}, nil) },
		"ptrace":      func() error { return call(unix.SYS_PTRACE, unix.PTRACE_TRACEME) },
		"mount":       func() error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") },
		"unshare":     func() error { return call(unix.SYS_UNSHARE, 0) },
		"chroot":      func() error { return unix.Chroot("/") },
		"bpf":         func() error { return call(unix.SYS_BPF, 0) },
		"io_uring":    func() error { return call(unix.SYS_IO_URING_SETUP, 0) },
		"userfaultfd": func() error { return call(unix.SYS_USERFAULTFD, 0) },
		"keyctl":      func() error { return call(unix.SYS_KEYCTL, 0) },
		"perf":        func() error { return call(unix.SYS_PERF_EVENT_OPEN, 0) },
	}
}

func TestDeeds(t *testing.T) {
	for name, in := range map[string]message{"started as root or whoever runs this": {}, "started as nobody special": {UID: 65532}} {
		t.Run(name, func(t *testing.T) {
			if in.UID != 0 && os.Getuid() != 0 {
				t.Skip("only root becomes somebody else")
			}
			in.Dir = shared(t)
			inside := mustPlay(t, "deeds", in)
			if in.UID == 0 {
				in.Free = true
				outside := mustPlay(t, "deeds", in).Outcomes
				for deed := range refused() {
					if outcome := outside[deed]; outcome != done {
						t.Errorf("%s outside: %s", deed, outcome)
					}
				}
			}
			holdDeeds(t, inside)
		})
	}
}

// shared is a folder that other users may write in, as t.TempDir is not.
func shared(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func holdDeeds(t *testing.T, inside message) {
	t.Helper()
	for _, thread := range []string{"", " on a thread from before", " on a thread from after"} {
		for deed := range refused() {
			if outcome := inside.Outcomes[deed+thread]; outcome == done || outcome == "" {
				t.Errorf("%s%s: %q, want it refused", deed, thread, outcome)
			}
		}
		for deed := range granted() {
			if outcome := inside.Outcomes[deed+thread]; outcome != done {
				t.Errorf("%s%s: %s", deed, thread, outcome)
			}
		}
		for deed := range unread() {
			switch outcome := inside.Outcomes[deed+thread]; {
			case inside.Report.Landlock == 0:
				t.Logf("%s%s: no Landlock here: %v", deed, thread, inside.Report.Missing)
			case outcome == done || outcome == "":
				t.Errorf("%s%s: %q, want it refused", deed, thread, outcome)
			}
		}
	}
}

// deeds tries everything, on a thread that was there before Enter as well and on
// a new one.
func deeds(in message) (out message, err error) {
	dir := in.Dir
	e := env{dir: dir}
	if e.pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return out, err
	}
	if e.file, err = unix.MemfdCreate("result", unix.MFD_CLOEXEC); err != nil {
		return out, err
	}
	if err := unix.Ftruncate(e.file, fileSize); err != nil {
		return out, err
	}
	for _, name := range []string{"there", "doomed"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o666); err != nil {
			return out, err
		}
	}
	out.Outcomes = make(map[string]string)
	older, finished := make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		<-older
		try(out.Outcomes, e, " on a thread from before")
		close(finished)
	}()
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	if in.Free {
		try(out.Outcomes, e, "")
		return out, nil
	}
	try(out.Outcomes, e, "")
	close(older)
	<-finished
	newer := make(chan struct{})
	go func() {
		runtime.LockOSThread() // never unlocked: its thread ends with it
		try(out.Outcomes, e, " on a thread from after")
		close(newer)
	}()
	<-newer
	return out, nil
}

func try(outcomes map[string]string, e env, thread string) {
	for _, deeds := range []map[string]func(env) error{refused(), unread(), granted()} {
		for name, deed := range deeds {
			outcome := done
			if err := deed(e); err != nil {
				outcome = err.Error()
			}
			outcomes[name+thread] = outcome
		}
	}
}

// TestThreads asks the kernel about each thread of a process that entered.
func TestThreads(t *testing.T) {
	data, err := json.Marshal(message{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), partVariable+"=hold")
	cmd.Stderr = t.Output()
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
	defer func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := stdin.Write(data); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", cmd.Process.Pid))
	if err != nil || len(tasks) < 3 {
		t.Fatalf("%d threads: %v", len(tasks), err)
	}
	for _, task := range tasks {
		holdStatus(t, task)
	}
}

func holdStatus(t *testing.T, task string) {
	t.Helper()
	data, err := os.ReadFile(task)
	if err != nil {
		t.Fatal(err)
	}
	none := "0000000000000000"
	want := map[string]string{"CapPrm": none, "CapEff": none, "CapInh": none, "CapAmb": none, "NoNewPrivs": "1", "Seccomp": "2"}
	if os.Getuid() == 0 {
		want["Uid"], want["Gid"], want["Groups"] = "65534 65534 65534 65534", "65534 65534 65534 65534", ""
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		if wanted, ok := want[name]; ok && strings.Join(strings.Fields(value), " ") != wanted {
			t.Errorf("%s: %s, want %s", task, strings.TrimSpace(line), wanted)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("%s does not tell %v", task, want)
	}
}

// hold enters, says so, and stays until the test ends its input.
func hold(in message) (out message, err error) {
	for range 3 { // threads from before, that do nothing
		go func() {
			runtime.LockOSThread()
			select {}
		}()
	}
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	if _, err := os.Stdout.WriteString("\n"); err != nil {
		return out, err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return out, err
}

func TestLethal(t *testing.T) {
	for name := range lethal() {
		t.Run(name, func(t *testing.T) {
			_, err := play(t, "deed", message{Deed: name})
			if err == nil {
				t.Fatal("it lives")
			}
			if got := killedBy(err); got != syscall.SIGSYS {
				t.Errorf("ended with %v, want SIGSYS", err)
			}
		})
	}
}

func deed(in message) (out message, err error) {
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	return out, lethal()[in.Deed]()
}

// TestBudget has C code use more CPU than it was given: a codec, which nothing in
// the process can stop.
func TestBudget(t *testing.T) {
	_, err := play(t, "spin", message{})
	if got := killedBy(err); got != syscall.SIGXCPU {
		t.Errorf("ended with %v, want SIGXCPU", err)
	}
}

func spin(in message) (out message, err error) {
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	m, err := vips.Plain(1500, 1500, []float64{200, 100, 50})
	if err != nil {
		return out, err
	}
	// The first budget would be too small for both together.
	if err := errors.Join(sandbox.Budget(time.Hour), m.Settle(), sandbox.Budget(time.Second)); err != nil {
		return out, err
	}
	for range 1000 {
		if _, err := m.Save(context.Background(), vips.SaveWebP, vips.Settings{Quality: 90, Effort: 6}, nil); err != nil {
			return out, err
		}
	}
	return out, nil
}

// TestMemory has libvips ask for more than the process may have: it says so and
// goes on.
func TestMemory(t *testing.T) {
	out := mustPlay(t, "memory", message{})
	if outcome := out.Outcomes["large"]; outcome == done || outcome == "" {
		t.Errorf("588 MB with 512 MiB: %q", outcome)
	}
	if outcome := out.Outcomes["small"]; outcome != done {
		t.Errorf("3 MB afterwards: %s", outcome)
	}
	free := mustPlay(t, "memory", message{Free: true})
	if outcome := free.Outcomes["large"]; outcome != done {
		t.Errorf("588 MB outside: %s", outcome)
	}
}

func memory(in message) (out message, err error) {
	if out.Report, err = enter(in); err != nil {
		return out, err
	}
	out.Outcomes = make(map[string]string)
	for name, side := range map[string]int{"large": 14_000, "small": 1000} {
		out.Outcomes[name] = done
		m, err := vips.Plain(side, side, []float64{1, 2, 3})
		if err == nil {
			err = m.Settle()
			m.Close()
		}
		if err != nil {
			out.Outcomes[name] = err.Error()
		}
	}
	return out, nil
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func openat2(e env) error {
	fd, err := unix.Openat2(unix.AT_FDCWD, filepath.Join(e.dir, "there"), &unix.OpenHow{Flags: unix.O_RDONLY})
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func socket(family int) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func listen() error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err == nil {
		l.Close()
	}
	return err
}

// fork makes a child that ends at once.
func fork() error {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	if pid == 0 {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := syscall.Wait4(int(pid), nil, 0, nil)
	return err
}

// clone3 asks for nothing possible: a kernel that has the call says so in another
// way than one that has not.
func clone3() error {
	if err := call(unix.SYS_CLONE3, 0); errors.Is(err, unix.ENOSYS) {
		return err
	}
	return nil
}

func call(number, argument uintptr) error {
	if _, _, errno := unix.RawSyscall(number, argument, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// setLimit sets a limit as it is, which the kernel lets everybody do.
func setLimit(which int) error {
	var now unix.Rlimit
	if err := unix.Prlimit(0, which, nil, &now); err != nil {
		return err
	}
	return unix.Prlimit(0, which, &now, nil)
}

func codeFromFile(e env) error {
	page, err := unix.Mmap(e.file, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	return unix.Munmap(page)
}

func dataBecomesCode(env) error {
	page, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	defer unix.Munmap(page)
	return unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
}

// fileSize is how many bytes a worker's memory for results has here.
const fileSize = 1 << 20

// writeResult writes to memory from before Enter.
func writeResult(e env) error {
	view, err := unix.Mmap(e.file, 0, fileSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	view[fileSize-1] = 1
	return unix.Munmap(view)
}

func mapMemory(size int64) error {
	block, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	return unix.Munmap(block)
}

func manyFiles(n int) error {
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	for range n {
		fd, err := unix.Dup(1)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
	}
	return nil
}

// readFont reads a font of the folders that stay readable.
func readFont(env) error {
	found := errors.New("no font there")
	err := filepath.WalkDir("/usr/share/fonts", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if _, err := os.ReadFile(path); err != nil {
			return err
		}
		found = nil
		return fs.SkipAll
	})
	return errors.Join(err, found)
}

// talk sends memory over the socket, and with the Go runtime's poller, as
// a worker and its server do.
func talk(e env) error {
	var ends [2]*net.UnixConn
	for i, fd := range e.pair {
		copied, err := unix.Dup(fd)
		if err != nil {
			return err
		}
		file := os.NewFile(uintptr(copied), "socket")
		defer file.Close()
		conn, err := net.FileConn(file)
		if err != nil {
			return err
		}
		defer conn.Close()
		ends[i] = conn.(*net.UnixConn)
	}
	go func() {
		time.Sleep(time.Millisecond) // so that the reader waits in the poller
		ends[0].WriteMsgUnix([]byte("x"), unix.UnixRights(e.file), nil)
	}()
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := ends[1].ReadMsgUnix(make([]byte, 1), control)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	return unix.Close(fds[0])
}

// threads makes the Go runtime start threads.
func threads(env) error {
	ids, stay := make(chan int), make(chan struct{})
	defer close(stay)
	for range 8 {
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			ids <- unix.Gettid()
			<-stay
		}()
	}
	seen := make(map[int]bool)
	for range 8 {
		seen[<-ids] = true
	}
	if len(seen) != 8 {
		return fmt.Errorf("8 goroutines had %d threads", len(seen))
	}
	return nil
}
