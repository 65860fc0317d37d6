package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/config"
	"pixedge/internal/library"
)

type assetsCmd struct {
	Ls  assetsLsCmd  `cmd:"" help:"List assets."`
	Put assetsPutCmd `cmd:"" help:"Keep pictures and videos, and print their links."`
	Get assetsGetCmd `cmd:"" help:"Write the bytes of an asset as they were brought."`
	Rm  assetsRmCmd  `cmd:"" help:"Delete assets; running edges forget them within two seconds."`
}

// A shelf is the library of the cloud that a command is about.
type shelf struct {
	*library.Shelf

	address string // what links begin with
}

// withShelf gives f the library of the cloud. What f changes is told to running edges
// by the log of purges; nothing is kept here that would have to be told.
func withShelf(p *program, c cloudFlag, f func(shelf) error) error {
	cloud, err := c.pick(p.clouds)
	if err != nil {
		return err
	}
	address, err := p.settings.address(p.clouds, cloud.Name)
	if err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	a, err := openArchive(p.ctx, p.settings, []config.Cloud{cloud}, func(library.Purge) {})
	if err != nil {
		return err
	}
	defer a.close()
	return f(shelf{a.shelves[cloud.Name], address})
}

// link returns the address of the asset's own bytes.
func (s shelf) link(a *library.Asset) string {
	path := url.URL{Path: a.Path}
	return s.address + path.EscapedPath()
}

// asset returns the one at a path or of an id, which has no ending.
func (s shelf) asset(p *program, ref string) (library.Asset, error) {
	find := s.ByID
	if strings.Contains(ref, ".") {
		find = s.Find
	}
	a, err := find(p.ctx, strings.TrimPrefix(ref, "/"))
	if err != nil {
		return library.Asset{}, fmt.Errorf("%s: %w", ref, err)
	}
	return a, nil
}

type assetsPutCmd struct {
	cloudFlag

	Files     []string       `arg:"" name:"file" help:"The files."`
	Folder    string         `help:"Folder of the library. Default: the top."`
	Name      string         `help:"Name of the asset. Default: that of the file. The ending is that of the format."`
	Access    library.Access `default:"public-read" enum:"public-read,private" help:"Who may see it: public-read, or private for signed URLs alone."`
	Tags      []string       `placeholder:"TAG" help:"Words to find it by."`
	Comment   string         `help:"Kept with it."`
	Overwrite bool           `help:"Take the place of an asset of this name."`
	Expires   time.Duration  `help:"How long it is kept, such as 720h. Default: for ever."`
}

// Run goes on when a file cannot be kept, and fails in the end.
func (c assetsPutCmd) Run(p *program) error {
	if c.Name != "" && len(c.Files) > 1 {
		return fmt.Errorf("--name: is for one file, and there are %d: %w", len(c.Files), errUsage)
	}
	if c.Expires < 0 {
		return fmt.Errorf("--expires: must not be negative: %w", errUsage)
	}
	return withShelf(p, c.cloudFlag, func(s shelf) error {
		return each(c.Files, func(file string) error { return c.put(p, s, file) })
	})
}

// each calls f with every one of list, and returns all errors.
func each(list []string, f func(string) error) error {
	var errs []error
	for _, one := range list {
		errs = append(errs, f(one))
	}
	return errors.Join(errs...)
}

