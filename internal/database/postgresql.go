package database

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// mostConnections is how many an edge takes of a server's 100 by default
// (max_connections), so that several edges fit.
const mostConnections = 16

// connectTimeout is for addresses where nobody answers, unless the URL has its own
// (connect_timeout): a start that waits for ever names no setting.
const connectTimeout = 10 * time.Second

type postgreSQLDriver struct{ config *pgx.ConnConfig }

func openPostgreSQL(address string) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, err // pgx leaves the password out
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(mostConnections)
	db.SetMaxIdleConns(mostConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{read: db, write: db, driver: postgreSQLDriver{config}}, nil
}

// migrate holds a lock of the server meanwhile, so that of several edges that start
// at once one does the work and the others find it done.
func (postgreSQLDriver) migrate(ctx context.Context, db *sql.DB) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // asks every second, for five minutes
	if err != nil {
		return err
	}
	return migrate(ctx, db, goose.DialectPostgres, "postgresql", goose.WithSessionLocker(locker))
}

func (postgreSQLDriver) notify(ctx context.Context, tx *sql.Tx, channel string) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_notify($1, '')", channel)
	return err
}

// listen opens a connection of its own: notices gather in it, and nobody else would
// read them.
func (d postgreSQLDriver) listen(ctx context.Context, channel string) (waiting, error) {
	conn, err := pgx.ConnectConfig(ctx, d.config.Copy())
	if err != nil {
		return waiting{}, err
	}
	end := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		end()
		return waiting{}, err
	}
	wait := func(ctx context.Context, d time.Duration) error {
		soon, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		_, err := conn.WaitForNotification(soon)
		if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) && !conn.IsClosed() {
			return nil
		}
		return err
	}
	return waiting{wait, end}, nil
}

func (postgreSQLDriver) explain() string { return "EXPLAIN" }

// failure classifies what the server says, or that it says nothing, by the classes
// of PostgreSQL's appendix A: 53 resources, 25006 it takes no writes for now.
func (d postgreSQLDriver) failure(err error) error {
	_, connect := errors.AsType[*pgconn.ConnectError](err)
	if ended(err) {
		return err
	}
	if connect || d.broken(err) || hasCode(err, "53", "25006") {
		return unusable(err)
	}
	return err
}

// broken knows class 08, connection, and 57P, the server is stopping.
func (postgreSQLDriver) broken(err error) bool {
	if _, connect := errors.AsType[*pgconn.ConnectError](err); connect || ended(err) {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, sqldriver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || hasCode(err, "08", "57P")
}

// ended reports a failure that is the caller's own.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func hasCode(err error, beginnings ...string) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(e.Code, b) })
}

// passing knows 40001, could not be serialized, and 40P01, a deadlock.
func (postgreSQLDriver) passing(err error) bool { return hasCode(err, "40001", "40P01") }
