package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// family returns a process and all that it started, by the fourth field of their
// stat.
func family(pid int) []int {
	children := map[int][]int{}
	list, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range list {
		stat, _ := os.ReadFile(path)
		// The second field is a name in parentheses, with anything in it.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || len(fields) < 2 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], child)
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// resident returns the bytes that processes have in memory; those that have ended
// have none.
func resident(pids []int) int64 {
	var pages int64
	for _, pid := range pids {
		statm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if fields := strings.Fields(string(statm)); len(fields) > 1 {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			pages += n
		}
	}
	return pages * int64(os.Getpagesize())
}

// holdings are what the process that serves holds.
type holdings struct {
	files, goroutines int   // files without shared memory, which lies idle in pieces of 64 KiB and more
	resident          int64 // bytes
}

func holdingsOf(t *testing.T, edge *process) holdings {
	t.Helper()
	pid := edge.cmd.Process.Pid
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Fatal("no descriptors", err)
	}
	files := 0
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && !strings.HasPrefix(to, "/memfd:picture") {
			files++
		}
	}
	return holdings{files, int(number(t, edge, "go_goroutines")), resident([]int{pid})}
}

// restored waits until edge holds hardly more than before: connections that are kept,
// idle shared memory (32 MiB), renditions for a while, the cache (8 MiB) and what the Go
// runtime has not given back yet.
func (before holdings) restored(t *testing.T, edge *process) {
	t.Helper()
	const files, goroutines, resident = 16, 32, 120 << 20
	now := before
	defer func() { t.Logf("held %+v, holds %+v", before, now) }()
	eventually(t, "files, goroutines and memory as they were", func() bool {
		now = holdingsOf(t, edge)
		return now.files <= before.files+files && now.goroutines <= before.goroutines+goroutines && now.resident <= before.resident+resident
	})
}
