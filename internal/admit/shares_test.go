package admit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
)

// share runs play against a gate of 96 MiB and 24 places that is shared.
func share(t *testing.T, tenants int, play func(*story)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &story{t: t, errs: make(map[string]error)}
		s.Gate = admit.NewShared(admit.Config{Memory: 96 * mib, Queue: 1000, Wait: 10 * time.Second}, 24, tenants)
		play(s)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.Stats(); got.Held != 0 || got.Working != 0 || got.Waiting != 0 {
			t.Errorf("at the end %+v", got)
		}
	})
}

// greedy has somebody ask for everything, piece by piece, and keep it for a minute.
func (s *story) greedy(who string, bytes int64) {
	tenant, client, _ := strings.Cut(who, "/")
	for range 30 {
		s.comeFor(s.t.Context(), who, admit.Ask{Bytes: bytes, Tenant: tenant, Client: client}, time.Minute)
	}
}

// count returns how often somebody was let in.
func (s *story) count(who string) (n int) {
	for _, name := range s.entered() {
		if name == who {
			n++
		}
	}
	return n
}

// TestShares has everybody ask for everything, one after the other. Nobody gets more
// than is then left.
func TestShares(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tenants int
		bytes   int64
		who     []string
		want    []int
	}{
		{"places of one client", 1, 0, []string{"a/1"}, []int{12}},
		{"memory of one client", 1, 8 * mib, []string{"a/1"}, []int{6}},
		{"one client of several clouds", 2, 0, []string{"a/1"}, []int{6}},
		{"its memory", 2, 8 * mib, []string{"a/1"}, []int{3}},
		{"two clients", 1, 0, []string{"a/1", "a/2"}, []int{12, 6}},
		{"three clients", 1, 0, []string{"a/1", "a/2", "a/3"}, []int{12, 6, 3}},
		{"clients of one cloud of several", 2, 0, []string{"a/1", "a/2", "a/3"}, []int{6, 3, 1}},
		{"another cloud", 2, 0, []string{"a/1", "a/2", "b/1"}, []int{6, 3, 3}},
		{"the same name elsewhere", 2, 8 * mib, []string{"a/1", "b/1"}, []int{3, 2}},
		{"what is larger than any share", 2, 90 * mib, []string{"a/1"}, []int{1}},
		{"and for those who come after", 2, 64 * mib, []string{"a/1", "b/1"}, []int{1, 0}},
		{"who holds nothing gets one", 1, 30 * mib, []string{"a/1", "a/2", "a/3", "a/4"}, []int{1, 1, 1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			share(t, tt.tenants, func(s *story) {
				for i, who := range tt.who {
					s.greedy(who, tt.bytes)
					if got := s.count(who); got != tt.want[i] {
						s.t.Errorf("%s got %d, want %d", who, got, tt.want[i])
					}
				}
			})
		})
	}
}

// TestHostage has one client take what it can for ever: everybody else is served.
func TestHostage(t *testing.T) {
	for _, tenants := range []int{1, 2} {
		t.Run(strconv.Itoa(tenants), func(t *testing.T) {
			share(t, tenants, func(s *story) {
				for range 30 {
					s.comeFor(s.t.Context(), "slow", admit.Ask{Bytes: 8 * mib, Tenant: "a", Client: "slow"}, time.Hour)
				}
				began := time.Now()
				for i := range 100 {
					s.come("other", admit.Ask{Bytes: 4 * mib, Cost: 10 * time.Millisecond, Tenant: "a", Client: strconv.Itoa(i)})
				}
				for s.count("other") < 100 {
					time.Sleep(time.Millisecond)
					if time.Since(began) > time.Second {
						s.t.Fatalf("%d of 100 are served after %v", s.count("other"), time.Since(began))
					}
				}
			})
		})
	}
}

// TestBigIsNotPassed has a client with more than its share of work, of which the big
// piece is next, and others with small work all the time.
func TestBigIsNotPassed(t *testing.T) {
	share(t, 1, func(s *story) {
		small := admit.Ask{Bytes: 10 * mib, Cost: time.Second, Tenant: "a"}
		for i := range 40 {
			small.Client = fmt.Sprint("before", i)
			s.come("small", small)
		}
		s.come("big", admit.Ask{Bytes: 90 * mib, Cost: time.Second, Tenant: "a", Client: "big"})
		for i := range 40 {
			small.Client = fmt.Sprint("after", i)
			s.come("small", small)
		}
		time.Sleep(time.Minute)
		entered := s.entered()
		for i, name := range entered {
			if name == "big" && i <= 41 {
				return
			}
		}
		s.t.Errorf("let in %v", entered)
	})
}

// TestAside has a client over its share ask for much: it holds up nobody.
func TestAside(t *testing.T) {
	share(t, 2, func(s *story) {
		s.greedy("a/1", 8*mib)
		s.comeFor(s.t.Context(), "a/1", admit.Ask{Bytes: 90 * mib, Tenant: "a", Client: "1"}, time.Second)
		s.come("a/2", admit.Ask{Bytes: mib, Cost: time.Second, Tenant: "a", Client: "2"})
		s.come("b/1", admit.Ask{Bytes: mib, Cost: time.Second, Tenant: "b", Client: "1"})
		if s.count("a/2") != 1 || s.count("b/1") != 1 {
			s.t.Errorf("let in %v", s.entered())
		}
	})
}

