package web

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair returns both ends of a connection.
func pair(t *testing.T) (server *conn, client net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		client.Close()
	})
	return newConn(c), client
}

// TestDeadlines moves deadlines back and forth: the last one counts.
func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times []time.Duration
		last  time.Duration
	}{
		{"later", []time.Duration{50 * time.Millisecond, 300 * time.Millisecond}, 300 * time.Millisecond},
		{"sooner", []time.Duration{time.Hour, 100 * time.Millisecond}, 100 * time.Millisecond},
		{"none and one", []time.Duration{50 * time.Millisecond, 0, 200 * time.Millisecond}, 200 * time.Millisecond},
		{"twice later", []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond}, 250 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := pair(t)
			began := time.Now()
			set := func(d time.Duration) (at time.Time) {
				if d > 0 {
					at = began.Add(d)
				}
				return at
			}
			for _, d := range tt.times {
				if err := c.SetDeadline(set(d)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := c.Read(make([]byte, 1))
			if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < tt.last || took > tt.last+20*time.Second {
				t.Errorf("Read = %v after %v, want the deadline after %v", err, took, tt.last)
			}
			if _, err := c.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Write = %v, want the deadline", err)
			}
		})
	}
}

// TestWritesOn writes more than the system keeps for a client that begins to read when a
// deadline has passed that was moved: what was written until then is not written again.
func TestWritesOn(t *testing.T) {
	const soon, late = 50 * time.Millisecond, 20 * time.Second
	data := make([]byte, 16<<20)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	for _, tt := range []struct {
		name       string
		head, tail []byte
	}{
		{"alone", data, nil},
		{"with a tail", data[:100], data[100:]},
		{"with a short tail", data[:len(data)-100], data[len(data)-100:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, client := pair(t)
			for _, d := range []time.Duration{soon, late} {
				if err := c.SetWriteDeadline(time.Now().Add(d)); err != nil {
					t.Fatal(err)
				}
			}
			got := make(chan []byte, 1)
			go func() {
				time.Sleep(2 * soon)
				all, _ := io.ReadAll(client)
				got <- all
			}()
			c.tail = tt.tail
			if n, err := c.Write(tt.head); n != len(tt.head) || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
			c.Close()
			if all := <-got; !bytes.Equal(all, data) {
				t.Errorf("the client got %d bytes, or others than the %d written", len(all), len(data))
			}
		})
	}
}
