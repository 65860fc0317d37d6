package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// filter lets through the system calls that Go and libvips make to render, on all
// threads, and refuses the rest.
func filter() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	// The bit no_new_privs is the thread's own until the filter spreads it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := seccomp.Filter{
		NoNewPrivs: true,
		// The library does not look at what the kernel answers when a thread cannot be
		// made to follow: the second flag turns that into an error.
		Flag:   seccomp.FilterFlagTSync | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
		Policy: policy(info, os.Getpid()),
	}
	err = seccomp.LoadFilter(f)
	if errors.Is(err, unix.EINVAL) { // a kernel before 5.7 does not know it
		f.Flag = seccomp.FilterFlagTSync
		err = seccomp.LoadFilter(f)
	}
	if err != nil {
		return err
	}
	return probe()
}

// probe makes a call that the filter refuses: no word of the kernel is better.
func probe() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		return errors.Join(errors.New("the filter is loaded and does not filter"), unix.Close(fd))
	}
	if !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("a socket is refused, but not by the filter: %w", err)
	}
	return nil
}

// policy is the filter for the system calls of one architecture and the process
// with that id. Calls that it has no word for fail with EPERM, as files and
// sockets do where a container forbids them: libraries live with that.
func policy(info *arch.Info, pid int) seccomp.Policy {
	return seccomp.Policy{
		DefaultAction: seccomp.ActionErrno, // EPERM
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: known(info, allowed()), NamesWithCondtions: knownArgs(info, allowedArgs(pid))},
			{Action: seccomp.ActionKillProcess, Names: known(info, hostile())},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: known(info, newer())},
		},
	}
}

// allowed are the calls that may be made with any arguments. What several
// architectures call differently is there under each name.
func allowed() []string {
	return []string{
		// Memory. mmap and mprotect are in allowedArgs.
		"munmap", "mremap", "madvise", "mincore", "brk",
		// Threads of this process.
		"futex", "set_robust_list", "rseq", "set_tid_address", "gettid", "getpid", "getppid", "exit", "exit_group",
		"sched_yield", "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler", "getcpu", "membarrier",
		// Its own signals.
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
		// Time.
		"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage",
		// What descriptors it has: the socket to the server, memory files, pipes. Neither
		// new memory files nor longer ones: who watches the process does not see them.
		"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek",
		"close", "dup", "dup2", "dup3", "pipe2", "eventfd2", "fadvise64",
		"recvmsg", "recvfrom", "sendmsg", "shutdown", "getsockname", "getpeername", "getsockopt",
		"poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
		// Looking at files; which, is Landlock's concern.
		"fstat", "stat", "lstat", "newfstatat", "fstatat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
		"readlink", "readlinkat", "getdents64", "getcwd",
		// Questions about the machine and the process.
		"getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrlimit", "getrandom", "umask",
		// Where threads of encoders run: x265 asks libnuma for it, which complains loudly when it may not.
		"getpriority", "get_mempolicy", "set_mempolicy",
	}
}

// writing are the flags of open that could change a file.
const writing = unix.O_WRONLY | unix.O_RDWR | unix.O_CREAT | unix.O_TRUNC | (unix.O_TMPFILE &^ unix.O_DIRECTORY)

// spaces are the flags of clone for namespaces.
const spaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// allowedArgs are the calls that may be made with some arguments. Conditions of
// one row hold together; of rows for one call, one must hold.
func allowedArgs(pid int) []seccomp.NameWithConditions {
	self := uint64(pid) //nolint:gosec // not below 0
	calls := []seccomp.NameWithConditions{
		// Reading files, and not writing.
		{Name: "open", Conditions: when(1, seccomp.BitsNotSet, writing)},
		{Name: "openat", Conditions: when(2, seccomp.BitsNotSet, writing)},
		// Code: none from files. Orc compiles libvips' vector loops into anonymous memory.
		// That is its own alone: what is shared is a memory file without a name.
		{Name: "mmap", Conditions: append(when(2, seccomp.BitsNotSet, unix.PROT_EXEC), when(3, seccomp.BitsNotSet, unix.MAP_ANONYMOUS)...)},
		{Name: "mmap", Conditions: append(when(3, seccomp.BitsSet, unix.MAP_ANONYMOUS), when(3, seccomp.BitsNotSet, unix.MAP_SHARED)...)},
		{Name: "mprotect", Conditions: when(2, seccomp.BitsNotSet, unix.PROT_EXEC)},
		// Threads, and no processes.
		{Name: "clone", Conditions: append(when(0, seccomp.BitsSet, unix.CLONE_THREAD), when(0, seccomp.BitsNotSet, spaces)...)},
		// The calling thread alone; GLib and x265 do that in threads of theirs.
		{Name: "sched_setattr", Conditions: when(0, seccomp.Equal, 0)},
		{Name: "sched_setaffinity", Conditions: when(0, seccomp.Equal, 0)},
		// Signals to itself: how abort and the Go runtime end and preempt.
		{Name: "tgkill", Conditions: when(0, seccomp.Equal, self)},
		{Name: "kill", Conditions: when(0, seccomp.Equal, self)},
		// Answers to the peer of the socket, and to no address.
		{Name: "sendto", Conditions: when(4, seccomp.Equal, 0)},
		// Budget sets a limit; the others can be asked for.
		{Name: "prlimit64", Conditions: append(when(0, seccomp.Equal, 0), when(1, seccomp.Equal, unix.RLIMIT_CPU)...)},
		{Name: "prlimit64", Conditions: append(when(0, seccomp.Equal, 0), when(2, seccomp.Equal, 0)...)},
	}
	// Names of threads and of memory.
	for _, option := range []uint64{unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA} {
		calls = append(calls, seccomp.NameWithConditions{Name: "prctl", Conditions: when(0, seccomp.Equal, option)})
	}
	// Not F_SETOWN with F_SETSIG, which send any signal to any process.
	for _, command := range []uint64{
		unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL, unix.F_ADD_SEALS, unix.F_GET_SEALS,
	} {
		calls = append(calls, seccomp.NameWithConditions{Name: "fcntl", Conditions: when(1, seccomp.Equal, command)})
	}
	return calls
}

// when is one condition on one argument.
func when(argument uint32, operation seccomp.Operation, value uint64) seccomp.ArgumentConditions {
	return seccomp.ArgumentConditions{{Argument: argument, Operation: operation, Value: value}}
}

// hostile are the calls that no library makes to render a picture: who makes one
// is not libvips any more, and dies at once.
func hostile() []string {
	return []string{
		"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
		"mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "move_mount", "open_tree", "mount_setattr",
		"unshare", "setns", "open_by_handle_at",
		"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
		"keyctl", "add_key", "request_key",
		"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct",
	}
}

// newer are calls with an older one beside them, which libc takes when told that
// the kernel does not have them. Their arguments lie in memory, where a filter
// does not see them.
func newer() []string { return []string{"clone3", "openat2"} }

// known are the names that the architecture has.
func known(info *arch.Info, names []string) (there []string) {
	for _, name := range names {
		if _, ok := info.SyscallNames[name]; ok {
			there = append(there, name)
		}
	}
	return there
}

func knownArgs(info *arch.Info, calls []seccomp.NameWithConditions) (there []seccomp.NameWithConditions) {
	for _, call := range calls {
		if _, ok := info.SyscallNames[call.Name]; ok {
			there = append(there, call)
		}
	}
	return there
}
