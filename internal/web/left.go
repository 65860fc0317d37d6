package web

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"pixedge/internal/fault"
)

// errLeft is why a request ends whose client has gone.
var errLeft = fault.Errorf(fault.Timeout, "the client has left")

// lookEvery is how often a connection is looked at while its client waits for a
// picture: nothing wakes a server when a connection ends that it does not read.
const lookEvery = 250 * time.Millisecond

// Stay returns ctx, which ends with the cause errLeft when the client closes the
// connection, or its half of it. It is a method of delivery.Client and called for
// pictures that have to be made; stop must be called before the answer is
// written.
func (x *exchange) Stay(ctx context.Context) (watched context.Context, stop func()) {
	raw := rawConn(x.c.Conn())
	if raw == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if hasLeft(raw) {
				cancel(errLeft)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-stopped // the connection is fasthttp's again
	}
}

// rawConn returns the socket of a connection, or nil if it is none.
func rawConn(c net.Conn) syscall.RawConn {
	if ours, ok := c.(*conn); ok {
		c = ours.Conn
	}
	socket, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// hasLeft reports whether there is nothing left to read and never will be. It
// takes nothing from the socket.
func hasLeft(raw syscall.RawConn) bool {
	var room [1]byte
	var n int
	var err error
	if raw.Control(func(fd uintptr) {
		n, _, err = syscall.Recvfrom(int(fd), room[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}) != nil {
		return true
	}
	waiting := errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR)
	return err == nil && n == 0 || err != nil && !waiting
}

// Address returns the client's IP address, as the log has it, or its /64 of IPv6. It
// is a method of delivery.Client.
func (x *exchange) Address() string {
	text := string(x.site.clientIP(x))
	if a, err := netip.ParseAddr(text); err == nil && a.Is6() {
		return household(a).String()
	}
	return text
}
