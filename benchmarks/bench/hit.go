package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A hot picture is one that is asked for again and again. The bodies are those
// of pages, of 43 KB, and of 0.7 KB, where nothing but the work of the server
// counts.
type hot struct {
	name, path string // path is the edge's
	signed     bool
	revalidate bool
}

const ifNoneMatch = "If-None-Match: "

func hits() []hot {
	const large = "/v2/" + cloud + "/t.resize(w:500)/hot/" + card
	const small = "/v2/" + cloud + "/t.resize(w:52)~t.toFormat(f:jpeg)/hot/" + card
	return []hot{
		{name: "43KB", path: large},
		{name: "0.7KB", path: small},
		{name: "304", path: large, revalidate: true},
		{name: "signed", path: large, signed: true},
	}
}

// A target is what wrk is to ask a server for.
type target struct{ path, header string }

// hit measures one hot picture: on the edge with and without its log, on peers
// that speak the edge's dialect, on bare servers that give the same answer, and
// on those that serve files, which find it in the folder static under its name.
func (l *lab) hit(h hot) trial {
	targets := make(map[string]target)
	return trial{
		name: h.name, group: "hits", what: "the same URL again, " + h.name, clients: 32, base: "bare",
		servers: func(ctx context.Context) ([]*server, error) {
			clear(targets)
			return l.ring(ctx, h, targets)
		},
		round: func(ctx context.Context, s *server) (round, error) {
			t := targets[s.name]
			seconds := max(1, int(l.run.Slice.Seconds())) // wrk counts in whole ones
			return wrk(ctx, filepath.Join(l.folder, "wrk.lua"), seconds, s.url+t.path, t.header)
		},
	}
}

// ring starts all that take part in the trial of a hot picture and fills their
// caches.
func (l *lab) ring(ctx context.Context, h hot, targets map[string]target) (up []*server, err error) {
	defer func() {
		if err != nil {
			for _, s := range up {
				s.stop()
			}
		}
	}()
	list := slices.Clone(l.edges[:l.variants()])
	for _, p := range l.peers {
		if p.caches || p.path == nil && !h.revalidate && !h.signed {
			list = append(list, p)
		}
	}
	if up, err = start(ctx, list); err != nil {
		return nil, err
	}
	body, t, err := l.hot(ctx, up[0], h)
	if err != nil {
		return up, err
	}
	if err := os.WriteFile(filepath.Join(l.folder, "static", h.name), body, 0o644); err != nil { //nolint:gosec // for a server of another user
		return up, err
	}
	for _, s := range up {
		targets[s.name] = t
		if s.path == nil {
			targets[s.name] = target{path: "/" + h.name}
			continue
		}
		if _, err := l.get(ctx, s.url+t.path); err != nil {
			return up, err
		}
	}
	bare, err := start(ctx, l.bare(up[0].url+t.path, t.header))
	for _, s := range bare {
		targets[s.name] = t
	}
	return append(up, bare...), err
}

// variants is how many ways there are to serve the same answer: with the log and
// without, with all headers and without. A quick run has a second for each server
// and tries one.
func (l *lab) variants() int {
	if l.run.Quick {
		return 1
	}
	return 2
}

// hot asks the edge for the picture twice, so that it is in the cache, and
// returns the body and what to ask for from now on.
func (l *lab) hot(ctx context.Context, s *server, h hot) ([]byte, target, error) {
	t := target{path: h.path}
	if h.signed {
		signed, err := l.edge.sign(ctx, s.name, s.url+h.path)
		if err != nil {
			return nil, t, err
		}
		t.path = signed[len(s.url):]
	}
	if _, err := ask(s.url+t.path, ""); err != nil {
		return nil, t, err
	}
	first, err := ask(s.url+t.path, "")
	if err != nil {
		return nil, t, err
	}
	if got := string(first.Header.Peek("X-Cache")); got != "HIT" {
		return nil, t, fmt.Errorf("%s: X-Cache %s, want HIT", t.path, got)
	}
	if h.revalidate {
		t.header = ifNoneMatch + string(first.Header.Peek("ETag"))
	}
	return first.Body(), t, nil
}

// bare says how the yardsticks are started: one that writes the type and the
// body, and one that writes the very bytes that the edge does.
func (l *lab) bare(url, header string) []*contender {
	var list []*contender
	for _, headers := range []bool{false, true}[:l.variants()] {
		c := &contender{name: "bare"}
		args := []string{"bare", url}
		if headers {
			c.name = "bare+headers"
			args = append(args, "--headers")
		}
		if tag, ok := strings.CutPrefix(header, ifNoneMatch); ok {
			args = append(args, "--revalidate", tag)
		}
		c.command = func(port int) *exec.Cmd {
			return exec.Command(l.program, append(args, "--listen", fmt.Sprintf("127.0.0.1:%d", port))...) //nolint:gosec // this program; stop ends it
		}
		list = append(list, c)
	}
	return list
}
