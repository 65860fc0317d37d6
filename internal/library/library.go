// Package library keeps uploaded pictures and videos: the assets of clouds.
//
// Facts are rows in a [database.DB], bytes are objects in a [blob.Store]. A [Shelf]
// is the assets of one cloud; start reading at [Shelf.Put]. Three rules keep the two
// together, whenever the program is killed and however many edges share them:
//
//   - Bytes are written under a key of their own before the row that names them, and
//     never written to again. So a reader finds an asset whole, as it was or as it
//     is, and an upload is there from one commit on.
//   - A key is noted in the table leftovers before its bytes are written and in the
//     transaction that takes their last row away. [Library.Sweep] deletes what is
//     noted there.
//   - Every change of what a path shows is noted in the table purges, in the same
//     transaction. [Library.Follow] tells of it, on this edge and on others.
//
// The package decodes nothing and looks into no picture beyond its first bytes: the
// cloud's [Rules] have a hook for that. It knows no HTTP, no keys and no signatures:
// who may see or change an asset is for its callers to say. It starts no goroutine.
package library

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"sync"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/media"
)

// Config says where uploads wait.
type Config struct {
	Spool string `name:"upload-spool" help:"Folder that uploads are written to while they come in; the system's own for temporary files if it is empty."`
}

// A Library is the assets of all clouds in a database. It is safe for concurrent
// use, and several may share a database and stores.
type Library struct {
	db      *database.DB
	spool   string
	changed func(Purge)

	mu      sync.Mutex
	shelves map[string]*Shelf
}

// New returns the library in db. changed is told of every change that is made
// through the library before the method that made it returns: it is to drop what
// this edge has made of what was there. Errors are those of a spool that cannot be
// written to.
func New(db *database.DB, c Config, changed func(Purge)) (*Library, error) {
	spool := c.Spool
	if spool == "" {
		spool = os.TempDir()
	}
	if err := trySpool(spool); err != nil {
		return nil, err
	}
	return &Library{db: db, spool: spool, changed: changed, shelves: make(map[string]*Shelf)}, nil
}

// Rules are what a cloud allows. A limit of zero is none.
type Rules struct {
	MaxBytes    int64 // of an upload
	QuotaBytes  int64 // of all assets; bytes that are kept once for two of them count twice
	QuotaAssets int64
	Dedup       bool // keep the same bytes once
	Videos      bool // take mp4, webm and mov

	// Check looks at an uploaded picture of the format, size bytes in file, before
	// anything is kept, and returns its width and height in pixels or a fault. It may
	// be nil; then the size stays unknown.
	Check func(ctx context.Context, format media.Format, file *os.File, size int64) (width, height int, err error)
}

// A Shelf is the assets of one cloud. It is safe for concurrent use.
type Shelf struct {
	lib   *Library
	cloud string
	store blob.Store
	rules Rules
}

// Cloud returns the assets of the cloud, whose bytes are in store. Stores may be
// shared between clouds. Sweep looks after the clouds that were asked for.
func (l *Library) Cloud(name string, store blob.Store, rules Rules) *Shelf {
	s := &Shelf{lib: l, cloud: name, store: store, rules: rules}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shelves[name] = s
	return s
}

// An Access says who may see an asset.
type Access string

// The kinds of access.
const (
	Public  Access = "public-read"
	Private Access = "private"
)

// newID returns a name that nobody can guess: 26 letters and digits, 130 random
// bits.
func newID() string { return strings.ToLower(rand.Text()) }

// expired reports whether what ends at the moment is over.
func expired(at time.Time) bool { return !at.IsZero() && !time.Now().Before(at) }
