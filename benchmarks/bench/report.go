package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"pixedge/internal/transform/vips"
)

// A report is all that a run has found out. Its JSON is meant for programs.
type report struct {
	Time   time.Time     `json:"time"`
	CPU    string        `json:"cpu"`
	Cores  int           `json:"cores"`
	Go     string        `json:"go"`
	Vips   string        `json:"libvips"` // bench's, and the edge's if built here
	Corpus string        `json:"corpus"`  // empty: made of the demo's pictures
	Rounds int           `json:"rounds"`
	Slice  time.Duration `json:"slice_ns"`
	Cases  []*result     `json:"cases"`
}

// A result is a case, with a row for each server.
type result struct {
	Name    string `json:"name"`
	Group   string `json:"group"`
	What    string `json:"what"`
	Clients int    `json:"clients"` // 0: an open loop
	Base    string `json:"base"`    // server of the ratios; empty: none took part
	Rows    []*row `json:"rows"`
}

// A row is what one server did in a case. What is not known is left out.
type row struct {
	Server    string  `json:"server"`
	Rounds    int     `json:"rounds"`
	Requests  int     `json:"requests"`
	Failures  int     `json:"failures"`
	Rate      float64 `json:"requests_per_second"` // good answers, median of the rounds
	RateRatio float64 `json:"requests_per_second_ratio,omitempty"`
	CPU       float64 `json:"cpu_ms,omitempty"` // for a good answer, median of the rounds
	CPURatio  float64 `json:"cpu_ratio,omitempty"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
	Peak      float64 `json:"peak_mib,omitempty"`
	Bytes     int     `json:"bytes,omitempty"`
	SSIM      float64 `json:"ssim,omitempty"`
	Fetches   int64   `json:"fetches"` // that reached the origin

	Failure string `json:"failure,omitempty"` // why it was not measured

	// Of an open loop alone.
	Capacity    float64 `json:"capacity,omitempty"` // requests a second in a closed loop before it
	Goodput     float64 `json:"goodput,omitempty"`  // good answers in time, as a part of the capacity
	HitP99      float64 `json:"hit_p99_ms,omitempty"`
	HitFailures int     `json:"hit_failures,omitempty"`
}

// A series is the rounds of one server.
type series struct {
	server  *server
	answer  answer
	failure string // why there are no rounds
	rounds  []round
}

func newReport(r *run) *report {
	cpu := "unknown"
	info, _ := os.ReadFile("/proc/cpuinfo") // another system has none
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			cpu = strings.TrimSpace(value)
			break
		}
	}
	return &report{
		Time: time.Now().UTC().Truncate(time.Second), CPU: cpu, Cores: runtime.NumCPU(), Go: runtime.Version(),
		Vips: vips.Version(), Corpus: r.Corpus, Rounds: r.Rounds, Slice: r.Slice,
	}
}

func newResult(t trial, servers []*server, all map[string]*series) *result {
	c := &result{Name: t.name, Group: t.group, What: t.what, Clients: t.clients}
	base := t.base
	if base == "" && len(servers) > 1 {
		base = servers[1].name // the first peer
	}
	if all[base] != nil {
		c.Base = base
	}
	for _, s := range servers {
		c.Rows = append(c.Rows, newRow(all[s.name], all[c.Base]))
	}
	return c
}

func newRow(s, base *series) *row {
	out := &row{Server: s.server.name, Rounds: len(s.rounds), Bytes: s.answer.bytes, SSIM: s.answer.ssim, Failure: s.failure}
	rate := func(r round) float64 { return r.rate() }
	out.Rate, out.CPU = median(s.rounds, rate), median(s.rounds, cost)
	if base != nil {
		out.RateRatio, out.CPURatio = ratio(s.rounds, base.rounds, rate), ratio(s.rounds, base.rounds, cost)
	}
	var latencies []time.Duration
	for _, r := range s.rounds {
		out.Requests += r.requests
		out.Failures += r.failures
		out.Fetches += r.fetches
		out.Peak = max(out.Peak, float64(r.peak)/(1<<20))
		latencies = append(latencies, r.latencies...)
		if o := r.overload; o != nil {
			out.Capacity = o.capacity
			out.Goodput = float64(o.timely) / o.window.Seconds() / o.capacity
			out.HitP99, out.HitFailures = quantile(o.hits, 0.99), o.hitFailures
		}
	}
	if len(latencies) > 0 {
		out.P50, out.P99, out.P999 = quantile(latencies, 0.5), quantile(latencies, 0.99), quantile(latencies, 0.999)
		return out
	}
	out.P50 = median(s.rounds, func(r round) float64 { return ms(r.p50) })
	out.P99 = median(s.rounds, func(r round) float64 { return ms(r.p99) })
	out.P999 = median(s.rounds, func(r round) float64 { return ms(r.p999) })
	return out
}

// cost is the CPU time of a good answer in milliseconds; what was spent on others
// is part of it.
func cost(r round) float64 { return ms(r.cpu) / float64(max(r.requests-r.failures, 1)) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile returns in milliseconds what the part q of the latencies is not over.
func quantile(latencies []time.Duration, q float64) float64 {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return ms(latencies[min(len(latencies)-1, int(math.Ceil(q*float64(len(latencies))))-1)])
}

func median(rounds []round, of func(round) float64) float64 {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	return middle(values)
}

// ratio is the median of what the server did against what the base did in the
// same round, a moment before or after. It is 0 if it cannot be told.
func ratio(rounds, base []round, of func(round) float64) float64 {
	var values []float64
	for i := range min(len(rounds), len(base)) {
		if b := of(base[i]); b > 0 {
			values = append(values, of(rounds[i])/b)
		}
	}
	return middle(values)
}

func middle(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// write puts the report into the folder as JSON and as a page with plots.
func (r *report) write(folder string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), append(data, '\n'), 0o644); err != nil { //nolint:gosec // for all to read
		return err
	}
	var page strings.Builder
	plots, err := r.plots(folder)
	if err != nil {
		return err
	}
	r.markdown(&page, plots)
	return os.WriteFile(filepath.Join(folder, "results.md"), []byte(page.String()), 0o644) //nolint:gosec // for all to read
}

// markdown writes the page: a table, and the plots by their file names.
func (r *report) markdown(w io.Writer, plots []string) {
	corpus := "pictures made of the demo's"
	if r.Corpus != "" {
		corpus = "the corpus " + filepath.Base(r.Corpus)
	}
	fmt.Fprintf(w, "# Image servers beside each other\n\n%s; %d cores of %s, %s, libvips %s, %s; %d rounds of %v.\n\n",
		r.Time.Format("2 January 2006"), r.Cores, r.CPU, r.Go, r.Vips, corpus, r.Rounds, r.Slice)
	for _, p := range plots {
		fmt.Fprintf(w, "![%s](%s)\n\n", strings.TrimSuffix(p, ".svg"), p)
	}
	fmt.Fprint(w, "| case | clients | server | requests/s | of base | CPU ms | of base | p50 ms | p99 ms | p99.9 ms | peak MiB | bytes | SSIM | |\n"+
		"| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, c := range r.Cases {
		for _, x := range c.Rows {
			name := x.Server
			if name == c.Base {
				name += " (base)"
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", c.Name, cell(float64(c.Clients), 0), name,
				cell(x.Rate, 1), cell(x.RateRatio, 2), cell(x.CPU, 3), cell(x.CPURatio, 2), cell(x.P50, 2), cell(x.P99, 2), cell(x.P999, 2),
				cell(x.Peak, 0), cell(float64(x.Bytes), 0), cell(x.SSIM, 4), x.remark())
		}
	}
	fmt.Fprint(w, "\n| case | what is asked |\n| --- | --- |\n")
	var last string
	for _, c := range r.Cases {
		if c.Name != last {
			fmt.Fprintf(w, "| %s | %s |\n", c.Name, c.What)
		}
		last = c.Name
	}
}

// cell writes a number, or nothing for one that is not known.
func cell(n float64, digits int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, n)
}

// remark says what only some cases have.
func (x *row) remark() string {
	var words []string
	if x.Failure != "" {
		words = append(words, "not measured: "+strings.Join(strings.Fields(strings.ReplaceAll(x.Failure, "|", "/")), " ")) // one line of a table
	}
	if x.Failures > 0 {
		words = append(words, fmt.Sprintf("%d of %d failed", x.Failures, x.Requests))
	}
	if x.Capacity > 0 {
		words = append(words, fmt.Sprintf("goodput %.2f of %.0f/s, hits' p99 %.1f ms", x.Goodput, x.Capacity, x.HitP99))
	}
	if x.HitFailures > 0 {
		words = append(words, fmt.Sprintf("%d hits failed", x.HitFailures))
	}
	if x.Requests > 1 && x.Fetches*2 < int64(x.Requests) && x.Fetches > 0 {
		words = append(words, fmt.Sprintf("%d fetches for %d requests", x.Fetches, x.Requests))
	}
	return strings.Join(words, "; ")
}
