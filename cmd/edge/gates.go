package main

import (
	"cmp"
	"context"
	"runtime"

	"pixedge/internal/admit"
	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
)

// gates hold back work that there is no room for.
type gates struct {
	fetch  *admit.Gate // places: originals on their way
	source *admit.Gate // bytes, and places that bound descriptors: originals on their way and in use
	bodies *admit.Gate // places: bodies of requests to the API whose key is not known yet
	render *admit.Gate // places and bytes: pictures being rendered
	idle   *admit.Idle // the way to render for what nobody waits for
}

// newGates makes those of an edge with so many clouds.
func newGates(s *settings, clouds int) (*gates, error) {
	render, err := s.Admit.Settle()
	if err != nil {
		return nil, err
	}
	// A render ends by itself: turns are enough, and nobody who is alone has to share.
	places := admit.New(render, s.workers())
	// Whoever waits here waits for the same reason in the end: renders are slower
	// than they come.
	bytes := admit.Config{Memory: s.sourceMemory(s.workers()), Queue: s.Admit.Queue, Wait: s.Admit.Wait}
	return &gates{
		fetch:  admit.NewShared(bytes, s.Misses, clouds),
		source: admit.NewShared(bytes, s.originals(), clouds),
		bodies: admit.NewShared(bytes, bodyPlaces, 1),
		render: places,
		idle:   places.Idle(s.Idle, runtime.GOMAXPROCS(0)), // which knows the cgroup
	}, nil
}

// sourceMemory returns the bytes for originals where so many pictures are rendered at
// once. Originals that only wait are of no use: some 20 photographs of 12 megapixels a
// worker are a second's work and more.
func (s *settings) sourceMemory(workers int) config.Size {
	const each = 48 << 20
	return cmp.Or(s.SourceMemory, max(each*config.Size(workers), 3*s.Origin.MaxBytes))
}

// bodyPlaces is how many requests to the API may send a body at once that may have a
// key at its end, or none. One client has at most half of them.
const bodyPlaces = 16

func (g *gates) watch(m *metrics.Metrics) {
	m.WatchGate("fetch", g.fetch.Stats)
	m.WatchGate("source", g.source.Stats)
	m.WatchGate("body", g.bodies.Stats)
	m.WatchGate("render", g.render.Stats)
}

// buffers returns those of a cloud: memory from next, when there is room for it.
func (g *gates) buffers(cloud string, next origin.Buffers) origin.Buffers {
	return budgeted{gate: g.source, cloud: cloud, next: next}
}

type budgeted struct {
	gate  *admit.Gate
	cloud string
	next  origin.Buffers
}

// Get waits for room, unless the request holds some already: see [admit.Party]. A
// picture that is larger than all there is to have, with the others of the request and
// with what it is moved out of when it grows, is too large.
func (b budgeted) Get(ctx context.Context, size int64) (origin.Buffer, error) {
	party := admit.PartyOf(ctx)
	if party == nil {
		party = admit.NewParty(b.cloud, "")
	}
	leave, err := party.Enter(ctx, b.gate, size)
	if fault.Of(err) == fault.Unprocessable {
		return nil, fault.Wrap(err, fault.TooLarge, "the picture has too many bytes")
	}
	if err != nil {
		return nil, err
	}
	memory, err := b.next.Get(ctx, size)
	if err != nil {
		leave()
		return nil, err
	}
	return lent{memory, leave}, nil
}

// lent is a buffer that makes room when it is given back.
type lent struct {
	origin.Buffer

	leave func()
}

func (l lent) Release() {
	l.Buffer.Release()
	l.leave()
}
