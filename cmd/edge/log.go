package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"pixedge/internal/web"
)

// A log is a logger whose lines are gathered for a moment, so that a line a
// request does not cost a system call a request. Nobody waits for whoever reads
// the log: if that is too slow, lines are dropped, and a line says how many.
type log struct {
	*slog.Logger

	w    io.Writer
	full chan struct{} // there is enough to write
	stop chan struct{}
	done chan struct{} // closed once the last line is written

	mu      sync.Mutex
	lines   []byte
	dropped int
}

const (
	flushEvery = 100 * time.Millisecond // how long a line may wait
	flushAt    = 64 << 10               // bytes that are written at once
	mostLines  = 8 << 20                // bytes that wait for a slow reader
)

func newLog(w io.Writer, s *settings) *log {
	l := &log{w: w, full: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo // unreachable: kong knows the levels
	}
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "text" {
		l.Logger = slog.New(slog.NewTextHandler(l, options))
	} else {
		l.Logger = slog.New(web.NewLines(l, options))
	}
	go l.flush()
	return l
}

// Write adds a line, or drops it.
func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines)+len(line) > mostLines {
		l.dropped++
		return len(line), nil
	}
	l.lines = append(l.lines, line...)
	if len(l.lines) >= flushAt {
		select {
		case l.full <- struct{}{}:
		default: // it was told already
		}
	}
	return len(line), nil
}

func (l *log) flush() {
	defer close(l.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	var room []byte
	for {
		select {
		case <-tick.C:
		case <-l.full:
		case <-l.stop:
			l.writeOut(l.writeOut(room)) // once more for what the first one had to say
			return
		}
		room = l.writeOut(room)
	}
}

// writeOut writes what there is, with room for what comes meanwhile, and returns
// the room that this leaves.
func (l *log) writeOut(room []byte) []byte {
	lines, dropped := l.take(room)
	_, _ = l.w.Write(lines) // a log that cannot be written must not stop the server
	if dropped > 0 {
		l.Warn("the log was not read fast enough", "dropped", dropped)
	}
	return lines[:0]
}

// take returns the lines to write, and keeps room for the next ones.
func (l *log) take(room []byte) (lines []byte, dropped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines, dropped = l.lines, l.dropped
	l.lines, l.dropped = room, 0
	return lines, dropped
}

// lastLines is how long the log may take to write what is left.
const lastLines = 5 * time.Second

// Close writes what is left.
func (l *log) Close() error {
	close(l.stop)
	select {
	case <-l.done:
		return nil
	case <-time.After(lastLines):
		return fmt.Errorf("the log was not written within %v", lastLines)
	}
}
