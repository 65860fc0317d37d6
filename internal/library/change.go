package library

import (
	"context"
	"time"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// Usage is what a cloud holds.
type Usage struct{ Bytes, Assets int64 }

// Usage returns what the cloud holds, with what has expired and was not swept yet.
func (s *Shelf) Usage(ctx context.Context) (Usage, error) {
	u, _, err := s.usage(ctx, s.lib.db)
	return u, err
}

func (s *Shelf) usage(ctx context.Context, r database.Reader) (Usage, bool, error) {
	return database.One(ctx, r, func(scan func(...any) error) (u Usage, err error) {
		err = scan(&u.Bytes, &u.Assets)
		return u, err
	}, `SELECT bytes, assets FROM usage WHERE cloud = $1`, s.cloud)
}

// fits returns an error unless the cloud may hold u.
func (r *Rules) fits(u Usage) error {
	if r.QuotaBytes > 0 && u.Bytes > r.QuotaBytes {
		return fault.Errorf(fault.Forbidden, "the cloud's quota of %d bytes is used up: this would make it %d", r.QuotaBytes, u.Bytes)
	}
	if r.QuotaAssets > 0 && u.Assets > r.QuotaAssets {
		return fault.Errorf(fault.Forbidden, "the cloud's quota of %d assets is used up", r.QuotaAssets)
	}
	return nil
}

// A change is a transaction that changes the assets of a cloud. There is one at a
// time for each cloud, so what it reads stays true until it is committed.
type change struct {
	tx      *database.Tx
	cloud   string
	used    Usage
	purged  []string // paths that show something else now
	garbage []string // contents that no asset uses any more
}

// changeTime bounds a change, whose time is mostly that of waiting for others.
// Followers of the purges rely on it: see purgeWindow.
const changeTime = 30 * time.Second

// change runs f and commits what it did. Then it tells of it, and deletes the bytes
// that nobody needs: both are repeated elsewhere if they are not reached, by Follow
// and by Sweep.
func (s *Shelf) change(ctx context.Context, f func(*change) error) error {
	var c *change
	soon, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	err := s.lib.db.Update(soon, func(tx *database.Tx) error {
		c = &change{tx: tx, cloud: s.cloud}
		if err := s.begin(ctx, c); err != nil {
			return err
		}
		before := c.used
		if err := f(c); err != nil {
			return err
		}
		if c.used.Bytes > before.Bytes || c.used.Assets > before.Assets {
			if err := s.rules.fits(c.used); err != nil {
				return err
			}
		}
		return c.end(ctx)
	})
	if err != nil {
		return err
	}
	for _, path := range c.purged {
		s.lib.changed(Purge{Cloud: s.cloud, Path: path})
	}
	for _, content := range c.garbage {
		_ = s.remove(ctx, content) // if it fails, the sweep tries again
	}
	return nil
}

// begin locks the cloud's row, which later changes wait for.
func (s *Shelf) begin(ctx context.Context, c *change) error {
	if _, err := c.tx.Exec(ctx, `INSERT INTO usage (cloud, bytes, assets) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING`, s.cloud); err != nil {
		return err
	}
	if _, err := c.tx.Exec(ctx, `UPDATE usage SET bytes = bytes WHERE cloud = $1`, s.cloud); err != nil {
		return err
	}
	var err error
	c.used, _, err = s.usage(ctx, c.tx)
	return err
}

// end writes down what f has gathered.
func (c *change) end(ctx context.Context) error {
	if _, err := c.tx.Exec(ctx, `UPDATE usage SET bytes = $1, assets = $2 WHERE cloud = $3`, c.used.Bytes, c.used.Assets, c.cloud); err != nil {
		return err
	}
	for _, path := range c.purged {
		if _, err := c.tx.Exec(ctx, `INSERT INTO purges (cloud, path, since) VALUES ($1, $2, $3)`, c.cloud, path, database.Now()); err != nil {
			return err
		}
	}
	if len(c.purged) == 0 {
		return nil
	}
	return c.tx.Notify(ctx, purgeChannel)
}

// release dooms the content unless an asset uses it.
func (c *change) release(ctx context.Context, content string) (used bool, err error) {
	_, used, err = database.One(ctx, c.tx, database.Value[string],
		`SELECT id FROM assets WHERE cloud = $1 AND content = $2 LIMIT 1`, c.cloud, content)
	if err != nil || used {
		return used, err
	}
	return false, c.doom(ctx, content)
}

func (c *change) doom(ctx context.Context, content string) error {
	c.garbage = append(c.garbage, content)
	_, err := c.tx.Exec(ctx, `INSERT INTO leftovers (cloud, content, doomed, since) VALUES ($1, $2, 1, $3)
		ON CONFLICT (cloud, content) DO UPDATE SET doomed = 1`, c.cloud, content, database.Now())
	return err
}

// removeTime bounds the deleting of bytes for which somebody waits.
const removeTime = 10 * time.Second

// remove deletes doomed bytes, and then the note of them. It goes on when the client
// who asked for it has left.
func (s *Shelf) remove(ctx context.Context, content string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	if err := s.store.Delete(ctx, content); err != nil {
		return err
	}
	return s.lib.db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM leftovers WHERE cloud = $1 AND content = $2 AND doomed = 1`, s.cloud, content)
		return err
	})
}

// Delete removes the asset of the id, if it is owner's or owner is empty, and
// returns what it was.
func (s *Shelf) Delete(ctx context.Context, id, owner string) (Asset, error) {
	return s.deleteIf(ctx, id, func(a Asset) bool { return !expired(a.Expires) && (owner == "" || a.Owner == owner) })
}

// deleteIf removes the asset of the id if it is one for which ok is true. Of two that
// do so at once, one finds it gone.
func (s *Shelf) deleteIf(ctx context.Context, id string, ok func(Asset) bool) (a Asset, err error) {
	err = s.change(ctx, func(c *change) error {
		var found bool
		if a, found, err = s.by(ctx, c.tx, "id", id); err != nil {
			return err
		}
		if !found || !ok(a) {
			return fault.Errorf(fault.NotFound, "no such asset")
		}
		if err := c.drop(ctx, &a); err != nil {
			return err
		}
		c.purged = append(c.purged, a.Path)
		_, err := c.release(ctx, a.content)
		return err
	})
	if err != nil {
		return Asset{}, err
	}
	return a, nil
}
