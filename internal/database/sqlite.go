package database

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"pixedge/internal/fault"
)

type sqliteDriver struct{ file string }

// sqliteReaders is how many connections read.
func sqliteReaders() int { return 2 * runtime.GOMAXPROCS(0) }

// sqliteFiles is what a connection has open: the database, its log and the index of that.
const sqliteFiles = 3

// openSQLite opens the file with one connection that writes, since SQLite has one
// writer at a time anyway and the others would wait asleep, and some that read:
// with a write-ahead log they see the last commit and wait for nobody.
func openSQLite(file string) (*DB, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return nil, err
	}
	write, err := sql.Open("sqlite", dsn(file, "_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn(file, "_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(sqliteReaders())
	read.SetMaxIdleConns(sqliteReaders())
	return &DB{read: read, write: write, driver: sqliteDriver{file}}, nil
}

// dsn returns the name of the file with what every connection is told. A program
// beside this one, such as one that makes a key, may hold the file for a moment:
// that is waited for. A commit is on the disk when it returns (synchronous), for
// whoever was told that a picture is kept must find it after a power cut.
func dsn(file, options string) string {
	u := url.URL{Scheme: "file", Path: file, RawQuery: "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&" +
		"_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&" + options}
	return u.String()
}

// migrate keeps a lock on a file beside the database meanwhile: goose knows no lock
// for SQLite.
func (d sqliteDriver) migrate(ctx context.Context, db *sql.DB) error {
	f, err := os.OpenFile(d.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() // which gives the lock back
	if err := lockFile(ctx, f); err != nil {
		return err
	}
	return migrate(ctx, db, goose.DialectSQLite3, "sqlite")
}

func lockFile(ctx context.Context, f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (sqliteDriver) notify(context.Context, *sql.Tx, string) error { return nil }

// listen knows nothing better than to look again: SQLite tells nobody.
func (sqliteDriver) listen(context.Context, string) (waiting, error) {
	return waiting{sleep, func() {}}, nil
}

func (sqliteDriver) explain() string { return "EXPLAIN QUERY PLAN" }

// failure classifies what SQLite says. Extended codes have the plain one in their
// low byte (sqlite.org/rescode.html).
func (sqliteDriver) failure(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN:
		return unusable(err)
	case lib.SQLITE_INTERRUPT:
		return errors.Join(context.Canceled, err)
	}
	return err
}

// passing is never so: a transaction has the one right to write from its beginning.
func (sqliteDriver) passing(error) bool { return false }

func (sqliteDriver) broken(error) bool { return false }

// unusable is what a client is told when the database cannot do what it should
// just now: it is unreachable, or its disk is full.
func unusable(err error) error {
	return fault.Wrap(err, fault.Overloaded, "the database cannot be used now")
}
