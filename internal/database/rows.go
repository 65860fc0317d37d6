package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// A Reader runs queries: a [DB], or a [Tx] that sees its own changes.
type Reader interface {
	rows(ctx context.Context, query string, args []any) (*sql.Rows, error)
	classify(err error) error
}

func (d *DB) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return again(d.driver, func() (*sql.Rows, error) { return d.read.QueryContext(ctx, query, args...) })
}

func (d *DB) classify(err error) error { return d.driver.failure(err) }

func (t *Tx) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *Tx) classify(err error) error { return t.driver.failure(err) }

// All returns the rows of a query, each made by scan, which is given the Scan of
// [sql.Rows].
func All[T any](ctx context.Context, r Reader, scan func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.rows(ctx, query, args)
	if err != nil {
		return nil, r.classify(err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	var list []T
	for rows.Next() {
		row, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, r.classify(rows.Err())
}

// One returns the first row of a query, and whether there is one.
func One[T any](ctx context.Context, r Reader, scan func(scan func(...any) error) (T, error), query string, args ...any) (T, bool, error) {
	list, err := All(ctx, r, scan, query, args...)
	if err != nil || len(list) == 0 {
		var none T
		return none, false, err
	}
	return list[0], true, nil
}

// Value scans rows of one column.
func Value[T any](scan func(...any) error) (T, error) {
	var v T
	err := scan(&v)
	return v, err
}

// Explain returns the database's plan for a query, for tests.
func (d *DB) Explain(ctx context.Context, query string, args ...any) (string, error) {
	rows, err := d.read.QueryContext(ctx, d.driver.explain()+" "+query, args...)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var plan strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(cells...); err != nil {
			return "", err
		}
		text, ok := cells[len(cells)-1].(*sql.RawBytes)
		if !ok {
			return "", errors.New("a plan of no text")
		}
		plan.Write(*text)
		plan.WriteByte('\n')
	}
	return plan.String(), rows.Err()
}
