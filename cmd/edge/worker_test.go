package main

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return err == nil && !strings.Contains(string(status), "State:\tZ")
}

// TestWorkersAreConfined looks at the workers of a running edge from outside.
func TestWorkersAreConfined(t *testing.T) {
	edge := start(t, t.TempDir(), nil, "--render-workers=2")
	workers := family(edge.cmd.Process.Pid)[1:]
	if len(workers) != 2 {
		t.Fatalf("%d workers, want 2", len(workers))
	}
	for _, pid := range workers {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000"} {
			if !strings.Contains(string(status), want) {
				t.Errorf("a worker has not %q", want)
			}
		}
	}
	if a, err := do(http.MethodGet, edge.url+"/v2/demo/t.resize(w:60)/card.png"); err != nil || a.status != http.StatusOK {
		t.Errorf("a confined worker renders nothing: %v, %v", a.status, err)
	}
}

// TestNoWorkerOutlivesItsServer kills a server in such a way that it can do
// nothing about its workers.
func TestNoWorkerOutlivesItsServer(t *testing.T) {
	edge := start(t, t.TempDir(), nil, "--render-workers=2")
	workers := family(edge.cmd.Process.Pid)[1:]
	if len(workers) == 0 {
		t.Fatal("no workers")
	}
	if err := edge.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "workers that end with their server", func() bool {
		return !slices.ContainsFunc(workers, alive)
	})
}
