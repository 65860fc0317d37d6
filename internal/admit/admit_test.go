package admit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/config"
	"pixedge/internal/fault"
)

const mib = 1 << 20

// A story is a gate and who came to it. Its clock is synctest's.
type story struct {
	*admit.Gate

	t     *testing.T
	mu    sync.Mutex
	order []string // those let in, in their order
	errs  map[string]error
}

// tell runs play against a gate of 100 MiB.
func tell(t *testing.T, places, queue int, play func(*story)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &story{t: t, errs: make(map[string]error)}
		s.Gate = admit.New(admit.Config{Memory: 100 * mib, Queue: queue, Wait: 10 * time.Second}, places)
		play(s)
		synctest.Wait()
		if got := s.Stats(); got.Held != 0 || got.Working != 0 || got.Waiting != 0 {
			t.Errorf("at the end %+v", got)
		}
	})
}

// come sends somebody in who works for as long as it costs.
func (s *story) come(name string, a admit.Ask) { s.comeFor(s.t.Context(), name, a, a.Cost) }

func (s *story) comeFor(ctx context.Context, name string, a admit.Ask, stay time.Duration) {
	go func() {
		leave, err := s.Enter(ctx, a)
		if err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.errs[name] = err
			return
		}
		s.enter(name)
		time.Sleep(stay)
		leave(true)
	}()
	synctest.Wait() // one after the other
}

func (s *story) enter(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, name)
}

func (s *story) entered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

func (s *story) err(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs[name]
}

func (s *story) wantOrder(want string) {
	s.t.Helper()
	time.Sleep(time.Minute)
	if got := strings.Join(s.entered(), ","); got != want {
		s.t.Errorf("let in %s\nwant   %s", got, want)
	}
}

// ask is a second of work of little memory.
func ask(who string) admit.Ask {
	tenant, client, _ := strings.Cut(who, "/")
	return admit.Ask{Bytes: mib, Cost: time.Second, Tenant: tenant, Client: client}
}

func TestMemoryIsTheLimit(t *testing.T) {
	tell(t, 10, 10, func(s *story) {
		for i := range 5 {
			s.come(strconv.Itoa(i), admit.Ask{Bytes: 25 * mib, Cost: time.Second})
		}
		if got := s.Stats(); got.Held != 100*mib || got.Working != 4 || got.Waiting != 1 || got.Budget != 100*mib {
			s.t.Errorf("Stats = %+v", got)
		}
		s.wantOrder("0,1,2,3,4")
		if got := s.Stats(); got.Admitted != 5 || got.Waited != time.Second {
			s.t.Errorf("Stats = %+v", got)
		}
	})
}

func TestOverTheWholeBudget(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		_, err := s.Enter(s.t.Context(), admit.Ask{Bytes: 100*mib + 1})
		if fault.Of(err) != fault.Unprocessable || !strings.Contains(fault.Message(err), "101 MiB") || !strings.Contains(fault.Message(err), "100 MiB") {
			s.t.Errorf("err = %v, %v", fault.Of(err), err)
		}
		if got := s.Stats().Refused[admit.TooBig]; got != 1 {
			s.t.Errorf("refused %d", got)
		}
		s.come("all", admit.Ask{Bytes: 100 * mib})
		s.wantOrder("all")
	})
}

func TestLeaveCountsOnce(t *testing.T) {
	tell(t, 2, 10, func(s *story) {
		leave, err := s.Enter(s.t.Context(), ask("a"))
		if err != nil {
			s.t.Fatal(err)
		}
		leave(true)
		leave(true)
		if got := s.Stats(); got.Working != 0 || got.Held != 0 {
			s.t.Errorf("Stats = %+v", got)
		}
	})
}

func TestShortBeforeLong(t *testing.T) {
	tell(t, 1, 10, func(s *story) {
		s.come("first", ask("a/1"))
		long, short := ask("a/2"), ask("a/3")
		long.Cost, short.Cost = 2*time.Second, 100*time.Millisecond
		s.come("long", long)
		s.come("short", short)
		s.wantOrder("first,short,long")
	})
}

// TestLongIsNotStarved has short work come all the time.
func TestLongIsNotStarved(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		short, long := ask("a"), ask("a/long")
		short.Cost, long.Cost = 500*time.Millisecond, time.Second
		s.come("short", short)
		s.come("long", long)
		for i := range 20 {
			short.Client = strconv.Itoa(i)
			s.come("short", short)
			time.Sleep(short.Cost)
		}
		time.Sleep(time.Minute)
		// The long one lets those go before it that come within its cost, less theirs.
		if at := slices.Index(s.entered(), "long"); at < 1 || at > 5 {
			s.t.Errorf("the long one is let in as number %d of %v", at, s.entered())
		}
	})
}

