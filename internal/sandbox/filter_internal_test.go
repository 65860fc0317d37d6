package sandbox

import (
	"slices"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
)

// TestNames finds a word of the lists that is no system call of any architecture
// we build for, and would be left out in silence.
func TestNames(t *testing.T) {
	names := slices.Concat(allowed(), hostile(), newer())
	for _, call := range allowedArgs(1) {
		names = append(names, call.Name)
	}
	for _, name := range names {
		_, amd := arch.X86_64.SyscallNames[name]
		_, arm := arch.AARCH64.SyscallNames[name]
		if !amd && !arm {
			t.Errorf("%s is no system call", name)
		}
	}
}

// TestArchitectures holds the filter of each architecture to a few calls that
// must be in it.
func TestArchitectures(t *testing.T) {
	for _, info := range []*arch.Info{arch.X86_64, arch.AARCH64} {
		p := policy(info, 1)
		if p.DefaultAction != seccomp.ActionErrno {
			t.Errorf("%s: calls without a word are answered with %v", info.Name, p.DefaultAction)
		}
		for i, names := range [][]string{{"futex", "read", "recvmsg", "exit_group", "fstat", "statx"}, {"execve", "ptrace", "mount"}, {"clone3", "openat2"}} {
			for _, name := range names {
				if !slices.Contains(p.Syscalls[i].Names, name) {
					t.Errorf("%s: group %d has no %s", info.Name, i, name)
				}
			}
		}
		for _, name := range []string{"memfd_create", "ftruncate", "fallocate", "memfd_secret", "shmget"} {
			if slices.Contains(p.Syscalls[0].Names, name) {
				t.Errorf("%s: %s makes memory that nobody counts", info.Name, name)
			}
		}
		for _, name := range []string{"openat", "mmap", "mprotect", "clone", "tgkill", "sendto", "fcntl", "prlimit64", "prctl"} {
			if !slices.ContainsFunc(p.Syscalls[0].NamesWithCondtions, func(c seccomp.NameWithConditions) bool { return c.Name == name }) {
				t.Errorf("%s: no %s", info.Name, name)
			}
		}
	}
}
