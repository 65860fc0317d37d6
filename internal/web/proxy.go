package web

import (
	"bytes"
	"net/netip"
	"slices"
)

// A Connections limits the connections of clients, and says who they are.
type Connections struct {
	Max       int            `name:"max-connections" default:"0" help:"Connections of clients at once. A few more are taken for /health and /ready and answered 503 otherwise; the rest is closed. 0: as many as the limit of the process on open files leaves room for."`
	PerClient int            `name:"max-connections-per-client" default:"0" help:"Connections at once from one address, or from one /64 of IPv6; more are closed. Trusted proxies have no such limit. 0: no limit."`
	Trusted   []netip.Prefix `name:"trusted-proxies" help:"Networks of proxies whose header X-Forwarded-For says who the client is, such as 10.0.0.0/8. Everybody else's is ignored, and all that come through such a proxy share what one client gets."`
}

// concurrency is the limit in fasthttp, which is above ours: its workers end a
// moment after their connections.
func (l *Connections) concurrency() int {
	if l.Max <= 0 {
		return 0 // 262,144
	}
	return l.Max + 16*spare
}

// trusts reports whether peer may speak for others.
func (l *Connections) trusts(peer netip.Addr) bool {
	return slices.ContainsFunc(l.Trusted, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// clientIP returns the address of the client as text, or nothing if it has none. A
// trusted proxy's request that came before and is not read names no client.
func (s *Site) clientIP(x *exchange) []byte {
	peer := x.peer()
	if x.c != nil && len(s.Config.Trusted) > 0 && s.Config.trusts(peer) {
		peer = s.forwardedFor(x, peer)
	}
	if !peer.IsValid() {
		return nil
	}
	return peer.AppendTo(x.client[:0])
}

// forwardedFor returns the last address in X-Forwarded-For that no trusted proxy
// has; those before it are what the client says. Each proxy has added the peer it
// saw at the end.
func (s *Site) forwardedFor(x *exchange, peer netip.Addr) netip.Addr {
	lists := x.c.Request.Header.PeekAll("X-Forwarded-For")
	for _, list := range slices.Backward(lists) {
		for len(list) > 0 {
			i := bytes.LastIndexByte(list, ',')
			addr, ok := address(list[i+1:])
			if !ok {
				return peer
			}
			if peer = addr; !s.Config.trusts(peer) {
				return peer
			}
			list = list[:max(i, 0)]
		}
	}
	return peer
}

// address reads an address, which may have a port and the brackets that go with
// it.
func address(text []byte) (netip.Addr, bool) {
	word := string(bytes.TrimSpace(text))
	if a, err := netip.ParseAddr(word); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if a, err := netip.ParseAddrPort(word); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(string(bytes.Trim(bytes.TrimSpace(text), "[]")))
	return a.Unmap().WithZone(""), err == nil
}