func TestSmallPassesBig(t *testing.T) {
	big := ask("a/big")
	big.Bytes, big.Cost = 60*mib, 5*time.Second
	tell(t, 3, 100, func(s *story) {
		s.come("big1", big)
		s.come("big2", big) // would not fit; and a second one has to wait anyway
		for i := range 4 {
			small := ask(fmt.Sprintf("a/%d", i))
			small.Cost += time.Duration(i) * time.Millisecond // no two leave at once
			s.come(strconv.Itoa(i), small)
		}
		s.wantOrder("big1,0,1,2,3,big2")
	})
	tell(t, 3, 100, func(s *story) {
		middling := big
		middling.Bytes = 30 * mib
		s.come("big1", middling)
		s.come("big2", middling) // would fit
		s.come("small", ask("a"))
		s.wantOrder("big1,small,big2")
	})
}

// TestBigIsNotStarved has small work come that always fits beside what there is.
func TestBigIsNotStarved(t *testing.T) {
	tell(t, 4, 1000, func(s *story) {
		small, big := ask("a"), ask("a/big")
		small.Bytes, big.Bytes = 20*mib, 90*mib
		stop := make(chan struct{})
		for range 4 {
			go func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if leave, err := s.Enter(s.t.Context(), small); err == nil {
						time.Sleep(small.Cost)
						leave(true)
					}
				}
			}()
		}
		synctest.Wait()
		began := time.Now()
		leave, err := s.Enter(s.t.Context(), big)
		if err != nil {
			s.t.Fatal(err)
		}
		if waited := time.Since(began); waited > 3*time.Second {
			s.t.Errorf("the big one waited %v for work of a second", waited)
		}
		close(stop)
		leave(true)
		time.Sleep(time.Minute)
	})
}

// TestBigLeavesMostToSmall floods both lanes.
func TestBigLeavesMostToSmall(t *testing.T) {
	tell(t, 1, 1000, func(s *story) {
		small, big := ask("a"), ask("a")
		big.Bytes, small.Cost, big.Cost = 50*mib, 250*time.Millisecond, 250*time.Millisecond
		s.come("first", small)
		for range 8 {
			s.come("b", big)
			s.come("s", small)
		}
		s.wantOrder("first,b,s,s,s,b,s,s,s,s,b,s,b,b,b,b,b")
	})
}

func TestTenantsTakeTurns(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for i := range 5 {
			s.come(fmt.Sprint("a", i), ask("a"))
		}
		s.come("b0", ask("b"))
		s.come("c0", ask("c"))
		s.come("b1", ask("b"))
		s.wantOrder("a0,a1,b0,c0,a2,b1,a3,a4")
	})
}

// TestTurnsAreWorth has a tenant whose work is five times as long.
func TestTurnsAreWorth(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		s.come("first", ask("z"))
		long, short := ask("long"), ask("short")
		long.Cost, short.Cost = 500*time.Millisecond, 100*time.Millisecond
		for range 2 {
			s.come("L", long)
		}
		for range 10 {
			s.come("s", short)
		}
		s.wantOrder("first,L,s,s,s,s,s,L,s,s,s,s,s")
	})
}

// TestAbsenceIsNoCredit has a tenant that comes and goes.
func TestAbsenceIsNoCredit(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		long, short := ask("long"), ask("short")
		long.Cost, short.Cost = 500*time.Millisecond, 100*time.Millisecond
		s.come("first", ask("z"))
		for range 20 {
			s.come("s", short)
		}
		for range 3 { // never has more than one waiting
			leave, err := s.Enter(s.t.Context(), long)
			if err != nil {
				s.t.Fatal(err)
			}
			s.enter("L")
			time.Sleep(long.Cost)
			leave(true)
		}
		s.wantOrder("first,s,L,s,s,s,s,s,L,s,s,s,s,s,L,s,s,s,s,s,s,s,s,s")
	})
}

func TestClientsTakeTurns(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for i := range 4 {
			s.come(fmt.Sprint("x", i), ask("a/x"))
		}
		s.come("y0", ask("a/y"))
		s.come("y1", ask("a/y"))
		s.wantOrder("x0,x1,y0,x2,y1,x3")
	})
}

func TestFloodIsRefused(t *testing.T) {
	tell(t, 1, 6, func(s *story) {
		s.come("work", ask("a/1"))
		for i := range 9 {
			s.come(fmt.Sprint("a", i), ask("a/1"))
		}
		for i := range 3 {
			s.come(fmt.Sprint("b", i), ask("b/1"))
		}
		// Three of each now: one more of a is one too many of a.
		s.come("a9", ask("a/1"))
		for _, name := range []string{"a3", "a4", "a5", "a6", "a7", "a8", "a9"} {
			if fault.Of(s.err(name)) != fault.Overloaded {
				s.t.Errorf("%s: %v", name, s.err(name))
			}
		}
		if got := s.Stats(); got.Refused[admit.Full] != 7 || got.Waiting != 6 {
			s.t.Errorf("Stats = %+v", got)
		}
		s.wantOrder("work,a0,b0,a1,b1,a2,b2")
	})
}

