package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A trial is one row of the report for each server: what is asked, and how.
type trial struct {
	name    string
	group   string
	what    string
	clients int
	once    bool   // one round and no more
	base    string // the server that others are held against; empty: the first peer

	servers func(context.Context) ([]*server, error)
	prepare func(context.Context, *server) (answer, error)
	round   func(context.Context, *server) (round, error)
}

// An answer is what a server gave to the first request.
type answer struct {
	bytes int
	ssim  float64
}

// A lab has what the trials need.
type lab struct {
	load
	run     *run
	corpus  map[string][]byte
	origin  *origin
	edge    edge
	edges   []*contender // with and without its log
	peers   []*contender
	folder  string // for scripts and static files
	program string // this one
}

// trials lists all there are, in the order they are run.
func (l *lab) trials() []trial {
	var list []trial
	for _, m := range misses() {
		for _, clients := range []int{1, 4} {
			list = append(list, l.miss(m.name, m.what, m.work, clients))
		}
	}
	list = append(list, l.srcset())
	for _, h := range hits() {
		list = append(list, l.hit(h))
	}
	return append(list, l.stampede(), l.crowd(), l.zipf(), l.overload(2), l.overload(4))
}

type miss struct {
	name, what string
	work
}

// misses are named by letters as they have been since they were first compared.
func misses() []miss {
	return []miss{
		{"a", "12 MP JPEG → 500×500 cover, JPEG q80", work{source: photo12, cover: [2]int{500, 500}, format: "jpeg", quality: 80}},
		{"b", "2 MP JPEG → crop 145×145, JPEG q80", work{source: photo2, crop: [4]int{164, 95, 145, 145}, format: "jpeg", quality: 80}},
		{"c", "12 MP JPEG → 800 wide, WebP q80", work{source: photo12, width: 800, format: "webp", quality: 80}},
		{"d", "2 MP JPEG → 640 wide, AVIF q50", work{source: photo2, width: 640, format: "avif", quality: 50}},
		{"e", "1600×1200 RGBA PNG → 400 wide, PNG", work{source: cutout, width: 400, format: "png"}},
		{"f", "24-frame GIF → 240 wide, animated WebP q80", work{source: moving, width: 240, format: "webp", quality: 80}},
		{"i", "12 MP JPEG, orientation 6 → 500×500 cover, JPEG q80", work{source: turned, cover: [2]int{500, 500}, format: "jpeg", quality: 80}},
		{"2000", "12 MP JPEG → 2000 wide, JPEG q80", work{source: photo12, width: 2000, format: "jpeg", quality: 80}},
	}
}

// all starts the edge and every peer that renders.
func (l *lab) all(ctx context.Context) ([]*server, error) {
	list := l.edges[:1:1]
	for _, p := range l.peers {
		if p.path != nil {
			list = append(list, p)
		}
	}
	return start(ctx, list)
}

// start starts servers; if one does not start, none is left.
func start(ctx context.Context, list []*contender) ([]*server, error) {
	var up []*server
	for _, c := range list {
		s, err := c.start(ctx)
		if err != nil {
			for _, s := range up {
				s.stop()
			}
			return nil, err
		}
		up = append(up, s)
	}
	return up, nil
}

// fresh returns URLs on s that nobody has asked for yet.
func (l *lab) fresh(s *server, w work) func() string {
	return func() string { return s.url + s.path(w, l.origin.url, l.origin.fresh(w.source)) }
}

func (l *lab) miss(name, what string, w work, clients int) trial {
	return trial{
		name: name, group: "misses", what: what, clients: clients, servers: l.all,
		prepare: func(ctx context.Context, s *server) (answer, error) {
			data, err := l.get(ctx, l.fresh(s, w)())
			if err != nil {
				return answer{}, err
			}
			want, width, err := reference(l.corpus[w.source], w)
			if err != nil {
				return answer{}, err
			}
			ssim, err := likeness(data, want, width)
			return answer{len(data), ssim}, err
		},
		round: func(_ context.Context, s *server) (round, error) {
			return l.closed(clients, 0, l.run.Slice, l.fresh(s, w)), nil
		},
	}
}

// most bounds what is kept of an answer, in bytes.
const most = 64 << 20

func (l *lab) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := l.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", url, response.Status, data)
	}
	return data, err
}

// A set is six widths of one photograph in two formats, as pages offer them.
func set() []work {
	var list []work
	for _, format := range []string{"jpeg", "webp"} {
		for _, width := range []int{320, 480, 640, 960, 1280, 1920} {
			list = append(list, work{source: photo12, width: width, format: format, quality: 80})
		}
	}
	return list
}

