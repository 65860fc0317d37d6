package library

import (
	"context"
	"time"

	"pixedge/internal/database"
)

// A Purge says that a path shows something else since just now, or nothing: what was
// made of it, and that nothing was there, is to be forgotten. With an empty Cloud it
// is all paths of all clouds.
type Purge struct {
	Cloud, Path string

	id int64
}

// Times of the log of purges.
const (
	purgeChannel = "pixedge_purges"
	purgePoll    = time.Second
	purgeLife    = 24 * time.Hour
	purgeWindow  = 2 * changeTime
)

// Follow tells of the purges of every edge on the database until ctx ends, within
// about a second. A purge may be told twice, and that of this library is: changed was
// told of it before. While the database cannot be reached, report is told why; then
// what was missed is told, or one Purge of everything if it is too old to be known.
func (l *Library) Follow(ctx context.Context, told func(Purge), report func(error)) {
	f := follower{lib: l, told: told, seen: make(map[int64]time.Time)}
	l.db.Watch(ctx, purgeChannel, purgePoll, func() {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
	})
}

// A follower reads the log. The numbers of purges are given out before they are
// committed, so a smaller one may come after a larger one: what is told is remembered
// for a while, and only then the reading begins after it.
type follower struct {
	lib    *Library
	told   func(Purge)
	begun  bool
	after  int64               // all up to here are told, or older than the follower
	seen   map[int64]time.Time // when those after it were told
	looked time.Time           // last, with success
}

func (f *follower) look(ctx context.Context) error {
	if !f.begun {
		after, _, err := database.One(ctx, f.lib.db, database.Value[int64],
			`SELECT coalesce(max(id), 0) FROM purges WHERE since < $1`, database.Millis(time.Now().Add(-purgeWindow)))
		if err != nil {
			return err
		}
		f.begun, f.after, f.looked = true, after, time.Now()
	}
	purges, err := database.All(ctx, f.lib.db, scanPurge, `SELECT id, cloud, path FROM purges WHERE id > $1 ORDER BY id`, f.after)
	if err != nil {
		return err
	}
	f.tell(purges, time.Now())
	return nil
}

func scanPurge(scan func(...any) error) (Purge, error) {
	var p Purge
	err := scan(&p.id, &p.Cloud, &p.Path)
	return p, err
}

func (f *follower) tell(purges []Purge, now time.Time) {
	if now.Sub(f.looked) > purgeLife-purgeWindow {
		f.told(Purge{})
	}
	f.looked = now
	for _, p := range purges {
		if _, twice := f.seen[p.id]; !twice {
			f.seen[p.id] = now
			f.told(p)
		}
	}
	for id, at := range f.seen {
		if now.Sub(at) > purgeWindow {
			delete(f.seen, id)
			f.after = max(f.after, id)
		}
	}
}