// TestSharedCrowd has hundreds come and go at once. Nobody who comes alone waits long,
// and nothing is held afterwards.
func TestSharedCrowd(t *testing.T) {
	g := admit.NewShared(admit.Config{Memory: 64 * mib, Queue: 500, Wait: 20 * time.Millisecond}, 8, 4)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 20 {
				p := admit.NewParty(strconv.Itoa(r.IntN(4)), strconv.Itoa(r.IntN(9)))
				for range r.IntN(3) {
					leave, err := p.Enter(t.Context(), g, r.Int64N(20*mib))
					if err != nil {
						continue
					}
					if s := g.Stats(); s.Held > s.Budget || s.Working > 8 {
						t.Errorf("Stats = %+v", s)
					}
					time.Sleep(time.Duration(r.IntN(1000)) * time.Microsecond)
					defer leave()
				}
			}
		})
	}
	all.Wait()
	if s := g.Stats(); s.Held != 0 || s.Working != 0 || s.Waiting != 0 || s.Admitted == 0 {
		t.Errorf("Stats = %+v", s)
	}
}

// TestParty asks again while it holds something: there is no waiting then.
func TestParty(t *testing.T) {
	share(t, 1, func(s *story) {
		a, b := admit.NewParty("a", "1"), admit.NewParty("a", "2")
		enter := func(p *admit.Party, bytes int64) (func(), error) {
			began := time.Now()
			leave, err := p.Enter(s.t.Context(), s.Gate, bytes)
			if waited := time.Since(began); waited > 0 {
				s.t.Errorf("waited %v", waited)
			}
			return leave, err
		}
		first, err := enter(a, 20*mib)
		if err != nil {
			s.t.Fatal(err)
		}
		more, err := enter(a, 30*mib) // nobody else is there: more than its share
		if err != nil {
			s.t.Fatal(err)
		}
		second, err := enter(b, 40*mib)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, tt := range []struct {
			name  string
			p     *admit.Party
			bytes int64
			want  fault.Kind
		}{
			{"no room", b, 7 * mib, fault.Overloaded},
			{"over the share", a, 3 * mib, fault.Overloaded},
			{"over the whole budget together", b, 57 * mib, fault.Unprocessable},
		} {
			if _, err := enter(tt.p, tt.bytes); fault.Of(err) != tt.want {
				s.t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		second()
		second()
		if leave, err := enter(a, 10*mib); err != nil { // more than a new one of the client would get
			s.t.Error(err)
		} else {
			leave()
		}
		first()
		more()
	})
}

// TestPartyWaits at first, with all of its pictures.
func TestPartyWaits(t *testing.T) {
	share(t, 1, func(s *story) {
		s.comeFor(s.t.Context(), "before", admit.Ask{Bytes: 90 * mib}, 3*time.Second)
		p := admit.NewParty("a", "1")
		began := time.Now()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				leave, err := p.Enter(s.t.Context(), s.Gate, 10*mib)
				if err != nil || time.Since(began) != 3*time.Second {
					s.t.Errorf("after %v: %v", time.Since(began), err)
					return
				}
				time.Sleep(time.Second)
				leave()
			})
		}
		synctest.Wait()
		short, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if _, err := p.Enter(short, s.Gate, mib); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("err = %v", err)
		}
		both.Wait()
	})
}

// TestLastTry lets who is alone try what will hardly be done.
func TestLastTry(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second/2)
		defer cancel()
		s.comeFor(ctx, "late", ask("a/1"), time.Second)
		s.wantOrder("late")
	})
}

// TestExpect refuses what would be refused later, and nothing else.
func TestExpect(t *testing.T) {
	for _, tt := range []struct {
		name     string
		expected int // before it, of others
		who      string
		want     fault.Kind
	}{
		{"there is room", 0, "a/x", fault.Internal},
		{"none is left", 1, "a/x", fault.Overloaded},
		{"another client has less waiting", 9, "a/y", fault.Internal},
		{"and another cloud", 9, "b/x", fault.Internal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tell(t, 1, 3, func(s *story) {
				s.come("work", ask("a/x"))
				s.come("1", ask("a/x"))
				s.come("2", ask("a/x"))
				for range tt.expected {
					if arrived, err := s.Expect("c", "x"); err == nil {
						defer arrived()
						defer arrived()
					}
				}
				tenant, client, _ := strings.Cut(tt.who, "/")
				arrived, err := s.Expect(tenant, client)
				if err == nil {
					arrived()
				}
				if got := fault.Of(err); err == nil != (tt.want == fault.Internal) || err != nil && got != tt.want {
					s.t.Errorf("err = %v, want %v", err, tt.want)
				}
				s.wantOrder("work,1,2")
			})
		})
	}
}

// TestTooLate refuses what would end after its deadline, when it is its turn and not
// after it has taken a place.
func TestTooLate(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		s.come("work", ask("a/1"))
		for _, left := range []time.Duration{1500 * time.Millisecond, 2500 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(s.t.Context(), left)
			defer cancel()
			s.comeFor(ctx, left.String(), ask("a/2"), time.Second)
		}
		time.Sleep(5 * time.Second)
		if err := s.err("1.5s"); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("err = %v", err)
		}
		if got := s.Stats(); got.Refused[admit.Late] != 1 || got.Refused[admit.Left] != 0 {
			s.t.Errorf("Stats = %+v", got)
		}
		s.wantOrder("work,2.5s")
	})
}
