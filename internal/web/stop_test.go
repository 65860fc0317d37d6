package web_test

import (
	"io"
	"net"
	"testing"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
)

// TestGracefulStop stops a server while a request is in flight, another
// connection is idle, and a third is between requests.
func TestGracefulStop(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	s := siteOf(images{func() (delivery.Answer, error) {
		close(started)
		<-finish
		return delivery.Answer{}, fault.Errorf(fault.NotFound, "no such picture")
	}}, io.Discard)
	srv, addr, served := launch(t, s)
	connect := func() *wire {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return newWire(t, conn)
	}
	busy, idle := connect(), connect()
	idle.get("/health").has(t, 200)
	busy.send("GET /v2/demo/original/a.jpg HTTP/1.1\r\nHost: x\r\n\r\n")
	<-started

	stopped := make(chan error, 1)
	go func() { stopped <- srv.ShutdownWithContext(t.Context()) }()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close()
		t.Error("a new connection is taken")
	}
	idle.isClosed()
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request in flight was answered: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(finish)
	r := busy.read("GET")
	r.isError(t, 404, "no such picture")
	r.has(t, 404, "Connection: close")
	busy.isClosed()
	if err := <-stopped; err != nil {
		t.Errorf("ShutdownWithContext: %v", err)
	}
}
