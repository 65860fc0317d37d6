// Package dbtest opens databases for tests: SQLite in a temporary folder, and a
// real PostgreSQL.
//
// A test package calls [Main] in its TestMain, and ranges over [Both] in each test
// that is to pass on both. A test that finds no PostgreSQL fails: one that is skipped is not
// missed.
package dbtest

import (
	"path/filepath"
	"testing"

	"pixedge/internal/database"
)

// Both returns what makes an empty database of each kind, by the kind's name.
func Both() map[string]func(*testing.T) database.Config {
	return map[string]func(*testing.T) database.Config{"sqlite": SQLite, "postgresql": PostgreSQL}
}

// SQLite returns the settings of an empty database in a file.
func SQLite(t *testing.T) database.Config {
	t.Helper()
	return database.Config{Database: database.Location(filepath.Join(t.TempDir(), "a folder?#%", "edge.db"))}
}

// Open opens the database and closes it when the test ends.
func Open(t *testing.T, c database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return db
}
