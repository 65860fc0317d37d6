package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pixedge/internal/imgtest/hostile"
)

// What an edge is held to while it is given the corpus.
const (
	hostileTimeout = 5 * time.Second              // request_timeout
	hostileLatest  = hostileTimeout + time.Second // every answer to who asks alone is there by then
	hostileCrowd   = 3 * hostileTimeout           // and every other by then
	hostileGrowth  = 300 << 20                    // bytes of resident memory, all processes of the edge together
	hostileAtOnce  = 4                            // requests
	hostileSample  = 9                            // with -short, one picture of so many
	hostileAgain   = 3 * time.Minute              // for all that is asked a second time
)

// The questions that are asked about each picture.
const (
	asOriginal = "original"
	asSmall    = "t.resize(w:100)"
	asChain    = "t.resize(w:64,h:48)~t.blur(s:1)~t.toFormat(f:webp)"
	asInfo     = "info"
)

// TestHostilePictures asks a running edge for every picture of the corpus, in
// several ways: it must live, answer each in time and in the right way, say nothing
// of its inside, and take little memory.
func TestHostilePictures(t *testing.T) {
	dir := t.TempDir()
	pictures := hostile.Pictures(t)
	if testing.Short() {
		pictures = sampled(pictures)
	}
	for _, p := range pictures {
		write(t, filepath.Join(dir, "media", p.Name), p.Data)
	}
	draw(t, filepath.Join(dir, "media", "card.png"), 800, 600)
	write(t, filepath.Join(dir, "edge.yaml"), []byte("clouds: [{name: demo, sources: [{dir: media}]}]\n"))
	edge := start(t, dir, nil, "--request-timeout="+hostileTimeout.String(), "--cache-size=8MiB", "--access-log=false")
	s := &siege{t: t, edge: edge, inside: []string{
		dir, "/tmp", "/work", "goroutine", ".go:", "vips", "Vips", "libpng", "libjpeg", "spng", "JPEG datastream", "heif: ", "heifload", "TIFFRead",
		"XML Parse", "rsvg", "fasthttp", "no such file", edge.url, "exit status", "signal:",
	}, asked: map[string]time.Time{}, failed: map[string][]string{}}
	s.warm()
	before := holdingsOf(t, edge)
	began := time.Now()
	stop := make(chan struct{})
	var watchers sync.WaitGroup
	watchers.Go(func() { s.watchMemory(stop) })
	watchers.Go(func() { s.watchHealth(stop) })
	s.ask(pictures)
	asked := time.Since(began)
	s.askAgain()
	s.renders("afterwards")
	close(stop)
	watchers.Wait()
	before.restored(t, edge)
	t.Logf("%d pictures in %v; at most %d MiB over %d MiB", len(pictures), asked.Round(time.Second), s.peak>>20, s.level>>20)
	s.report(pictures)
}

// sampled keeps every so many of the pictures, whatever family they are of.
func sampled(pictures []hostile.Picture) []hostile.Picture {
	var kept []hostile.Picture
	for i := 0; i < len(pictures); i += hostileSample {
		kept = append(kept, pictures[i])
	}
	return kept
}

// A siege is an edge that is given the corpus.
type siege struct {
	t      *testing.T
	edge   *process
	inside []string // texts that no answer may have
	level  int64    // resident bytes once it is warm

	mu     sync.Mutex
	asked  map[string]time.Time // what is not answered yet
	failed map[string][]string  // by picture
	peak   int64                // bytes over level
	late   []question           // answered too late, or with 503 or 504, while others were asked
}

// fail notes what was wrong with the answer to a question about a picture.
func (s *siege) fail(name, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.NewReplacer(asSmall, "small", asChain, "chain").Replace(fmt.Sprintf(format, args...))
	s.failed[name] = append(s.failed[name], text)
}

