package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
	"pixedge/internal/origin"
)

// TestRequestsDoNotWaitForEachOther has two requests with two pictures each, for all of
// which there is no room at once: while one holds something, it does not wait.
func TestRequestsDoNotWaitForEachOther(t *testing.T) {
	const mib = 1 << 20
	synctest.Test(t, func(t *testing.T) {
		s := &settings{Misses: 4, SourceMemory: 16 * mib}
		s.Admit.Queue, s.Admit.Wait, s.Admit.Memory = 4, time.Minute, 64*mib
		s.Render.Workers = 1
		g, err := newGates(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		buffers := g.buffers("a", origin.Memory{})
		of := func(client string) context.Context {
			return admit.WithParty(t.Context(), admit.NewParty("a", client))
		}
		one, two := of("1"), of("2")
		var held []origin.Buffer
		for _, tt := range []struct {
			name string
			ctx  context.Context
			size int64
			want fault.Kind
		}{
			{"one", one, 4 * mib, 0},
			{"two", two, 4 * mib, 0},
			{"more of one", one, 9 * mib, fault.Overloaded},
			{"more of two", two, 9 * mib, fault.Overloaded},
			{"a little more", one, mib, 0},
			{"more than there is, with what it has", two, 13 * mib, fault.TooLarge},
			{"more than there is", of("3"), 17 * mib, fault.TooLarge},
		} {
			began := time.Now()
			b, err := buffers.Get(tt.ctx, tt.size)
			if fault.Of(err) != tt.want && err != nil || (err == nil) != (tt.want == 0) || time.Since(began) > 0 {
				t.Errorf("%s: %v after %v", tt.name, err, time.Since(began))
			}
			if err == nil {
				held = append(held, b)
			}
		}
		for _, b := range held {
			b.Release()
		}
		if got := g.source.Stats(); got.Held != 0 || got.Working != 0 {
			t.Errorf("Stats = %+v", got)
		}
	})
}
