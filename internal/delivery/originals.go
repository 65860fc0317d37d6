package delivery

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"pixedge/internal/admit"
	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// originals are the pictures on their way from their sources, and those in use. Who
// wants the same ones meanwhile shares them, so that a page with many sizes of a
// picture costs one fetch. The zero value is ready.
type originals struct {
	mu    sync.Mutex
	byKey map[string]*shared
}

// A shared is the original of a request and the other pictures of its plan.
type shared struct {
	list   *originals
	key    string
	cancel context.CancelFunc // ends the fetch
	done   chan struct{}      // closed when the pictures are there, or err

	pictures []origin.Original // by the order of their names, the original first
	err      error
	digest   func() [sha256.Size]byte // of the original

	// Guarded by list.mu.
	users  int       // who wait for it or use it
	sizes  int       // requests so far that a rendition may be of use to
	landed time.Time // when it was there; zero before
	next   *shared   // of those who waited, if it was not the turn of the first
}

// freshFor is how long after its arrival an original that is in use is shared with
// who comes next. Without an end, a picture that never is out of use would never be
// asked for again at its source.
const freshFor = 2 * time.Second

// get returns what key names. If nobody wants it at the moment, fetch fetches it, once
// for all who come to want it, with the values of ctx and an end of its own: when
// nobody wants it any more. Errors are for all who wait, but for those of a turn that
// somebody else did not get: then the others try once in their own name, together. sizes
// tells that a rendition may be of use to the request.
//
// The caller calls release with what it got. ctx ends the waiting with its cause.
func (l *originals) get(ctx context.Context, key string, sizes bool, fetch func(context.Context) ([]origin.Original, error)) (*shared, error) {
	o, first := l.join(ctx, key, nil, sizes, fetch)
	err := o.wait(ctx)
	if !first && fault.IsOwn(err) && ctx.Err() == nil {
		o, _ = l.join(ctx, key, o, sizes, fetch)
		err = o.wait(ctx)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// wait returns when the pictures are there. With an error the use has ended.
func (o *shared) wait(ctx context.Context) error {
	select {
	case <-o.done:
	case <-ctx.Done():
		o.release()
		return context.Cause(ctx)
	}
	if o.err != nil {
		o.release()
	}
	return o.err
}

// join adds a use of what key names, and reports whether it is the first, which has it
// fetched. Those who waited for one that was refused share what comes next, even if that
// has failed before the last of them comes here; but not if it only ended because all who
// wanted it had left.
func (l *originals) join(ctx context.Context, key string, refused *shared, sizes bool, fetch func(context.Context) ([]origin.Original, error)) (o *shared, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o = l.byKey[key]
	if refused != nil {
		if next := refused.next; next != nil && !next.landed.IsZero() && next.err != nil && !errors.Is(next.err, context.Canceled) {
			next.users++
			return next, false
		}
		defer func() { refused.next = o }()
	}
	if first = o == nil || !o.landed.IsZero() && time.Since(o.landed) > freshFor; first {
		o = &shared{list: l, key: key, done: make(chan struct{})}
		if l.byKey == nil {
			l.byKey = make(map[string]*shared)
		}
		l.byKey[key] = o
		ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go o.fly(ctx, fetch)
	}
	o.users++
	if sizes {
		o.sizes++
	}
	return o, first
}

// fly fetches, keeps a panic to those who wait, and tells them.
func (o *shared) fly(ctx context.Context, fetch func(context.Context) ([]origin.Original, error)) {
	o.err = errors.New("the fetch ended without a result") // by runtime.Goexit, say
	defer func() {
		if p := recover(); p != nil {
			o.err = fault.Panic(p)
		}
		o.land()
	}()
	o.pictures, o.err = fetch(ctx)
	if o.err == nil {
		data := o.pictures[0].Data
		o.digest = sync.OnceValue(func() [sha256.Size]byte { return sha256.Sum256(data) })
	}
}

// land tells those who wait. What nobody waits for any more is given back.
func (o *shared) land() {
	o.list.mu.Lock()
	o.landed = time.Now()
	if o.err != nil {
		o.forget()
	}
	unwanted := o.users == 0
	o.list.mu.Unlock()
	close(o.done)
	if unwanted {
		o.free()
	}
}

// release ends a use, or the waiting. With the last one the memory is given back, and
// a fetch that is still under way ends.
func (o *shared) release() {
	o.list.mu.Lock()
	o.users--
	last, landed := o.users == 0, !o.landed.IsZero()
	if last {
		o.forget()
	}
	o.list.mu.Unlock()
	if last {
		o.cancel()
	}
	if last && landed {
		o.free()
	}
}

// forget lets nobody join what is on its way or in use, of those for which of is true.
func (l *originals) forget(of func(cloud string, names []string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.byKey, func(key string, _ *shared) bool {
		cloud, names := splitOriginals(key)
		return of(cloud, names)
	})
}

// originalsKey is that of the pictures with these names, the original first. No name
// has a zero byte in it.
func originalsKey(cloud, zone string, names []string) string {
	return strings.Join(append([]string{cloud, zone}, names...), "\x00")
}

// splitOriginals is the inverse of originalsKey, but for the zone.
func splitOriginals(key string) (cloud string, names []string) {
	parts := strings.Split(key, "\x00")
	return parts[0], parts[2:]
}

// forget lets nobody find it any more, with list.mu held.
func (o *shared) forget() {
	if o.list.byKey[o.key] == o {
		delete(o.list.byKey, o.key)
	}
}

func (o *shared) free() {
	for _, p := range o.pictures {
		p.Release()
	}
}

// inDemand reports whether more than one request has wanted it together to which a
// rendition may be of use.
func (o *shared) inDemand() bool {
	o.list.mu.Lock()
	defer o.list.mu.Unlock()
	return o.sizes > 1
}

// job returns the job for a plan of the route.
func (o *shared) job(route *Route, plan transform.Plan) transform.Job {
	files := make(map[string]media.Image, len(o.pictures)-1)
	for i, name := range route.plan.Files() {
		files[name] = o.pictures[i+1].Image()
	}
	return transform.Job{
		Plan: plan, Original: o.pictures[0].Image(), Files: files, Limits: route.Cloud.Limits,
		Tenant: route.Cloud.Name, Digest: o.digest, InDemand: o.inDemand(),
	}
}

// fetch returns the pictures of a route, when it is the client's turn. All of them are
// one party at the gate of their memory.
func (s *Service) fetch(ctx context.Context, t turn, route *Route) (*shared, error) {
	arrived, err := s.expect(t, route)
	if err != nil {
		return nil, err
	}
	defer arrived()
	names := route.names()
	if route.trusted { // its inputs are its own
		var alone originals
		return alone.get(ctx, "", false, func(ctx context.Context) ([]origin.Original, error) { return s.fetchNow(ctx, t, route, names) })
	}
	key := originalsKey(route.Cloud.Name, route.request.Zone, names)
	sizes := !t.later && !route.request.Info && route.plan.Reduces()
	return s.originals.get(ctx, key, sizes, func(ctx context.Context) ([]origin.Original, error) { return s.fetchNow(ctx, t, route, names) })
}

// fetchNow fetches pictures for a route, when it is the client's turn.
func (s *Service) fetchNow(ctx context.Context, t turn, route *Route, names []string) ([]origin.Original, error) {
	leave, err := enter(ctx, s.Gates.Fetch, t.ask(transform.Need{}))
	if err != nil {
		return nil, err
	}
	ctx = admit.WithParty(ctx, admit.NewParty(t.cloud, t.client))
	return admit.Do(leave, func() ([]origin.Original, error) { return route.fetch(ctx, names) })
}

// names returns those of the pictures that the route needs, the original first.
func (r *Route) names() []string { return append([]string{r.source}, r.plan.Files()...) }

// AtOnce is how many pictures of one request are fetched at a time: more would take
// the turns and the descriptors of others.
const AtOnce = 4

// fetch returns the pictures with these names, fetched a few at once. With an error
// none is held.
func (r *Route) fetch(ctx context.Context, names []string) ([]origin.Original, error) {
	pictures := make([]origin.Original, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(AtOnce)
	for i, name := range names {
		group.Go(func() (err error) {
			pictures[i], err = r.fetchOne(ctx, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		for _, p := range pictures {
			p.Release()
		}
		return nil, err
	}
	return pictures, nil
}

// fetchOne fetches a picture. A panic is an error, since the goroutine is the group's
// and the others hold memory.
func (r *Route) fetchOne(ctx context.Context, name string) (o origin.Original, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Panic(p)
		}
	}()
	return r.zone.Fetcher.Fetch(ctx, name)
}