func (l *lab) srcset() trial {
	return trial{
		name: "srcset", group: "srcset", what: "a set: 6 widths × JPEG, WebP of one 12 MP JPEG", clients: 4, servers: l.all,
		round: func(_ context.Context, s *server) (round, error) {
			name, list := l.origin.fresh(photo12), set()
			var mu sync.Mutex
			r := l.closed(4, uint64(len(list)), 0, func() string {
				mu.Lock()
				defer mu.Unlock()
				w := list[0]
				list = append(list[1:], w)
				return s.url + s.path(w, l.origin.url, name)
			})
			if r.failures == 0 {
				r.latencies = []time.Duration{r.elapsed}
			}
			r.requests, r.failures = 1, min(r.failures, 1)
			return r, nil
		},
	}
}

func (l *lab) stampede() trial {
	const clients = 1000
	w := work{source: photo12, cover: [2]int{500, 500}, format: "jpeg", quality: 80}
	return trial{
		name: "stampede", group: "load", what: "1,000 at once for one missing picture of case a", clients: clients, once: true, servers: l.all,
		round: func(_ context.Context, s *server) (round, error) {
			url := l.fresh(s, w)()
			return l.closed(clients, clients, 0, func() string { return url }), nil
		},
	}
}

func (l *lab) crowd() trial {
	const clients = 64
	turns := uint64(2)
	if l.run.Quick {
		turns = 1
	}
	return trial{
		name: "crowd", group: "load", what: "64 clients, a progressive 12 MP JPEG, each twice and in sizes of its own", clients: clients, once: true, servers: l.all,
		round: func(_ context.Context, s *server) (round, error) {
			var mu sync.Mutex
			width := 300
			return l.closed(clients, turns*clients, 0, func() string {
				mu.Lock()
				width += 4
				w := work{source: waves, width: width, format: "jpeg", quality: 80}
				mu.Unlock()
				return l.fresh(s, w)()
			}), nil
		},
	}
}

// zipf asks again and again for the same hundred pictures, the first of them the
// most, and once in a hundred times for a new one.
func (l *lab) zipf() trial {
	const pictures, clients, missing = 100, 16, 100
	thumb := func(i int) work {
		return work{source: photo2, crop: [4]int{i, i, 145, 145}, format: "jpeg", quality: 80}
	}
	known := func(s *server, i int) string { return s.url + s.path(thumb(i), l.origin.url, "known/"+photo2) }
	return trial{
		name: "zipf", group: "load", what: "100 crops by Zipf's law, 1 % misses", clients: clients, servers: l.all,
		prepare: func(_ context.Context, s *server) (answer, error) {
			next := counter()
			if r := l.closed(4, pictures, 0, func() string { return known(s, next()%pictures) }); r.failures > 0 {
				return answer{}, fmt.Errorf("%d of %d pictures failed", r.failures, pictures)
			}
			return answer{}, nil
		},
		round: func(_ context.Context, s *server) (round, error) {
			var mu sync.Mutex
			dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same for every server
			law := rand.NewZipf(dice, 1.1, 1, pictures-1)
			fresh := l.fresh(s, thumb(0))
			return l.closed(clients, 0, l.run.Slice, func() string {
				mu.Lock()
				i, miss := int(law.Uint64()), dice.IntN(missing) == 0 //nolint:gosec // under 100
				mu.Unlock()
				if miss {
					return fresh()
				}
				return known(s, i)
			}), nil
		},
	}
}

// overload finds out how many misses a second the server can do, then sends so
// many times more whether or not they are answered, and a few hits beside them.
func (l *lab) overload(times int) trial {
	const hitsPerSecond = 50
	w := work{source: photo2, width: 640, format: "jpeg", quality: 80}
	return trial{
		name: "overload " + strconv.Itoa(times) + "×", group: "load", once: true, servers: l.all,
		what: fmt.Sprintf("2 MP JPEG → 640 wide, JPEG, open loop at %d× capacity, and %d hits/s", times, hitsPerSecond),
		round: func(ctx context.Context, s *server) (round, error) {
			calm := l.closed(8, 0, 2*l.run.Slice, l.fresh(s, w))
			capacity := calm.rate()
			if capacity == 0 {
				return calm, nil
			}
			hit := l.fresh(s, w)()
			if _, err := l.get(ctx, hit); err != nil {
				return round{}, err
			}
			beside := make(chan round)
			go func() {
				beside <- newLoad().open(hitsPerSecond, 4*l.run.Slice, func() string { return hit })
			}()
			r := l.open(float64(times)*capacity, 4*l.run.Slice, l.fresh(s, w))
			side := <-beside
			o := &overload{capacity: capacity, window: 4 * l.run.Slice, hits: side.latencies, hitFailures: side.failures}
			for _, end := range r.ends {
				if end <= o.window {
					o.timely++
				}
			}
			r.overload = o
			return r, nil
		},
	}
}

func counter() func() int {
	var mu sync.Mutex
	n := -1
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		n++
		return n
	}
}

// matches reports whether the trial was asked for by its name or its group.
func (t trial) matches(cases []string) bool {
	for _, c := range cases {
		if strings.EqualFold(c, t.group) || strings.EqualFold(c, t.name) || strings.HasPrefix(t.name, c+" ") {
			return true
		}
	}
	return len(cases) == 0
}
