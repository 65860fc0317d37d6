package library

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// An Asset is an uploaded picture or video.
type Asset struct {
	ID       string // of 26 letters and digits, for ever the same
	Cloud    string
	Path     string // folder, slash, name, dot, format; one asset of a cloud has it
	Folder   string // without a slash at either end; empty at the top
	Name     string
	Format   string // as in the path: "jpeg", "png", …, "mp4", "webm", "mov"
	Size     int64  // in bytes
	Width    int    // in pixels; 0 if it is not known
	Height   int
	Checksum string // SHA-256 of the bytes, in hex
	Access   Access
	Tags     []string
	Metadata json.RawMessage // an object
	Comment  string
	Owner    string // id of the API key that brought it
	Created  time.Time
	Updated  time.Time
	Expires  time.Time // zero: never

	content string // key of the bytes
}

// columns are those of an asset, in the order of scanAsset and values.
const columns = `id, cloud, path, folder, name, format, size, width, height, checksum, content, access, tags, metadata, ` +
	`comment, owner, created, updated, expires`

func scanAsset(scan func(...any) error) (Asset, error) {
	var a Asset
	var tags, metadata string
	var created, updated, expires int64
	err := scan(&a.ID, &a.Cloud, &a.Path, &a.Folder, &a.Name, &a.Format, &a.Size, &a.Width, &a.Height, &a.Checksum,
		&a.content, &a.Access, &tags, &metadata, &a.Comment, &a.Owner, &created, &updated, &expires)
	if err != nil {
		return Asset{}, err
	}
	a.Metadata = json.RawMessage(metadata)
	a.Created, a.Updated, a.Expires = database.Time(created), database.Time(updated), database.Time(expires)
	return a, json.Unmarshal([]byte(tags), &a.Tags)
}

func (a *Asset) values() ([]any, error) {
	tags, err := json.Marshal(a.Tags)
	if err != nil {
		return nil, err
	}
	return []any{
		a.ID, a.Cloud, a.Path, a.Folder, a.Name, a.Format, a.Size, a.Width, a.Height, a.Checksum, a.content, a.Access,
		string(tags), string(a.Metadata), a.Comment, a.Owner,
		database.Millis(a.Created), database.Millis(a.Updated), database.Millis(a.Expires),
	}, nil
}

// search is what [Query.Search] looks in.
func (a *Asset) search() string {
	return strings.ToLower(a.Path + "\n" + strings.Join(a.Tags, "\n") + "\n" + a.Comment)
}

// insert adds the row of a and what stands beside it.
func (c *change) insert(ctx context.Context, a *Asset) error {
	values, err := a.values()
	if err != nil {
		return err
	}
	if _, err := c.tx.Exec(ctx, `INSERT INTO assets (`+columns+`, search) VALUES (`+placeholders(len(values)+1)+`)`,
		append(values, a.search())...); err != nil {
		return err
	}
	for _, tag := range a.Tags {
		if _, err := c.tx.Exec(ctx, `INSERT INTO tags (cloud, tag, asset) VALUES ($1, $2, $3)`, a.Cloud, tag, a.ID); err != nil {
			return err
		}
	}
	c.used.Bytes += a.Size
	c.used.Assets++
	return c.makeFolder(ctx, a.Folder)
}

// drop takes the row of a away, and its tags with it. Its bytes stay: release says
// what becomes of them.
func (c *change) drop(ctx context.Context, a *Asset) error {
	_, err := c.tx.Exec(ctx, `DELETE FROM assets WHERE id = $1`, a.ID)
	c.used.Bytes -= a.Size
	c.used.Assets--
	return err
}

// by returns the asset of the cloud whose column has the value, be it expired.
func (s *Shelf) by(ctx context.Context, r database.Reader, column, value string) (Asset, bool, error) {
	if !storable(value) {
		return Asset{}, false, nil
	}
	return database.One(ctx, r, scanAsset, `SELECT `+columns+` FROM assets WHERE cloud = $1 AND `+column+` = $2`, s.cloud, value)
}

// find is by for an asset that must be there.
func (s *Shelf) find(ctx context.Context, r database.Reader, column, value string) (Asset, error) {
	a, ok, err := s.by(ctx, r, column, value)
	if err == nil && (!ok || expired(a.Expires)) {
		err = fault.Errorf(fault.NotFound, "no such asset")
	}
	if err != nil {
		return Asset{}, err
	}
	return a, nil
}
