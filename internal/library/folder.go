package library

import (
	"context"
	"path"
	"time"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// A Folder holds assets and folders, or nothing.
type Folder struct {
	Path    string // without a slash at either end
	Created time.Time
}

// MakeFolder makes the folder and those above it, unless they are there. The path is
// cleaned by [CleanFolder].
func (s *Shelf) MakeFolder(ctx context.Context, folder string) (Folder, error) {
	folder, err := CleanFolder(folder)
	if err != nil {
		return Folder{}, err
	}
	if folder == "" {
		return Folder{}, fault.Errorf(fault.Invalid, "folder: is empty")
	}
	var made Folder
	err = s.change(ctx, func(c *change) (err error) {
		if err = c.makeFolder(ctx, folder); err != nil {
			return err
		}
		made, _, err = database.One(ctx, c.tx, scanFolder, `SELECT path, created FROM folders WHERE cloud = $1 AND path = $2`, s.cloud, folder)
		return err
	})
	return made, err
}

// makeFolder makes the folder and those above it. The row of a folder is younger
// than those above it, so the first that is there ends the way up.
func (c *change) makeFolder(ctx context.Context, folder string) error {
	for ; folder != ""; folder = parentOf(folder) {
		n, err := c.tx.Exec(ctx, `INSERT INTO folders (cloud, path, parent, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			c.cloud, folder, parentOf(folder), database.Now())
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// parentOf returns the folder above one, empty at the top.
func parentOf(folder string) string {
	if parent := path.Dir(folder); parent != "." {
		return parent
	}
	return ""
}

// Folders returns the folders right in one, or those at the top, by their names.
func (s *Shelf) Folders(ctx context.Context, parent string) ([]Folder, error) {
	if !storable(parent) {
		return nil, nil
	}
	return database.All(ctx, s.lib.db, scanFolder,
		`SELECT path, created FROM folders WHERE cloud = $1 AND parent = $2 ORDER BY path`, s.cloud, parent)
}

func scanFolder(scan func(...any) error) (Folder, error) {
	var f Folder
	var created int64
	err := scan(&f.Path, &created)
	f.Created = database.Time(created)
	return f, err
}

// DeleteFolder removes a folder that is empty. Errors are NotFound, and Invalid for
// one that is not empty.
func (s *Shelf) DeleteFolder(ctx context.Context, folder string) error {
	if !storable(folder) {
		return fault.Errorf(fault.NotFound, "no such folder")
	}
	return s.change(ctx, func(c *change) error {
		_, full, err := database.One(ctx, c.tx, database.Value[string],
			`SELECT path FROM assets WHERE cloud = $1 AND folder = $2 UNION ALL SELECT path FROM folders WHERE cloud = $1 AND parent = $2 LIMIT 1`,
			s.cloud, folder)
		if err != nil {
			return err
		}
		if full && folder != "" {
			return fault.Errorf(fault.Invalid, "the folder is not empty")
		}
		n, err := c.tx.Exec(ctx, `DELETE FROM folders WHERE cloud = $1 AND path = $2`, s.cloud, folder)
		if err == nil && n == 0 {
			err = fault.Errorf(fault.NotFound, "no such folder")
		}
		return err
	})
}
