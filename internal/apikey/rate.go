package apikey

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"pixedge/internal/fault"
)

// A Rate is how often something may be done: so many times in a period. It is written
// 10/s, 600/min or 5000/h, and as nothing when there is no limit. Whoever has been
// away for a period may spend all of it at once.
type Rate struct {
	Times int
	Per   time.Duration
}

// maxTimes is the most that a rate may allow in a period.
const maxTimes = 1_000_000

type period struct {
	name string
	per  time.Duration
}

func periods() []period { return []period{{"s", time.Second}, {"min", time.Minute}, {"h", time.Hour}} }

// UnmarshalText reads a rate as it is written.
func (r *Rate) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Rate{}
		return nil
	}
	times, per, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(times)
	for _, p := range periods() {
		if per == p.name && err == nil && n >= 1 && n <= maxTimes {
			*r = Rate{n, p.per}
			return nil
		}
	}
	return fault.Errorf(fault.Invalid, "rate: want a number of 1 to %d, a slash, and s, min or h, as in 600/min", maxTimes)
}

// String returns the rate as it is written.
func (r Rate) String() string {
	for _, p := range periods() {
		if r.Per == p.per {
			return fmt.Sprintf("%d/%s", r.Times, p.name)
		}
	}
	return ""
}

// A bucket holds what a client may still do. It is made anew when the rate changes.
type bucket struct {
	rate    Rate
	limiter *rate.Limiter
}

// Allow counts a request with the key from the address. One above the key's rate is
// TooMany, and says when to come back.
func (k *Keys) Allow(key Key, address string) error {
	if key.Rate == (Rate{}) {
		return nil
	}
	turn := k.bucket(key, address).limiter.Reserve()
	wait := turn.Delay()
	if wait == 0 {
		return nil
	}
	turn.Cancel() // who is refused does not push his next turn away
	return fault.After(fault.Errorf(fault.TooMany, "more requests than %s, the rate of this API key", key.Rate), wait)
}

func (k *Keys) bucket(key Key, address string) *bucket {
	name := key.ID + " " + address
	if b, ok := k.buckets.Get(name); ok && b.rate == key.Rate {
		return b
	}
	fresh := &bucket{key.Rate, rate.NewLimiter(rate.Limit(float64(key.Rate.Times)/key.Rate.Per.Seconds()), key.Rate.Times)}
	if b, ok, _ := k.buckets.PeekOrAdd(name, fresh); ok && b.rate == key.Rate {
		return b // another request was quicker
	}
	k.buckets.Add(name, fresh)
	return fresh
}
