package web

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// spare is how many connections over the limit are still taken, so that health
// checks are answered. They have spareTime to ask, and whatever else they ask for
// is refused.
const (
	spare     = 16
	spareTime = time.Second
)

// A full server looks again for a free file descriptor after a pause that grows
// from the first to the last of these.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// Listen returns ln with the limits of the site on connections, for its server.
func (s *Site) Listen(ln net.Listener) net.Listener {
	return &listener{Listener: ln, site: s}
}

type listener struct {
	net.Listener

	site *Site
}

// Accept returns the next connection that is within the limits. When the process
// or the system has no file descriptor or memory for it, it waits.
func (l *listener) Accept() (net.Conn, error) {
	pause := firstPause
	for {
		c, err := l.Listener.Accept()
		switch {
		case errors.Is(err, syscall.ECONNABORTED): // it has gone again
			continue
		case exhausted(err):
			time.Sleep(pause)
			pause = min(2*pause, lastPause)
			continue
		case err != nil:
			return nil, err
		}
		if conn := l.admit(c); conn != nil {
			return conn, nil
		}
	}
}

func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// admit counts a connection, or closes it and returns nil.
func (l *listener) admit(c net.Conn) net.Conn {
	peer, limits := peerOf(c), &l.site.Config.Connections
	limit := limits.PerClient
	if limits.trusts(peer) {
		limit = 0 // it speaks for many
	}
	n, ok := l.site.clients.enter(peer, limits.Max, limit)
	if !ok {
		_ = c.Close() // without a word: that would cost what there is too little of
		return nil
	}
	conn := newConn(c)
	conn.site, conn.peer = l.site, peer
	if limits.Max > 0 && n > limits.Max {
		conn.spare = true
		conn.deadline = time.Now().Add(spareTime)
	}
	return conn
}

// peerOf returns the address at the other end. It is not valid for what is no
// network.
func peerOf(c net.Conn) netip.Addr {
	if addr, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return addr.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// ClientStats are counts of connections.
type ClientStats struct {
	Connections int // now
	Refused     int // since the start, because of a limit
}

// Clients returns the counts at this moment.
func (s *Site) Clients() ClientStats {
	s.clients.mu.Lock()
	defer s.clients.mu.Unlock()
	return s.clients.stats
}

// clients counts connections, also by where they come from.
type clients struct {
	mu     sync.Mutex
	byAddr map[netip.Prefix]int
	stats  ClientStats
}

// enter counts a connection, if there are fewer than most and spare in all and
// fewer than mostOfPeer from its peer; 0 is no limit. n is how many there are now.
func (c *clients) enter(peer netip.Addr, most, mostOfPeer int) (n int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := household(peer)
	if most > 0 && c.stats.Connections >= most+spare || mostOfPeer > 0 && c.byAddr[from] >= mostOfPeer {
		c.stats.Refused++
		return 0, false
	}
	if c.byAddr == nil {
		c.byAddr = make(map[netip.Prefix]int)
	}
	c.byAddr[from]++
	c.stats.Connections++
	return c.stats.Connections, true
}

func (c *clients) leave(peer netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Connections--
	from := household(peer)
	if c.byAddr[from]--; c.byAddr[from] == 0 {
		delete(c.byAddr, from)
	}
}

// household is whom an address stands for: a subscriber of IPv6 has a /64 of
// them (RFC 6177).
func household(peer netip.Addr) netip.Prefix {
	bits := peer.BitLen()
	if peer.Is6() {
		bits = 64
	}
	p, _ := peer.Prefix(bits) // of an invalid address: the zero prefix
	return p
}
