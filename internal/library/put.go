package library

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// An Upload is what is said of an asset that is to be.
type Upload struct {
	Folder string // cleaned by [CleanFolder]
	Name   string // cleaned by [Clean], with or without an ending; empty: its id

	Access    Access // empty: Public
	Tags      []string
	Metadata  json.RawMessage // an object, or nothing
	Comment   string
	Owner     string
	Expires   time.Time // zero: never
	Overwrite bool      // take the place of the asset at the path, under its id
}

// putTime bounds the writing of bytes to the store. [Library.Sweep] must be given
// longer, or it takes the bytes of slow uploads for those of dead ones.
const putTime = 15 * time.Minute

// mostTries is how often an upload is tried whose bytes were known and are deleted
// just then.
const mostTries = 5

// Failures of keeping an upload that are not the client's.
var (
	errGone = errors.New("the bytes that were known are gone")
	errLate = fault.Errorf(fault.Overloaded, "the upload took too long")
)

// Put keeps the bytes of r and returns their asset, whose path may differ from what
// was asked for: the name is cleaned and the ending is that of the true format.
// Memory is the same for any size: the bytes wait in a file.
//
// Errors are TooLarge over MaxBytes, as soon as it is read; Unsupported for what is
// no picture or video; Forbidden over the quota; Invalid for a path that is taken or
// facts that cannot be; Overloaded when disk or database cannot be used, and Storage when
// one is full; what Check says; and the error of r as it is. After any of them nothing is to be seen.
func (s *Shelf) Put(ctx context.Context, u Upload, r io.Reader) (Asset, error) {
	if err := s.room(ctx, 1); err != nil {
		return Asset{}, err
	}
	f, err := s.lib.spoolBody(r, s.rules.MaxBytes)
	if err != nil {
		return Asset{}, err
	}
	defer f.Close()
	a, err := s.describe(ctx, u, f)
	if err != nil {
		return Asset{}, err
	}
	if err := s.room(ctx, a.Size); err != nil {
		return Asset{}, err
	}
	for range mostTries {
		if err = s.keep(ctx, &a, u.Overwrite, f); !errors.Is(err, errGone) {
			break
		}
	}
	if err != nil {
		return Asset{}, err
	}
	return a, nil
}

// room returns an error if one more asset of the size would not fit. The transaction
// that adds it looks again; this saves the work before it.
func (s *Shelf) room(ctx context.Context, size int64) error {
	used, err := s.Usage(ctx)
	if err != nil {
		return err
	}
	return s.rules.fits(Usage{used.Bytes + size, used.Assets + 1})
}

// describe says what the asset will be, without its content.
func (s *Shelf) describe(ctx context.Context, u Upload, f *spooled) (Asset, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	a := Asset{
		ID: newID(), Cloud: s.cloud, Size: f.size, Checksum: f.checksum, Access: u.Access, Tags: u.Tags, Metadata: u.Metadata,
		Comment: u.Comment, Owner: u.Owner, Created: now, Updated: now, Expires: u.Expires.UTC().Truncate(time.Millisecond),
	}
	if err := s.inspect(ctx, &a, f); err != nil {
		return Asset{}, err
	}
	if u.Name == "" {
		u.Name = a.ID
	}
	if err := a.place(u.Folder, withoutEnding(u.Name)); err != nil {
		return Asset{}, err
	}
	return a, a.clean()
}

// keep writes the bytes, unless they are known, and then the row. What was written
// in vain is deleted again.
func (s *Shelf) keep(ctx context.Context, a *Asset, overwrite bool, f *spooled) error {
	content, err := s.write(ctx, a, f)
	if err != nil {
		return err
	}
	added := *a
	err = s.change(ctx, func(c *change) error {
		added = *a
		return s.add(ctx, c, &added, content, overwrite)
	})
	if err != nil && content != "" {
		err = s.undo(ctx, content, err)
	}
	*a = added
	return err
}

// write stores the bytes under a new key and returns it, or nothing if the cloud has
// them already and keeps them once.
func (s *Shelf) write(ctx context.Context, a *Asset, f *spooled) (content string, err error) {
	if _, known, err := s.known(ctx, s.lib.db, a.Checksum); err != nil || known {
		return "", err
	}
	id := newID()
	content = id[:2] + "/" + id + "." + a.Format
	err = s.lib.db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO leftovers (cloud, content, doomed, since) VALUES ($1, $2, 0, $3)`, s.cloud, content, database.Now())
		return err
	})
	if err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	// Nobody knows what a store that failed will have in the end: the sweep looks.
	_, err = s.store.Put(ctx, content, f, blob.PutOptions{ContentType: a.ContentType(), Size: a.Size})
	return content, err
}

// known returns the content of the same bytes, if the cloud keeps them once.
func (s *Shelf) known(ctx context.Context, r database.Reader, checksum string) (content string, ok bool, err error) {
	if !s.rules.Dedup {
		return "", false, nil
	}
	return database.One(ctx, r, database.Value[string],
		`SELECT content FROM assets WHERE cloud = $1 AND checksum = $2 LIMIT 1`, s.cloud, checksum)
}

// add makes the row of a, whose bytes are under content or, if that is empty, under
// that of another asset.
func (s *Shelf) add(ctx context.Context, c *change, a *Asset, content string, overwrite bool) error {
	old, taken, err := s.by(ctx, c.tx, "path", a.Path)
	if err != nil {
		return err
	}
	if taken && !overwrite && !expired(old.Expires) {
		return fault.Errorf(fault.Invalid, "there is an asset at %s already", a.Path)
	}
	if a.content, err = s.claim(ctx, c, a.Checksum, content); err != nil {
		return err
	}
	if taken {
		if !expired(old.Expires) {
			a.ID, a.Created = old.ID, old.Created
		}
		if err := c.drop(ctx, &old); err != nil {
			return err
		}
	}
	if err := c.insert(ctx, a); err != nil {
		return err
	}
	c.purged = append(c.purged, a.Path)
	if taken {
		_, err = c.release(ctx, old.content)
	}
	return err
}

// claim returns under which key the bytes of an asset are: that of the same bytes,
// if they are kept once, or else content, which is then no leftover any more.
func (s *Shelf) claim(ctx context.Context, c *change, checksum, content string) (string, error) {
	same, known, err := s.known(ctx, c.tx, checksum)
	switch {
	case err != nil:
		return "", err
	case known && content != "":
		return same, c.doom(ctx, content) // somebody brought the same meanwhile
	case known:
		return same, nil
	case content == "":
		return "", errGone
	}
	n, err := c.tx.Exec(ctx, `DELETE FROM leftovers WHERE cloud = $1 AND content = $2 AND doomed = 0`, s.cloud, content)
	if err == nil && n == 0 {
		err = errLate // the sweep has taken them
	}
	return content, err
}

// undo deletes what was written for an upload that failed with err. If the row is
// there after all, because the answer of the commit was lost, the upload has not
// failed.
func (s *Shelf) undo(ctx context.Context, content string, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	var kept bool
	undone := s.change(ctx, func(c *change) (err error) {
		kept, err = c.release(ctx, content)
		return err
	})
	if kept && undone == nil {
		return nil
	}
	return errors.Join(err, undone)
}