// TestFloodOfOneClient costs the client, not the others of its tenant.
func TestFloodOfOneClient(t *testing.T) {
	tell(t, 1, 3, func(s *story) {
		s.come("work", ask("a/1"))
		for i := range 5 {
			s.come(fmt.Sprint("x", i), ask("a/x"))
		}
		s.come("y", ask("a/y"))
		s.wantOrder("work,x0,y,x1")
	})
}

func TestQueueOfTooMuchWork(t *testing.T) {
	tell(t, 1, 100, func(s *story) { // nobody waits for more than ten seconds
		long := ask("a")
		long.Cost = 4 * time.Second
		for i := range 5 {
			s.come(strconv.Itoa(i), long)
		}
		if err := s.err("4"); fault.Of(err) != fault.Overloaded || fault.RetryAfter(err) != 8*time.Second {
			s.t.Errorf("err = %v, to be tried again after %v", err, fault.RetryAfter(err))
		}
		s.wantOrder("0,1,2")
		if got := s.Stats(); got.Refused[admit.Full] != 2 || got.Refused[admit.Late] != 0 {
			s.t.Errorf("Stats = %+v", got)
		}
	})
}

// TestWrongEstimates takes ten times as long as it says it does. The gate learns.
func TestWrongEstimates(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for range 100 {
			s.comeFor(s.t.Context(), "x", ask("a"), 10*time.Second)
			time.Sleep(10 * time.Second)
		}
		s.comeFor(s.t.Context(), "working", ask("a"), 10*time.Second)
		s.comeFor(s.t.Context(), "waiting", ask("a"), 0)
		s.comeFor(s.t.Context(), "refused", ask("a"), 0)
		if err := s.err("refused"); fault.Of(err) != fault.Overloaded || fault.RetryAfter(err).Round(time.Second) != 10*time.Second {
			s.t.Errorf("err = %v, to be tried again after %v", err, fault.RetryAfter(err))
		}
		time.Sleep(time.Minute)
	})
}

// TestFailures has many fail at their first look: the gate does not come to think that
// work is short, for those it was told of nor for those who are only announced.
func TestFailures(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		work := func(took time.Duration, done bool) {
			for range 100 {
				leave, err := s.Enter(s.t.Context(), ask("a"))
				if err != nil {
					s.t.Fatal(err)
				}
				time.Sleep(took)
				leave(done)
			}
		}
		work(time.Second, true)
		work(time.Millisecond, false)
		for range 8 { // one works, and seven seconds of work wait
			s.come("let in", ask("a"))
		}
		if _, err := s.Expect("a", ""); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("announced behind seven seconds of work: %v, want overloaded", err)
		}
		for range 4 {
			s.come("the last", ask("a"))
		}
		if err := s.err("the last"); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("behind ten seconds of work: %v, want overloaded", err)
		}
		time.Sleep(time.Minute)
	})
}

// TestSlowFailures has many fail late: the gate comes to know that work is long, although
// none is done.
func TestSlowFailures(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for range 100 {
			leave, err := s.Enter(s.t.Context(), ask("a"))
			if err != nil {
				s.t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			leave(false)
		}
		for range 2 { // one works, and five seconds of work wait
			s.come("let in", ask("a"))
		}
		if _, err := s.Expect("a", ""); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("five seconds, announced behind five: %v, want overloaded", err)
		}
		for range 2 {
			s.come("the last", ask("a"))
		}
		if err := s.err("the last"); fault.Of(err) != fault.Overloaded {
			s.t.Errorf("behind ten seconds of work: %v, want overloaded", err)
		}
		time.Sleep(time.Minute)
	})
}

