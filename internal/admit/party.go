package admit

import (
	"context"
	"sync"

	"pixedge/internal/fault"
)

// A Party is one request at a gate that it asks more than once: for each of its
// pictures, and again for one that turns out to be larger. It waits while it holds
// nothing. Afterwards it gets what there is or is refused at once, since two that
// hold something and wait would wait for each other. It is safe for concurrent use.
type Party struct {
	tenant, client string
	asking         chan struct{} // holds one value while an ask is decided

	mu    sync.Mutex
	asks  int // that were let in and did not leave
	bytes int64
}

// NewParty returns the party of a client.
func NewParty(tenant, client string) *Party {
	return &Party{tenant: tenant, client: client, asking: make(chan struct{}, 1)}
}

// Enter asks g for so many bytes more. Its errors are those of [Gate.Enter], of which
// Unprocessable is for what is over the whole budget together with all that p holds.
func (p *Party) Enter(ctx context.Context, g *Gate, bytes int64) (leave func(), err error) {
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Overloaded, "%s", departed)
	}
	asks, held := p.holds()
	if err := g.allows(Ask{Bytes: held + bytes}); err != nil {
		return nil, err
	}
	enter := g.Enter
	if asks > 0 {
		enter = g.grow
	}
	free, err := enter(ctx, Ask{Bytes: bytes, Tenant: p.tenant, Client: p.client})
	if err != nil {
		return nil, err
	}
	p.add(1, bytes)
	return sync.OnceFunc(func() {
		free(true) // nobody is refused for how long pictures are held
		p.add(-1, -bytes)
	}), nil
}

func (p *Party) holds() (asks int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asks, p.bytes
}

func (p *Party) add(asks int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks += asks
	p.bytes += bytes
}

type partyKey struct{}

// WithParty returns ctx for the work of p.
func WithParty(ctx context.Context, p *Party) context.Context {
	return context.WithValue(ctx, partyKey{}, p)
}

// PartyOf returns the party that ctx is for, or nil.
func PartyOf(ctx context.Context) *Party {
	p, _ := ctx.Value(partyKey{}).(*Party)
	return p
}
