package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"pixedge/internal/transform/vips"
)

type run struct {
	Edge   string        `default:"bin/edge" help:"The edge's program."`
	Out    string        `default:"bin/bench.out" help:"Folder for the results."`
	Corpus string        `env:"CORPUS" help:"Folder with the pictures of the cases. Default: pictures made of the demo's."`
	Peers  []string      `env:"PEERS" sep:" " help:"Other servers, with spaces between: [NAME:]DIALECT=URL[,pid=PID] or [NAME:]DIALECT=exec:PROGRAM."`
	Cases  []string      `env:"CASES" sep:" " help:"Names or groups of cases. Default: all."`
	Rounds int           `env:"ROUNDS" default:"4" help:"How often every server is measured in a case, 1 to 50."`
	Slice  time.Duration `env:"SLICE" default:"1500ms" help:"How long a round is, 100ms to 60s."`
	Quick  bool          `env:"QUICK" help:"One round of 200ms, and of smaller pictures if they are made: shows that everything works, and no figures worth reading."`
}

// longest is how long all of a run may take.
const longest = time.Hour

// Run measures all cases and writes the report.
func (r *run) Run(ctx context.Context) error {
	if r.Quick {
		r.Rounds, r.Slice = 1, 200*time.Millisecond
	}
	if r.Rounds < 1 || r.Rounds > 50 || r.Slice < 100*time.Millisecond || r.Slice > time.Minute || len(r.Peers) > 8 {
		return errors.New("rounds are 1 to 50, a slice is 100ms to 60s, and peers are at most 8")
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := vips.Start(); err != nil {
		return err
	}
	defer vips.Stop()
	l, err := r.lab(ctx)
	if err != nil {
		return err
	}
	defer l.origin.Close()
	report := newReport(r)
	for _, t := range l.trials() {
		if !t.matches(r.Cases) {
			continue
		}
		c, err := r.measure(ctx, l, t)
		if err != nil { // what was measured by now is worth keeping
			return errors.Join(fmt.Errorf("case %s: %w", t.name, err), report.write(r.Out))
		}
		report.Cases = append(report.Cases, c)
		c.progress(os.Stderr)
	}
	if len(report.Cases) == 0 {
		return fmt.Errorf("no case is named %q", r.Cases)
	}
	return report.write(r.Out)
}

// lab gets everything ready that the trials need.
func (r *run) lab(ctx context.Context) (*lab, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(r.Out)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(folder, "static"), 0o755); err != nil { //nolint:gosec // for a server of another user
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "wrk.lua"), []byte(wrkScript), 0o600); err != nil {
		return nil, err
	}
	part := 1
	if r.Quick {
		part = 2
	}
	corpus, err := readCorpus(ctx, r.Corpus, part)
	if err != nil {
		return nil, err
	}
	o, err := serveCorpus(ctx, corpus)
	if err != nil {
		return nil, err
	}
	l := &lab{load: newLoad(), run: r, corpus: corpus, origin: o, folder: folder, program: program}
	l.edge = edge{program: r.Edge, folder: folder, origin: o.url}
	if err := l.contend(r.Peers); err != nil {
		o.Close()
		return nil, err
	}
	return l, nil
}

// contend adds the servers that are to be measured.
func (l *lab) contend(peers []string) error {
	names := []string{"edge", "edge-nolog", "bare", "bare+headers"}
	for i, name := range names[:2] {
		e := l.edge
		e.silent = i == 1
		c, err := e.contender(name)
		if err != nil {
			return err
		}
		l.edges = append(l.edges, c)
	}
	for _, text := range peers {
		if text == "" {
			continue
		}
		p, err := parsePeer(text, []string{"ORIGIN=" + l.origin.url, "STATIC=" + filepath.Join(l.folder, "static")})
		if err != nil {
			return err
		}
		if slices.Contains(names, p.name) {
			return fmt.Errorf("two servers are named %s", p.name)
		}
		names = append(names, p.name)
		l.peers = append(l.peers, p)
	}
	return nil
}

// measure runs a trial: all servers in every round, and the rounds forth and
// back, so that what else the machine does meets all of them.
func (r *run) measure(ctx context.Context, l *lab, t trial) (*result, error) {
	servers, err := t.servers(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, s := range servers {
			s.stop()
		}
	}()
	rows := make(map[string]*series)
	var order []*server
	for _, s := range servers {
		rows[s.name] = &series{server: s}
		if t.prepare != nil {
			if rows[s.name].answer, err = t.prepare(ctx, s); err != nil {
				rows[s.name].failure = err.Error() // it cannot do that; the others may
				continue
			}
		}
		order = append(order, s)
	}
	rounds := r.Rounds
	if t.once {
		rounds = 1
	}
	for range rounds {
		for _, s := range order {
			one, err := l.watched(ctx, t, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			rows[s.name].rounds = append(rows[s.name].rounds, one)
		}
		slices.Reverse(order)
	}
	return newResult(t, servers, rows), nil
}

// watched does one round and accounts for what the server took.
func (l *lab) watched(ctx context.Context, t trial, s *server) (round, error) {
	if err := ctx.Err(); err != nil {
		return round{}, err
	}
	fetches := l.origin.fetches.Load()
	if s.tree == nil {
		one, err := t.round(ctx, s)
		one.fetches = l.origin.fetches.Load() - fetches
		return one, err
	}
	before, peak := s.tree.cpu(), s.tree.watch()
	one, err := t.round(ctx, s)
	one.peak, one.cpu = peak(), s.tree.cpu()-before
	one.fetches = l.origin.fetches.Load() - fetches
	return one, err
}

func (c *result) progress(w io.Writer) {
	for _, row := range c.Rows {
		fmt.Fprintf(w, "%-12s %2d %-13s %9.1f/s %9.3f ms CPU %s\n", c.Name, c.Clients, row.Server, row.Rate, row.CPU, row.remark())
	}
}