// report fails the test with one line for each picture.
func (s *siege) report(pictures []hostile.Picture) {
	want := map[string]hostile.Want{}
	for _, p := range pictures {
		want[p.Name] = p.Want
	}
	for _, name := range slices.Sorted(maps.Keys(s.failed)) {
		s.t.Errorf("%s (%v): %s", name, want[name], strings.Join(s.failed[name], "; "))
	}
}

// warm has the edge do once what it will do, as often at once, and then measures
// it.
func (s *siege) warm() {
	s.renders("before")
	time.Sleep(100 * time.Millisecond)
	s.level = resident(family(s.edge.cmd.Process.Pid))
}

// renders asks for right pictures, of other sizes each time, so that none of them
// is in the cache.
func (s *siege) renders(when string) {
	var wg sync.WaitGroup
	for client := range hostileAtOnce {
		wg.Go(func() {
			for i := range 5 {
				path := fmt.Sprintf("/v2/demo/t.resize(w:%d)~t.toFormat(f:webp)/card.png", 50*len(when)+client*5+i)
				if a, _, err := s.get(path); err != nil || a.status != http.StatusOK {
					s.fail(when, "%d, %v", a.status, err)
				}
			}
		})
	}
	wg.Wait()
}

// A question is one way of asking for a picture.
type question struct {
	about hostile.Picture
	how   string
	again bool // the first time other pictures were in its way
}

// ask asks every question about every picture.
func (s *siege) ask(pictures []hostile.Picture) {
	questions := make(chan question)
	var wg sync.WaitGroup
	for range hostileAtOnce {
		wg.Go(func() {
			for q := range questions {
				s.question(q)
			}
		})
	}
	for i, p := range pictures {
		for _, how := range questionsAbout(p, i) {
			select {
			case questions <- question{about: p, how: how}:
			case <-s.edge.ended:
				close(questions)
				wg.Wait()
				s.t.Fatalf("edge ended with %v while it was asked for %v\n%.2000s", s.edge.err, slices.Collect(maps.Keys(s.asked)), &s.edge.stderr)
			}
		}
	}
	close(questions)
	wg.Wait()
}

// askAgain asks what came too late, one after the other: a picture that waits
// behind slow ones may be late, one that is alone may not.
func (s *siege) askAgain() {
	late := s.late
	s.t.Logf("%d answers were late in the crowd", len(late))
	for began := time.Now(); len(late) > 0 && time.Since(began) < hostileAgain; late = late[1:] {
		late[0].again = true
		s.question(late[0])
	}
	var names []string
	for _, q := range late {
		names = append(names, q.about.Name)
	}
	if len(names) > 0 {
		s.fail("late", "no time to ask again for %s", strings.Join(slices.Compact(names), ", "))
	}
}

// questionsAbout returns what is asked about the i-th picture. Families that are
// large because chance made them share the ways of asking among them.
func questionsAbout(p hostile.Picture, i int) []string {
	all := []string{asSmall, asChain, asInfo}
	switch family, _, _ := strings.Cut(p.Name, "/"); family {
	case "damaged", "wrong", "polyglot", "garbage-before", "garbage-behind":
		return []string{asOriginal, all[i%len(all)]}
	default:
		return append(all, asOriginal)
	}
}

// question asks one and judges the answer.
func (s *siege) question(q question) {
	p, key := q.about, q.about.Name+" "+q.how
	s.mu.Lock()
	s.asked[key] = time.Now()
	s.mu.Unlock()
	a, took, err := s.get("/v2/demo/" + q.how + "/" + p.Name)
	select {
	case <-s.edge.ended:
		return // what was asked says why
	default:
	}
	s.mu.Lock()
	delete(s.asked, key)
	overloaded := err == nil && (a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout)
	if (overloaded || took > hostileLatest) && !q.again {
		s.late = append(s.late, q)
	}
	s.mu.Unlock()
	if took > hostileCrowd || took > hostileLatest && q.again {
		s.fail(p.Name, "%s took %v", q.how, took.Round(time.Millisecond))
	}
	switch {
	case err != nil:
		s.fail(p.Name, "%s: %v", q.how, err)
	case overloaded && !q.again:
	case a.status == http.StatusGatewayTimeout && p.Want == hostile.Either:
		// It was stopped in time.
	default:
		if wrong := s.judge(p, q.how, a); wrong != "" {
			s.fail(p.Name, "%s: %s", q.how, wrong)
		}
	}
}

