// Package database opens the database of facts: SQLite in a file, or PostgreSQL.
//
// [Open] takes one setting (location.go), brings the tables up to date and returns a [DB]. A
// query is written once, with $1, $2 … for its values, and understood by both;
// what they spell differently is in sqlite.go and postgresql.go. Moments are
// stored as milliseconds since 1970 ([Millis]), JSON and lists as text. The tables
// are in migrations, a folder for each database; package dbtest opens both for
// tests.
//
// The package does not know what the rows mean, builds no queries and caches
// nothing.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Config says which database it is.
type Config struct {
	Database Location `name:"database" help:"Database of uploaded pictures and API keys: the path of an SQLite file, or the URL of a PostgreSQL database, postgres://user:password@host/name. Edges that share one must name the same PostgreSQL. Default: edge.db in data_dir."`
}

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	read, write *sql.DB // the same one for PostgreSQL
	driver      driver
}

// A driver is what SQLite and PostgreSQL do differently.
type driver interface {
	// migrate brings the tables up to date; two at once do no harm.
	migrate(ctx context.Context, db *sql.DB) error
	// notify wakes those that wait at the channel once tx is committed.
	notify(ctx context.Context, tx *sql.Tx, channel string) error
	listen(ctx context.Context, channel string) (waiting, error)
	// explain is the statement that shows a query's plan.
	explain() string
	failure(err error) error
	// passing reports a transaction that was given up for another's sake.
	passing(err error) bool
	// broken reports a connection that was lost, which says nothing of the next one.
	broken(err error) bool
}

// A waiting is for notices. None are lost between two calls of wait, which returns
// at the next one or when d has passed.
type waiting struct {
	wait func(ctx context.Context, d time.Duration) error
	end  func()
}

// Open opens the database and brings its tables up to date. Its errors name the
// setting and show no password.
func Open(ctx context.Context, c Config) (*DB, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	open := openSQLite
	if c.Database.server() {
		open = openPostgreSQL
	}
	d, err := open(string(c.Database))
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := d.driver.migrate(ctx, d.write); err != nil {
		return nil, fmt.Errorf("database: %w", errors.Join(err, d.Close()))
	}
	return d, nil
}

// Files returns how many descriptors an open database takes at most.
func Files() int { return max(sqliteFiles*(sqliteReaders()+1), mostConnections+1) } // one listens

// Close waits for the queries at work and closes the database.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// A Tx is a transaction that may write. SQLite has one at a time; in PostgreSQL
// each statement sees what was committed before it began.
type Tx struct {
	tx     *sql.Tx
	driver driver
}

// mostTries is how often a transaction is tried that ran into another.
const mostTries = 5

// Update runs f in a transaction and commits it unless f fails. f may be run more
// than once, so all it changes must be in tx, or be set anew by each run. After an
// error of the commit itself nobody knows whether it came through.
func (d *DB) Update(ctx context.Context, f func(tx *Tx) error) error {
	var err error
	for range mostTries {
		if err = d.try(ctx, f); err == nil || !d.driver.passing(err) {
			break
		}
	}
	return d.driver.failure(err)
}

func (d *DB) try(ctx context.Context, f func(tx *Tx) error) error {
	tx, err := again(d.driver, func() (*sql.Tx, error) { return d.write.BeginTx(ctx, nil) })
	if err != nil {
		return err
	}
	if err := f(&Tx{tx, d.driver}); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// again does what can be done twice on another connection if the first was lost,
// as all in the pool are after a restart of the server.
func again[T any](d driver, do func() (T, error)) (T, error) {
	result, err := do()
	for range mostConnections {
		if err == nil || !d.broken(err) {
			break
		}
		result, err = do()
	}
	return result, err
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, t.driver.failure(err)
	}
	return result.RowsAffected()
}

// Notify wakes every [DB.Watch] of the channel, a plain word, once t is committed.
func (t *Tx) Notify(ctx context.Context, channel string) error {
	return t.driver.failure(t.driver.notify(ctx, t.tx, channel))
}

// Watch calls look at once, whenever the channel is notified, and whenever the time
// has passed since the last call, until ctx ends. SQLite knows no notices, and those
// of PostgreSQL are lost while it cannot be reached: look must find out itself what
// is new.
func (d *DB) Watch(ctx context.Context, channel string, every time.Duration, look func()) {
	for ctx.Err() == nil {
		w, err := d.driver.listen(ctx, channel)
		look()
		if err == nil {
			for w.wait(ctx, every) == nil {
				look()
			}
			w.end()
		}
		_ = sleep(ctx, every) // a server that fails is let alone for a moment
	}
}

// sleep returns when d has passed, or with the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Now returns the moment, as it is stored.
func Now() int64 { return Millis(time.Now()) }

// Millis returns t as it is stored: milliseconds since 1970, and 0 for the zero
// Time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of [Millis], in UTC.
func Time(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
