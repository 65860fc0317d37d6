package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	if len(workers) != 3 {
		t.Fatalf("%d workers, want 2 and a spare one", len(workers))
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

// TestOnePictureAWorker never gives a process a second picture.
func TestOnePictureAWorker(t *testing.T) {
	const pictures = 12
	edge := start(t, t.TempDir(), nil, "--worker-renders=1", "--worker-spares=2", "--render-workers=2", "--queue-timeout=1m", "--request-timeout=1m")
	var clients sync.WaitGroup
	for i := range pictures {
		clients.Go(func() {
			if a, err := do(http.MethodGet, fmt.Sprintf("%s/v2/demo/t.resize(w:%d)/card.png", edge.url, 50+i)); err != nil || a.status != http.StatusOK {
				t.Errorf("%v, %v", a.status, err)
			}
		})
	}
	clients.Wait()
	eventually(t, "a worker that has ended for each picture", func() bool {
		return number(t, edge, `edge_workers_ended_total{cause="retired"}`) >= pictures && number(t, edge, "edge_worker_replacement_seconds_count") >= pictures
	})
}

// number returns the value of a sample as a number.
func number(t *testing.T, edge *process, sample string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(edge.metric(t, sample), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
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