// get asks for a path and waits long enough to see how late an answer is.
func (s *siege) get(path string) (answer, time.Duration, error) {
	began := time.Now()
	a, err := do(http.MethodGet, s.edge.url+path)
	return a, time.Since(began), err
}

// judge says what is wrong with an answer.
func (s *siege) judge(p hostile.Picture, how string, a answer) string {
	refused := a.status >= 400 && a.status < 500
	switch {
	case refused:
		for _, text := range s.inside {
			if bytes.Contains(a.body, []byte(text)) {
				return fmt.Sprintf("the answer shows %q: %s", text, a.body)
			}
		}
		if p.Want == hostile.Rendered {
			return fmt.Sprintf("%d: %s", a.status, message(a.body))
		}
	case a.status != http.StatusOK:
		return fmt.Sprintf("%d: %s", a.status, message(a.body))
	case how == asOriginal:
		return delivered(p, a)
	case p.Want == hostile.Refused:
		return "200"
	default:
		return wrongSize(p, how, a)
	}
	return ""
}

// message is what an error says.
func message(body []byte) string {
	var e struct{ Message string }
	if json.Unmarshal(body, &e) != nil {
		return strconv.Quote(string(body[:min(len(body), 80)]))
	}
	return e.Message
}

// delivered judges an original: its own bytes, or a drawing that nothing runs in.
func delivered(p hostile.Picture, a answer) string {
	if a.header.Get("Content-Type") == "image/svg+xml" {
		if !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
			return "a drawing without a policy"
		}
		return ""
	}
	if !bytes.Equal(a.body, p.Data) {
		return "the original has other bytes"
	}
	return ""
}

// wrongSize compares what was made with what was asked for.
func wrongSize(p hostile.Picture, how string, a answer) string {
	w, h := 64, 48
	switch how {
	case asInfo:
		w, h = p.Width, p.Height
	case asSmall:
		w, h = 100, 0
		if p.Width > 0 {
			h = max(1, (p.Height*200/p.Width+1)/2)
		}
	}
	got, err := sizeOf(a)
	switch {
	case err != nil:
		return err.Error()
	case w > 0 && got.X != w, h > 0 && (got.Y < h-1 || got.Y > h+1):
		return fmt.Sprintf("%v, want %dx%d", got, w, h)
	}
	return ""
}

// watchHealth asks whether the edge is alive, several times a second.
func (s *siege) watchHealth(stop <-chan struct{}) {
	client := http.Client{Timeout: hostileLatest}
	for {
		res, err := client.Get(s.edge.url + "/health")
		switch {
		case err != nil:
			s.fail("/health", "%v", err)
		case res.StatusCode != http.StatusOK:
			s.fail("/health", "%d", res.StatusCode)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		select {
		case <-stop:
			return
		case <-s.edge.ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// watchMemory compares the memory of the edge with what it was, many times a
// second, and says what was asked when it was too much.
func (s *siege) watchMemory(stop <-chan struct{}) {
	reported := int64(hostileGrowth)
	tree := family(s.edge.cmd.Process.Pid)
	for i := 0; ; i++ {
		if i%familySamples == 0 {
			tree = family(s.edge.cmd.Process.Pid)
		}
		now := resident(tree) - s.level
		s.mu.Lock()
		s.peak = max(s.peak, now)
		asked := slices.Sorted(maps.Keys(s.asked))
		s.mu.Unlock()
		if now > reported+reported/10 {
			reported = now
			s.fail("memory", "%d MiB more while asked for %s", now>>20, strings.Join(asked, ", "))
		}
		select {
		case <-stop:
			return
		case <-s.edge.ended:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// familySamples is after how many samples the processes of the edge are looked for
// again.
const familySamples = 5
