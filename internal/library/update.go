package library

import (
	"context"
	"encoding/json"
	"time"

	"pixedge/internal/fault"
)

// Changes are what is to be said of an asset from now on. What is nil stays.
type Changes struct {
	Folder, Name *string // cleaned as those of an [Upload]
	Access       *Access
	Tags         *[]string
	Metadata     *json.RawMessage
	Comment      *string
	Expires      *time.Time
}

// apply makes the changes to a.
func (n *Changes) apply(a *Asset) error {
	set(&a.Access, n.Access)
	set(&a.Tags, n.Tags)
	set(&a.Metadata, n.Metadata)
	set(&a.Comment, n.Comment)
	set(&a.Expires, n.Expires)
	a.Expires = a.Expires.UTC().Truncate(time.Millisecond)
	a.Updated = time.Now().UTC().Truncate(time.Millisecond)
	folder, name := a.Folder, a.Name
	set(&folder, n.Folder)
	if n.Name != nil {
		name = withoutEnding(*n.Name)
	}
	if name == "" {
		return fault.Errorf(fault.Invalid, "name: is empty")
	}
	if err := a.place(folder, name); err != nil {
		return err
	}
	return a.clean()
}

func set[T any](field, to *T) {
	if to != nil {
		*field = *to
	}
}

// Update changes what is said of the asset of the id and returns it. Errors are
// NotFound, and Invalid for a path that is taken or facts that cannot be.
func (s *Shelf) Update(ctx context.Context, id string, n Changes) (a Asset, err error) {
	err = s.change(ctx, func(c *change) error {
		old, err := s.find(ctx, c.tx, "id", id)
		if err != nil {
			return err
		}
		a = old
		if err := n.apply(&a); err != nil {
			return err
		}
		return s.replace(ctx, c, &old, &a)
	})
	if err != nil {
		return Asset{}, err
	}
	return a, nil
}

// replace puts the row of a where that of old was.
func (s *Shelf) replace(ctx context.Context, c *change, old, a *Asset) error {
	if a.Path != old.Path {
		if _, taken, err := s.by(ctx, c.tx, "path", a.Path); err != nil {
			return err
		} else if taken {
			return fault.Errorf(fault.Invalid, "there is an asset at %s already", a.Path)
		}
	}
	if err := c.drop(ctx, old); err != nil {
		return err
	}
	if err := c.insert(ctx, a); err != nil {
		return err
	}
	switch {
	case a.Path != old.Path:
		c.purged = append(c.purged, old.Path, a.Path)
	case a.Access != old.Access, !a.Expires.Equal(old.Expires):
		c.purged = append(c.purged, a.Path)
	}
	return nil
}
