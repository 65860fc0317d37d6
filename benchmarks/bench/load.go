package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// A round is what one server did in one go.
type round struct {
	requests  int
	failures  int             // answers of another status than was wanted, and none
	elapsed   time.Duration   // until the last answer
	latencies []time.Duration // of the good answers
	ends      []time.Duration // when they were there, from the beginning
	p50, p99  time.Duration   // where the latencies are not known one by one
	p999      time.Duration
	cpu       time.Duration
	peak      uint64 // bytes
	fetches   int64  // that reached the origin

	overload *overload // nil but in that trial
}

// An overload is what an open loop adds to a round.
type overload struct {
	capacity    float64       // in requests a second, found out with a closed loop
	window      time.Duration // for which requests were sent
	timely      int           // good answers within the window
	hits        []time.Duration
	hitFailures int
}

// rate returns good answers a second.
func (r round) rate() float64 {
	if r.elapsed <= 0 {
		return 0
	}
	return float64(r.requests-r.failures) / r.elapsed.Seconds()
}

// A load sends requests with vegeta and counts what comes back.
type load struct{ client *http.Client }

// patience is how long a client waits for an answer.
const patience = 30 * time.Second

func newLoad() load {
	return load{&http.Client{Timeout: patience, Transport: &http.Transport{
		MaxIdleConnsPerHost: 1024, DisableCompression: true,
	}}}
}

// closed has n clients that ask for the next thing as soon as they were
// answered, for a time or, with most, until so many requests were sent.
func (l load) closed(n int, most uint64, d time.Duration, next func() string) round {
	return l.attack(n, steady(most), d, next)
}

// Steady is a pacer that waits for nothing and stops after so many requests; 0:
// never.
type steady uint64

func (s steady) Pace(_ time.Duration, sent uint64) (time.Duration, bool) {
	return 0, s > 0 && sent >= uint64(s)
}

func (steady) Rate(time.Duration) float64 { return 0 }

// maxClients is how many clients an open loop may have waiting at once.
const maxClients = 4096

// open sends requests at a rate, however long the answers take.
func (l load) open(rate float64, d time.Duration, next func() string) round {
	return l.attack(maxClients, vegeta.ConstantPacer{Freq: max(1, int(rate*10)), Per: 10 * time.Second}, d, next)
}

func (l load) attack(clients int, pace vegeta.Pacer, d time.Duration, next func() string) round {
	first := min(clients, 1000)
	if clients == maxClients {
		first = 16 // vegeta adds those it needs
	}
	attacker := vegeta.NewAttacker(vegeta.Client(l.client), vegeta.Workers(uint64(first)), vegeta.MaxWorkers(uint64(clients)), vegeta.MaxBody(0)) //nolint:gosec // counts
	target := func(t *vegeta.Target) error {
		t.Method, t.URL = http.MethodGet, next()
		return nil
	}
	var r round
	began := time.Now()
	for answer := range attacker.Attack(target, pace, d, "") {
		r.requests++
		r.elapsed = max(r.elapsed, answer.Timestamp.Add(answer.Latency).Sub(began))
		if answer.Code != http.StatusOK || answer.Error != "" {
			r.failures++
			continue
		}
		r.latencies = append(r.latencies, answer.Latency)
		r.ends = append(r.ends, answer.Timestamp.Add(answer.Latency).Sub(began))
	}
	return r
}

// wrkScript makes wrk end with one line that a program can read.
//
//go:embed wrk.lua
var wrkScript string

// wrk asks for one URL over 32 connections for so many whole seconds. A
// generator in Go would take the CPU that a server at this rate needs.
func wrk(ctx context.Context, script string, seconds int, url, header string) (round, error) {
	args := []string{"-t", "2", "-c", "32", "-d", fmt.Sprintf("%ds", seconds), "-s", script}
	if header != "" {
		args = append(args, "-H", header)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "wrk", append(args, url)...).Output() //nolint:gosec // wrk is wrk
	if errors.Is(err, exec.ErrNotFound) {
		return round{}, errors.New("wrk is missing: run scripts/packages bench")
	}
	if err != nil {
		return round{}, fmt.Errorf("wrk: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var r round
	var took, p50, p99, p999 float64 // seconds, and three times milliseconds
	if _, err := fmt.Sscan(lines[len(lines)-1], &r.requests, &took, &p50, &p99, &p999, &r.failures); err != nil {
		return round{}, fmt.Errorf("wrk says %q: %w", lines[len(lines)-1], err)
	}
	ms := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
	r.elapsed, r.p50, r.p99, r.p999 = ms(took*1e3), ms(p50), ms(p99), ms(p999)
	return r, nil
}