// TestMisjudged has many take a second that were thought to take a millisecond, as a
// picture can be made to: nobody else is refused for it.
func TestMisjudged(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		for range 100 {
			s.comeFor(s.t.Context(), "misjudged", admit.Ask{Cost: time.Millisecond, Tenant: "a", Client: "hostile"}, time.Second)
			time.Sleep(time.Second)
		}
		s.come("working", ask("a/other"))
		for range 4 {
			s.come("waiting", ask("a/other"))
		}
		if err := s.err("waiting"); err != nil {
			s.t.Errorf("behind three seconds of work: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

func TestNoRoomInTime(t *testing.T) {
	tell(t, 1, 100, func(s *story) {
		s.comeFor(s.t.Context(), "slow", ask("a"), 30*time.Second)
		began := time.Now()
		_, err := s.Enter(s.t.Context(), ask("b"))
		if waited := time.Since(began); fault.Of(err) != fault.Overloaded || waited != 10*time.Second {
			s.t.Errorf("after %v: %v", waited, err)
		}
		if got := fault.RetryAfter(err); got != time.Second {
			s.t.Errorf("RetryAfter = %v", got)
		}
		if got := s.Stats(); got.Waiting != 0 || got.Refused[admit.Late] != 1 {
			s.t.Errorf("Stats = %+v", got)
		}
		s.wantOrder("slow")
	})
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	tell(t, 1, 2, func(s *story) {
		s.come("work", ask("a"))
		ctx, cancel := context.WithCancel(s.t.Context())
		s.comeFor(ctx, "gone", ask("a"), time.Second)
		s.come("stays", ask("a"))
		cancel()
		synctest.Wait()
		if err := s.err("gone"); !errors.Is(err, context.Canceled) || fault.Of(err) != fault.Overloaded {
			s.t.Errorf("err = %v", err)
		}
		if got := s.Stats(); got.Waiting != 1 || got.Refused[admit.Left] != 1 {
			s.t.Errorf("Stats = %+v", got)
		}
		s.come("fits", ask("b")) // there is a place again
		if _, err := s.Enter(ctx, ask("c")); !errors.Is(err, context.Canceled) {
			s.t.Errorf("err = %v", err)
		}
		s.wantOrder("work,stays,fits")
	})
}

// TestWhoLeavesMakesRoom has small work wait for the memory that is kept for big
// work, which goes away.
func TestWhoLeavesMakesRoom(t *testing.T) {
	tell(t, 3, 10, func(s *story) {
		s.comeFor(s.t.Context(), "work", admit.Ask{Bytes: 20 * mib}, 5*time.Second)
		ctx, cancel := context.WithCancel(s.t.Context())
		s.comeFor(ctx, "big", admit.Ask{Bytes: 90 * mib}, time.Second)
		s.come("small", ask("a"))
		if len(s.entered()) != 1 {
			s.t.Errorf("let in %v", s.entered())
		}
		cancel()
		synctest.Wait()
		if !slices.Equal(s.entered(), []string{"work", "small"}) {
			s.t.Errorf("let in %v", s.entered())
		}
		time.Sleep(time.Minute)
	})
}

func TestNoQueue(t *testing.T) {
	tell(t, 1, 0, func(s *story) {
		s.come("work", ask("a"))
		_, err := s.Enter(s.t.Context(), ask("b"))
		if fault.Of(err) != fault.Overloaded {
			s.t.Errorf("err = %v", err)
		}
		s.wantOrder("work")
	})
}

// TestCrowd has hundreds come, go and lose patience at once; the budget holds.
func TestCrowd(t *testing.T) {
	g := admit.New(admit.Config{Memory: 64 * mib, Queue: 50, Wait: 20 * time.Millisecond}, 8)
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(30))*time.Millisecond)
				leave, err := g.Enter(ctx, admit.Ask{
					Bytes: r.Int64N(70 * mib), Cost: time.Duration(r.IntN(5)) * time.Millisecond,
					Tenant: strconv.Itoa(r.IntN(4)), Client: strconv.Itoa(r.IntN(9)),
				})
				if err == nil {
					if s := g.Stats(); s.Held > s.Budget || s.Working > 8 || s.Waiting > 50 {
						t.Errorf("Stats = %+v", s)
					}
					time.Sleep(time.Duration(r.IntN(1000)) * time.Microsecond)
					leave(true)
				}
				cancel()
			}
		})
	}
	all.Wait()
	s := g.Stats()
	asked := s.Admitted
	for _, n := range s.Refused {
		asked += n
	}
	if s.Held != 0 || s.Working != 0 || s.Waiting != 0 || asked < 8000 {
		t.Errorf("Stats = %+v", s)
	}
}

func TestCauses(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range admit.Causes() {
		seen[c.String()] = true
	}
	if len(seen) != len(admit.Stats{}.Refused) || seen[""] {
		t.Errorf("causes %v", seen)
	}
}

func TestSettle(t *testing.T) {
	there, err := admit.Available()
	if err != nil || there < 64*mib {
		t.Fatalf("Available = %d, %v", there, err)
	}
	c, err := admit.Config{}.Settle()
	if err != nil || int64(c.Memory) < there/2 || int64(c.Memory) >= there {
		t.Errorf("Settle = %v of %d, %v", c.Memory, there, err)
	}
	if c, err := (admit.Config{Memory: config.Size(mib)}).Settle(); err != nil || c.Memory != mib {
		t.Errorf("Settle = %v, %v", c.Memory, err)
	}
}
