package database

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A Location is a URL that begins with postgres:// or postgresql://, or else the path
// of SQLite's file, which is made if it is missing.
type Location string

// hidden stands for passwords in what is printed; it is what url.URL puts there.
const hidden = "xxxxx"

// String returns the location without its passwords, the one before the host and those
// of the parameters that PostgreSQL's clients know.
func (l Location) String() string {
	if !l.server() {
		return string(l)
	}
	u, err := url.Parse(string(l))
	if err != nil {
		scheme, _, _ := strings.Cut(string(l), "://")
		return scheme + "://" + hidden // it cannot be told what in it is the password
	}
	query := u.Query()
	for _, name := range passwords() {
		if query.Has(name) {
			query.Set(name, hidden)
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}

func passwords() []string { return []string{"password", "sslpassword"} }

// MarshalYAML prints it without its passwords.
func (l Location) MarshalYAML() (any, error) { return l.String(), nil }

// server reports whether it is PostgreSQL's.
func (l Location) server() bool {
	return strings.HasPrefix(string(l), "postgres://") || strings.HasPrefix(string(l), "postgresql://")
}

// File returns the path of SQLite's file; ok is false if it is PostgreSQL.
func (l Location) File() (path string, ok bool) { return string(l), !l.server() }

// Check looks at the setting and opens no database: a URL must be one, and a file that
// is there must be SQLite's. Its errors name the setting and show no password.
func (c Config) Check() error {
	check := c.Database.checkFile
	if c.Database.server() {
		check = c.Database.checkURL
	}
	if err := check(); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// checkURL refuses what was printed, too: it would be taken for a wrong password.
func (l Location) checkURL() error {
	if _, err := pgx.ParseConfig(string(l)); err != nil {
		return err // pgx leaves the password out
	}
	u, err := url.Parse(string(l))
	if err != nil {
		return errors.New("want a URL such as postgres://user:password@host/name")
	}
	password, _ := u.User.Password()
	for _, name := range passwords() {
		if u.Query().Get(name) == hidden {
			password = hidden
		}
	}
	if password == hidden {
		return errors.New(hidden + " stands where a password was printed; write the password itself, or leave it to PGPASSWORD or PGPASSFILE")
	}
	return nil
}

// magic begins the files of SQLite (sqlite.org/fileformat.html, 1.3). An empty file is
// a database without tables.
const magic = "SQLite format 3\x00"

func (l Location) checkFile() error {
	f, err := os.Open(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, int64(len(magic))))
	if err == nil && len(head) > 0 && !bytes.Equal(head, []byte(magic)) {
		err = fmt.Errorf("%s is no database of SQLite", l)
	}
	return err
}