func (c assetsPutCmd) put(p *program, s shelf, file string) error {
	f, err := os.Open(file) //nolint:gosec // whoever types the command names the file
	if err != nil {
		return err
	}
	defer f.Close()
	u := library.Upload{
		Folder: c.Folder, Name: c.Name, Access: c.Access, Tags: c.Tags, Comment: c.Comment, Overwrite: c.Overwrite,
	}
	if u.Name == "" {
		u.Name = filepath.Base(file)
	}
	if c.Expires > 0 {
		u.Expires = time.Now().Add(c.Expires)
	}
	a, err := s.Put(p.ctx, u, f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintln(p.stdout, s.link(&a))
	return nil
}

type assetsGetCmd struct {
	cloudFlag

	Asset  string `arg:"" name:"path|id" help:"The asset's path, or its id."`
	Output string `short:"o" placeholder:"FILE" help:"File to write. Default: the standard output."`
}

// Run writes the bytes.
func (c assetsGetCmd) Run(p *program) error {
	return withShelf(p, c.cloudFlag, func(s shelf) error {
		a, err := s.asset(p, c.Asset)
		if err != nil {
			return err
		}
		o, _, err := s.Open(p.ctx, a.Path, blob.Range{})
		if err != nil {
			return err
		}
		defer o.Close()
		if c.Output == "" {
			_, err = io.Copy(p.stdout, o)
			return err
		}
		return writeFile(c.Output, o)
	})
}

// writeFile leaves no half of a file behind.
func writeFile(name string, r io.Reader) error {
	f, err := os.Create(name) //nolint:gosec // whoever types the command names the file
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

type assetsRmCmd struct {
	cloudFlag

	Assets []string `arg:"" name:"path|id" help:"Their paths or ids."`
}

// Run goes on when there is no such asset, and fails in the end.
func (c assetsRmCmd) Run(p *program) error {
	return withShelf(p, c.cloudFlag, func(s shelf) error {
		return each(c.Assets, func(ref string) error {
			a, err := s.asset(p, ref)
			if err != nil {
				return err
			}
			_, err = s.Delete(p.ctx, a.ID, "")
			return err
		})
	})
}

type assetsLsCmd struct {
	cloudFlag

	Folder string         `help:"Right in this folder; / is the top."`
	Prefix string         `help:"Whose path begins so."`
	Tag    string         `help:"That have this tag."`
	Format string         `help:"Of this format, such as jpeg."`
	Access library.Access `default:"" enum:",public-read,private" help:"Of this access: public-read or private."`
	Search string         `help:"That have this in the path, a tag or the comment, in any case."`
	Sort   string         `default:"-created" enum:"created,-created,updated,-updated,path,-path,size,-size" help:"Order: created, updated, path or size; with - before it the last first."`
	Limit  int            `help:"Most that are listed. Default: all."`
	JSON   bool           `name:"json" help:"Print an object of JSON on a line for each, with all that is known."`
}

// Run prints the assets, a page at a time.
func (c assetsLsCmd) Run(p *program) error {
	if c.Limit < 0 {
		return fmt.Errorf("--limit: must not be negative: %w", errUsage)
	}
	return withShelf(p, c.cloudFlag, func(s shelf) error {
		if c.JSON {
			return c.list(p, s, printJSON(p.stdout, s))
		}
		return c.list(p, s, printRow(p.stdout))
	})
}

// pageSize is how many assets are read at once.
const pageSize = 500

// list calls print with every asset that is wanted.
func (c assetsLsCmd) list(p *program, s shelf, print func(*library.Asset) error) error {
	q := library.Query{
		Folder: c.Folder, Prefix: c.Prefix, Tag: c.Tag, Format: c.Format, Access: c.Access, Search: c.Search, Sort: c.Sort,
	}
	for left := c.Limit; ; left -= q.Limit {
		q.Limit = pageSize
		if c.Limit > 0 {
			q.Limit = min(pageSize, left)
		}
		page, err := s.List(p.ctx, q)
		if err != nil {
			return err
		}
		for i := range page.Assets {
			if err := print(&page.Assets[i]); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" || q.Limit == left {
			return nil
		}
	}
}

// printRow prints a table. Its columns are as wide as most values, and the path is
// last, so that nothing need be held back.
func printRow(w io.Writer) func(*library.Asset) error {
	const row = "%-26s  %-11s  %11v  %11s  %-17s  %s\n"
	fmt.Fprintf(w, row, "ID", "ACCESS", "BYTES", "PIXELS", "CREATED", "PATH")
	return func(a *library.Asset) error {
		pixels := "-"
		if a.Width > 0 {
			pixels = fmt.Sprintf("%dx%d", a.Width, a.Height)
		}
		_, err := fmt.Fprintf(w, row, a.ID, a.Access, a.Size, pixels, minute(a.Created), a.Path)
		return err
	}
}

// A listed is an asset as it is printed.
type listed struct {
	ID       string          `json:"id"`
	Cloud    string          `json:"cloud"`
	Path     string          `json:"path"`
	Folder   string          `json:"folder"`
	Name     string          `json:"name"`
	Format   string          `json:"format"`
	Size     int64           `json:"size"`
	Width    int             `json:"width"`
	Height   int             `json:"height"`
	Checksum string          `json:"checksum"`
	Access   library.Access  `json:"access"`
	Tags     []string        `json:"tags"`
	Metadata json.RawMessage `json:"metadata"`
	Comment  string          `json:"comment"`
	Owner    string          `json:"owner"`
	Created  time.Time       `json:"created"`
	Updated  time.Time       `json:"updated"`
	Expires  time.Time       `json:"expires,omitzero"`
	Link     string          `json:"link"`
}

func printJSON(w io.Writer, s shelf) func(*library.Asset) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return func(a *library.Asset) error {
		return lines.Encode(listed{
			ID: a.ID, Cloud: a.Cloud, Path: a.Path, Folder: a.Folder, Name: a.Name, Format: a.Format,
			Size: a.Size, Width: a.Width, Height: a.Height, Checksum: a.Checksum, Access: a.Access, Tags: a.Tags,
			Metadata: a.Metadata, Comment: a.Comment, Owner: a.Owner, Created: a.Created, Updated: a.Updated, Expires: a.Expires, Link: s.link(a),
		})
	}
}
