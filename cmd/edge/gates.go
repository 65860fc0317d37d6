package main

import (
	"cmp"
	"context"
	"runtime"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
)

// gates hold back work that there is no room for.
type gates struct {
	fetch  *admit.Gate // places: originals on their way
	source *admit.Gate // bytes: originals on their way and in use
	render *admit.Gate // places and bytes: pictures being rendered
	idle   *admit.Idle // the way to render for what nobody waits for
}

func newGates(s *settings) (*gates, error) {
	render, err := s.Admit.Settle()
	if err != nil {
		return nil, err
	}
	places := admit.New(render, cmp.Or(s.Render.Workers, runtime.NumCPU()))
	// Whoever waits here waits for the same reason in the end: renders are slower
	// than they come.
	bytes := admit.Config{Memory: s.SourceMemory, Queue: s.Admit.Queue, Wait: s.Admit.Wait}
	return &gates{
		fetch:  admit.New(bytes, s.Misses),
		source: admit.New(bytes, s.Misses+s.Admit.Queue), // more cannot come to it
		render: places,
		idle:   places.Idle(s.Idle, runtime.GOMAXPROCS(0)), // which knows the cgroup
	}, nil
}

func (g *gates) watch(m *metrics.Metrics) {
	m.WatchGate("fetch", g.fetch.Stats)
	m.WatchGate("source", g.source.Stats)
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

// Get waits for room. A picture that is larger than all there is to have is too
// large.
func (b budgeted) Get(ctx context.Context, size int64) (origin.Buffer, error) {
	leave, err := b.gate.Enter(ctx, admit.Ask{Bytes: size, Tenant: b.cloud})
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
