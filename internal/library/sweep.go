package library

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// Swept counts what a sweep has removed.
type Swept struct {
	Expired  int // assets whose time was over
	Contents int // bytes in stores that belonged to no asset
	Spooled  int // files of uploads that did not come in whole
	Purges   int // entries of the log that everybody has read
}

// mostSwept bounds what is read from a table at once.
const mostSwept = 500

// Sweep deletes assets that have expired, and what uploads and deletions that were
// cut off left behind before olderThan ago, which must be longer than an upload
// takes: an hour is good. Several edges may sweep at once. What one cloud's store
// refuses does not keep the others from being swept.
func (l *Library) Sweep(ctx context.Context, olderThan time.Duration) (swept Swept, err error) {
	before := time.Now().Add(-olderThan)
	l.mu.Lock()
	shelves := slices.Collect(maps.Values(l.shelves))
	l.mu.Unlock()
	for _, s := range shelves {
		expired, expiredErr := s.sweepExpired(ctx)
		contents, contentsErr := s.sweepContents(ctx, before)
		swept.Expired += expired
		swept.Contents += contents
		if failed := errors.Join(expiredErr, contentsErr); failed != nil {
			err = errors.Join(err, fmt.Errorf("sweep cloud %s: %w", s.cloud, failed))
		}
	}
	var spoolErr, purgesErr error
	swept.Spooled, spoolErr = sweepSpool(l.spool, before)
	swept.Purges, purgesErr = l.sweepPurges(ctx)
	return swept, errors.Join(err, spoolErr, purgesErr)
}

// sweepExpired looks again before it deletes: an asset's time may have been changed,
// and another edge may sweep.
func (s *Shelf) sweepExpired(ctx context.Context) (n int, err error) {
	for {
		ids, err := database.All(ctx, s.lib.db, database.Value[string],
			`SELECT id FROM assets WHERE cloud = $1 AND expires > 0 AND expires <= $2 ORDER BY expires LIMIT $3`, s.cloud, database.Now(), mostSwept)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			_, err := s.deleteIf(ctx, id, func(a Asset) bool { return expired(a.Expires) })
			if err != nil && fault.Of(err) != fault.NotFound {
				return n, err
			}
			if err == nil {
				n++
			}
		}
	}
}

// sweepContents dooms the bytes of uploads that began before the moment, so that an
// upload that is not dead after all cannot have them any more, and then deletes what
// is doomed.
func (s *Shelf) sweepContents(ctx context.Context, before time.Time) (n int, err error) {
	err = s.lib.db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE leftovers SET doomed = 1 WHERE cloud = $1 AND doomed = 0 AND since <= $2`, s.cloud, database.Millis(before))
		return err
	})
	if err != nil {
		return 0, err
	}
	for after := ""; ; {
		contents, err := database.All(ctx, s.lib.db, database.Value[string],
			`SELECT content FROM leftovers WHERE cloud = $1 AND doomed = 1 AND content > $2 ORDER BY content LIMIT $3`, s.cloud, after, mostSwept)
		if err != nil || len(contents) == 0 {
			return n, err
		}
		for _, content := range contents {
			if err := s.remove(ctx, content); err != nil {
				return n, err
			}
			n++
		}
		after = contents[len(contents)-1]
	}
}

func (l *Library) sweepPurges(ctx context.Context) (int, error) {
	var n int64
	err := l.db.Update(ctx, func(tx *database.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM purges WHERE since < $1`, database.Millis(time.Now().Add(-purgeLife)))
		return err
	})
	return int(n), err
}
