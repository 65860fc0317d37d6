package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/blob"
	"pixedge/internal/config"
	"pixedge/internal/database"
	"pixedge/internal/demo"
	"pixedge/internal/fault"
	"pixedge/internal/library"
	"pixedge/internal/media"
	"pixedge/internal/metrics"
	"pixedge/internal/origin"
	"pixedge/internal/transform"
)

// storage is where the libraries of clouds, and the keys of the API, are kept.
type storage struct {
	DataDir  string          `name:"data-dir" default:"data" help:"Folder of the database and of uploaded pictures, where edge.yaml names no other place for them."`
	Database database.Config `embed:""`
	Library  library.Config  `embed:""`
}

// forDemo puts all in a folder that is gone when the demo ends. Where no folder can be
// made, such as in a container that may write nothing, DataDir is empty after the error,
// and the demo has no library.
func (s *storage) forDemo() (forget func(), err error) {
	s.DataDir, err = os.MkdirTemp("", "pixedge-demo-")
	if err != nil {
		return func() {}, err
	}
	s.Database.Database = ""
	s.Library.Spool = filepath.Join(s.DataDir, "spool")
	return func() { _ = os.RemoveAll(s.DataDir) }, nil
}

// openDatabase opens the database that the settings name. Its errors name the setting.
func openDatabase(ctx context.Context, s *storage) (*database.DB, error) {
	where, usual := s.where()
	if !usual {
		return database.Open(ctx, where)
	}
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	db, err := database.Open(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("data_dir: %w", err)
	}
	return db, nil
}

// where returns the database, and whether it is the usual one, in the data folder.
func (s *storage) where() (c database.Config, usual bool) {
	if s.Database.Database != "" {
		return s.Database, false
	}
	return database.Config{Database: database.Location(filepath.Join(s.DataDir, "edge.db"))}, true
}

// An archive is the libraries of clouds and the keys to them.
type archive struct {
	db      *database.DB
	library *library.Library
	keys    *apikey.Keys
	shelves map[string]*library.Shelf // by cloud
}

// openArchive opens the database, and the library of each cloud that has one. purge
// is told of every change that is made through it. Its errors name the setting.
func openArchive(ctx context.Context, s *settings, clouds []config.Cloud, purge func(library.Purge)) (*archive, error) {
	if len(clouds) == 0 {
		return &archive{}, nil
	}
	db, err := openDatabase(ctx, &s.Storage)
	if err != nil {
		return nil, err
	}
	a := &archive{db: db, shelves: make(map[string]*library.Shelf)}
	if err := a.open(ctx, s, clouds, purge); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return a, nil
}

// close ends the use of the database, if there is one.
func (a *archive) close() {
	if a != nil && a.db != nil {
		_ = a.db.Close() // there is nobody left to tell
	}
}

// libraries returns the clouds that have a library, which only an edge that serves
// opens. That of the demo is among them if there are no others.
func (s *storage) libraries(clouds []config.Cloud, serves bool) []config.Cloud {
	if !serves || len(clouds) == 0 && s.DataDir == "" {
		return nil
	}
	if len(clouds) == 0 {
		return []config.Cloud{demo.Cloud()}
	}
	return slices.DeleteFunc(slices.Clone(clouds), func(c config.Cloud) bool { return c.Library == nil })
}

// withLibrary returns the clouds that have a library, of which there is one at least.
func withLibrary(clouds []config.Cloud) ([]config.Cloud, error) {
	having := slices.DeleteFunc(slices.Clone(clouds), func(c config.Cloud) bool { return c.Library == nil })
	if len(having) == 0 {
		return nil, fmt.Errorf("clouds: none has a library; give one library: {} in edge.yaml: %w", errUsage)
	}
	return having, nil
}

func (a *archive) open(ctx context.Context, s *settings, clouds []config.Cloud, purge func(library.Purge)) (err error) {
	if a.keys, err = apikey.New(a.db); err != nil {
		return err
	}
	if a.library, err = library.New(a.db, s.Storage.Library, purge); err != nil {
		return fmt.Errorf("upload_spool: %w", err)
	}
	for _, conf := range clouds {
		store, err := shelfStore(ctx, s, conf)
		if err != nil {
			return fmt.Errorf("cloud %s: library.%w: %w", conf.Name, err, errUsage)
		}
		a.shelves[conf.Name] = a.library.Cloud(conf.Name, store, rules(s, conf))
	}
	return nil
}

// shelfStore returns the store of a library's bytes.
func shelfStore(ctx context.Context, s *settings, conf config.Cloud) (blob.Store, error) {
	if conf.Library.S3 != nil {
		return bucket(ctx, conf.Library.S3, storeAttempts)
	}
	dir := s.Storage.shelfDir(conf)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	store, err := blob.NewDir(dir)
	if err != nil {
		return nil, fmt.Errorf("dir: %w", err)
	}
	return store, nil
}

