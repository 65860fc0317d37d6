package database

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles opens as many connections as there may be and counts descriptors.
func TestFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "edge.db")
	db, err := Open(t.Context(), Config{Database: Location(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for range sqliteReaders() {
		conn, err := db.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var n int
		if err := conn.QueryRowContext(t.Context(), "SELECT count(*) FROM assets").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), "DELETE FROM assets")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if n := openFiles(t, file); n == 0 || n > Files() {
		t.Errorf("%d descriptors, want at most %d", n, Files())
	}
}

// openFiles counts the descriptors of files whose names begin so.
func openFiles(t *testing.T, name string) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, name) {
			n++
		}
	}
	return n
}
