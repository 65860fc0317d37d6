package admit

import "time"

// A crowd is who waits, by who brought them: it knows who has most waiting.
type crowd struct {
	load    func(sum) float64 // what most is of
	all     sum
	tenants map[string]*tenant
	heavy   line[*tenant]
}

// A sum is how many wait and for how much work.
type sum struct {
	count int
	work  time.Duration
}

func (s *sum) add(n int, work time.Duration) {
	s.count += n
	s.work += time.Duration(n) * work
}

func byCount(s sum) float64 { return float64(s.count) }

func byWork(s sum) float64 { return s.work.Seconds() }

type tenant struct {
	spot // its key is its load, negative: the heaviest is first
	sum

	name    string
	clients map[string]*client
	heavy   line[*client]
}

type client struct {
	spot // as a tenant's
	sum

	tenant *tenant
	name   string

	// Of a lane's crowd:
	until float64 // the rank of its last ask
	last  *waiter // the newest
}

// add counts w.
func (c *crowd) add(w *waiter) *client {
	if c.tenants == nil {
		c.tenants = make(map[string]*tenant)
	}
	t, ok := c.tenants[w.Tenant]
	if !ok {
		t = &tenant{name: w.Tenant, clients: make(map[string]*client)}
		c.tenants[w.Tenant] = t
		c.heavy.push(t, 0, 0)
	}
	k, ok := t.clients[w.Client]
	if !ok {
		k = &client{tenant: t, name: w.Client}
		t.clients[w.Client] = k
		t.heavy.push(k, 0, 0)
	}
	// Of two that are as heavy the one that grew last goes first.
	k.tie, t.tie = -w.number, -w.number
	c.count(k, 1, w.work())
	return k
}

// remove forgets w, which is k's.
func (c *crowd) remove(k *client, w *waiter) {
	c.count(k, -1, w.work())
	if k.count == 0 {
		k.tenant.heavy.remove(k)
		delete(k.tenant.clients, k.name)
	}
	if k.tenant.count == 0 {
		c.heavy.remove(k.tenant)
		delete(c.tenants, k.tenant.name)
	}
}

// count adds work n times.
func (c *crowd) count(k *client, n int, work time.Duration) {
	t := k.tenant
	for _, s := range []*sum{&c.all, &t.sum, &k.sum} {
		s.add(n, work)
	}
	t.heavy.move(k, -c.load(k.sum), k.tie)
	c.heavy.move(t, -c.load(t.sum), t.tie)
}

// heaviest returns the heaviest client of the heaviest tenant.
func (c *crowd) heaviest() *client { return c.heavy[0].heavy[0] }

// find returns a client who waits, or nil.
func (c *crowd) find(tenant, name string) *client {
	if t, ok := c.tenants[tenant]; ok {
		return t.clients[name]
	}
	return nil
}

// wouldBeHeaviest reports whether the client, with one more ask of so much work, has most
// waiting: of two that are as heavy it is the one that grew last.
func (c *crowd) wouldBeHeaviest(tenant, name string, work time.Duration) bool {
	if len(c.heavy) == 0 {
		return true
	}
	with := func(s sum) float64 {
		s.add(1, work)
		return c.load(s)
	}
	t, ok := c.tenants[tenant]
	if !ok {
		return with(sum{}) >= c.load(c.heavy[0].sum)
	}
	var own sum
	if k, ok := t.clients[name]; ok {
		own = k.sum
	}
	return with(t.sum) >= c.load(c.heavy[0].sum) && with(own) >= c.load(t.heavy[0].sum)
}
