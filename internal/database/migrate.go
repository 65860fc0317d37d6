package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrations has a folder for each database, with the same files in it. A file that
// was released is never changed: what comes later is a file of its own.
//
//go:embed migrations
var migrations embed.FS

// migrate applies the migrations in the folder that db lacks. A database that has
// more than they are was left by a newer program, which may have changed what the
// columns mean.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect, folder string, options ...goose.ProviderOption) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	options = append(options, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if known := sources[len(sources)-1].Version; has > known {
		return fmt.Errorf("the database is newer than this program: it has version %d of the tables, and the program knows up to %d; "+
			"run a newer program, or name another database", has, known)
	}
	return nil
}