// bucket returns the store that is a bucket, which is asked so many times.
func bucket(ctx context.Context, conf *config.S3, attempts int) (blob.Store, error) {
	return blob.NewS3(ctx, blob.S3Config{
		Bucket: conf.Bucket, Prefix: conf.Prefix, Endpoint: conf.Endpoint, PathStyle: conf.PathStyle,
		Region: conf.Region, AccessKey: conf.AccessKey, SecretKey: conf.SecretKey.Reveal(),
		HeaderTimeout: origin.HeaderTimeout, MaxAttempts: attempts,
	})
}

// shelfDir returns the folder of a library whose bytes are in no bucket.
func (s *storage) shelfDir(conf config.Cloud) string {
	return cmp.Or(conf.Library.Dir, filepath.Join(s.DataDir, "library", conf.Name))
}

// storeAttempts is how often a library's bucket is asked: no fetcher stands before it
// that would try again.
const storeAttempts = 3

// rules are those that config gives a library. What is kept must be small enough to
// be delivered.
func rules(s *settings, conf config.Cloud) library.Rules {
	limits := s.limits(conf)
	return library.Rules{
		MaxBytes:    int64(cmp.Or(conf.Limits.MaxBytes, s.Origin.MaxBytes)),
		QuotaBytes:  int64(conf.Library.MaxBytes),
		QuotaAssets: int64(conf.Library.MaxAssets),
		Dedup:       conf.Library.Once,
		Videos:      true,
		Check: func(_ context.Context, format media.Format, file *os.File, size int64) (width, height int, err error) {
			return measure(format, file, size, limits)
		},
	}
}

// measure reads the header of a picture in a file, and holds it to the limits of
// those that are delivered.
func measure(format media.Format, file *os.File, size int64, limits transform.Limits) (width, height int, err error) {
	if !format.CanDecode() {
		return 0, 0, nil // an icon, which is delivered as it is
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return 0, 0, fault.Wrap(err, fault.Overloaded, "the upload cannot be read")
	}
	defer func() { _ = syscall.Munmap(data) }() // of a mapping that is there
	shape, err := transform.ShapeOf(media.Image{Data: data, Format: format}, limits)
	return shape.Width, shape.Height, err
}

// watch measures how much the libraries hold.
func (a *archive) watch(m *metrics.Metrics) {
	for name, shelf := range a.shelves {
		m.WatchLibrary(name, func() (bytes, assets int64, ok bool) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			used, err := shelf.Usage(ctx)
			return used.Bytes, used.Assets, err == nil
		})
	}
}

// Times of the tasks that keep a library in order.
const (
	sweepEvery = 5 * time.Minute
	sweepAge   = time.Hour // longer than any upload takes
)

// keep follows the changes that other edges make, and sweeps, until stop is called.
func (e *edge) keep(ctx context.Context, log *slog.Logger) (stop func()) {
	if e.archive.db == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // requests are answered for a while after its end
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.archive.keep(ctx, e.purge, log)
	}()
	return func() {
		cancel()
		<-done
	}
}

// keep does what edge.keep says.
func (a *archive) keep(ctx context.Context, purge func(library.Purge), log *slog.Logger) {
	var tasks sync.WaitGroup
	tasks.Go(func() {
		a.library.Follow(ctx, purge, func(err error) { log.Warn("the database cannot be followed", "error", err) })
	})
	tasks.Go(func() {
		for tick := time.NewTicker(sweepEvery); ; {
			a.sweep(ctx, log)
			select {
			case <-tick.C:
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	})
	tasks.Wait()
}

func (a *archive) sweep(ctx context.Context, log *slog.Logger) {
	swept, err := a.library.Sweep(ctx, sweepAge)
	if err != nil && ctx.Err() == nil {
		log.Warn("the library could not be swept", "error", err)
	}
	if swept.Expired+swept.Contents+swept.Spooled > 0 {
		log.Info("swept", "expired", swept.Expired, "contents", swept.Contents, "spooled", swept.Spooled)
	}
}

// shelved is the source of a library's assets, by their paths.
type shelved struct{ shelf *library.Shelf }

// Open opens an asset.
func (s shelved) Open(ctx context.Context, name string) (origin.Body, error) {
	if blob.ValidKey(name) != nil {
		return origin.Body{}, fs.ErrNotExist // a link, say
	}
	o, asset, err := s.shelf.Open(ctx, name, blob.Range{})
	if fault.Of(err) == fault.NotFound {
		return origin.Body{}, fs.ErrNotExist
	}
	if err != nil {
		return origin.Body{}, err
	}
	return origin.Body{
		ReadCloser: o, Size: asset.Size, ModTime: asset.Updated,
		Format: media.ByName(asset.Format), Private: asset.Access == library.Private, Expires: asset.Expires,
	}, nil
}
