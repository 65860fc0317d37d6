package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// A stuckWriter writes nothing until it is released.
type stuckWriter struct {
	release chan struct{}
	mu      sync.Mutex
	text    bytes.Buffer
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	<-w.release
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// TestLogThatNobodyReads goes on logging, and says afterwards what is missing.
func TestLogThatNobodyReads(t *testing.T) {
	w := &stuckWriter{release: make(chan struct{})}
	l := newLog(w, &settings{LogLevel: "info"})
	line := strings.Repeat("x", 1000)
	const lines = 3 * mostLines / 1000
	for range lines {
		l.Info(line)
	}
	close(w.release)
	l.Info("the end")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := w.text.String()
	if !strings.Contains(text, `"msg":"the log was not read fast enough","dropped":`) {
		t.Error("no line says what is missing")
	}
	written := strings.Count(text, line)
	if written == 0 || written >= lines || len(text) > 3*mostLines {
		t.Errorf("%d of %d lines written", written, lines)
	}
}

// TestLogIsWhole writes every line once and in order.
func TestLogIsWhole(t *testing.T) {
	var text bytes.Buffer
	l := newLog(&text, &settings{LogLevel: "info"})
	const lines = 5000
	for i := range lines {
		l.Info("line", "i", i)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(got) != lines || !strings.HasSuffix(got[0], `"i":0}`) || !strings.HasSuffix(got[lines-1], `"i":4999}`) {
		t.Errorf("%d lines, want %d", len(got), lines)
	}
}
