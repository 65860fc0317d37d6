package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pixedge/internal/imgtest/hostile"
)

// largest are pictures of the corpus that have as many pixels as are let in, or nearly.
func largest() []string {
	return []string{"jpeg/not-quite-a-bomb", "png/not-quite-a-bomb", "png/not-quite-a-bomb-rgba16", "svg/odd-declared"}
}

// asLarge are ways of asking for a result that is as large as its original, or as large
// as may be.
func asLarge() []string {
	return []string{
		"t.toFormat(f:avif)", "t.toFormat(f:jxl)", "t.toFormat(f:bmp)", "t.toFormat(f:gif)", "t.rotate(a:90)",
		"t.rotate(a:90)~t.toFormat(f:avif)", "t.rotate(a:90)~t.toFormat(f:webp)", "t.resize(w:3000)~t.toFormat(f:avif)",
		"t.resize(w:4300,h:4300,f:fill)~t.toFormat(f:bmp)", "t.resize(w:2400,h:2400,f:fill)~t.toFormat(f:jxl)",
		"t.resize(w:7000,h:7000,f:fill)~t.toFormat(f:tiff)",
	}
}

// TestHostileSizes asks a running edge for large results, one after the other: each takes
// little memory or is refused.
func TestHostileSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	dir := t.TempDir()
	var pictures []hostile.Picture
	for _, p := range hostile.Pictures(t) {
		if slices.Contains(largest(), p.Name) {
			write(t, filepath.Join(dir, "media", p.Name), p.Data)
			pictures = append(pictures, p)
		}
	}
	if len(pictures) != len(largest()) {
		t.Fatalf("%d pictures, want %d", len(pictures), len(largest()))
	}
	draw(t, filepath.Join(dir, "media", "card.png"), 800, 600)
	write(t, filepath.Join(dir, "edge.yaml"), []byte("clouds: [{name: demo, sources: [{dir: media}]}]\n"))
	edge := start(t, dir, nil, "--cache-size=8MiB", "--access-log=false", "--rendition-memory=0")
	s := &siege{t: t, edge: edge, inside: []string{dir, "vips", "heif", "signal:"}, asked: map[string]time.Time{}, failed: map[string][]string{}}
	s.warm()
	most, made := int64(0), map[string]int{}
	for _, p := range pictures {
		for _, how := range asLarge() {
			made[how] += s.alone(func() int { return s.large(p, how) })
			most = max(most, s.peak)
		}
	}
	for _, how := range []string{"t.toFormat(f:avif)", "t.toFormat(f:jxl)", "t.toFormat(f:bmp)", "t.rotate(a:90)"} {
		if made[how] == 0 || made[how] == len(pictures) {
			t.Errorf("%s was made of %d pictures", how, made[how])
		}
	}
	t.Logf("at most %d MiB; made were %v", most>>20, made)
	s.report(pictures)
}

// alone does what asks for a picture, and measures the memory that there is more
// meanwhile.
func (s *siege) alone(do func() int) int {
	s.level, s.peak = resident(family(s.edge.cmd.Process.Pid)), 0
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() { s.watchMemory(stop) })
	defer watcher.Wait()
	defer close(stop)
	return do()
}

// large asks for a large result and judges the answer. It returns how many were made.
func (s *siege) large(p hostile.Picture, how string) int {
	key := p.Name + " " + how
	s.mu.Lock()
	s.asked[key] = time.Now()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.asked, key)
		s.mu.Unlock()
	}()
	a, _, err := s.get("/v2/demo/" + how + "/" + p.Name)
	switch {
	case err != nil:
		s.fail(p.Name, "%s: %v", how, err)
	case a.status == http.StatusOK:
		return 1
	case a.status < 400 || a.status >= 500:
		s.fail(p.Name, "%s: %d: %s", how, a.status, message(a.body))
	case bytes.Contains(a.body, []byte("damaged")):
		s.fail(p.Name, "%s: it is not: %s", how, message(a.body))
	default:
		p.Want = hostile.Either // it may be refused, too
		if wrong := s.judge(p, how, a); wrong != "" {
			s.fail(p.Name, "%s: %s", how, wrong)
		}
	}
	return 0
}
