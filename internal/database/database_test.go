package database_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

const addFolder = `INSERT INTO folders (cloud, path, parent, created) VALUES ($1, $2, $3, $4)`

func add(ctx context.Context, db *database.DB, path string) error {
	return db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, addFolder, "c", path, "", database.Now())
		return err
	})
}

func count(t *testing.T, db database.Reader) int64 {
	t.Helper()
	n, _, err := database.One(t.Context(), db, database.Value[int64], `SELECT count(*) FROM folders WHERE cloud = $1`, "c")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpdate(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			db := dbtest.Open(t, c)
			if err := add(t.Context(), db, "kept"); err != nil {
				t.Fatal(err)
			}
			refused := errors.New("refused")
			err := db.Update(t.Context(), func(tx *database.Tx) error {
				n, err := tx.Exec(t.Context(), addFolder, "c", "dropped", "", 1)
				if err != nil || n != 1 {
					t.Errorf("Exec = %d, %v", n, err)
				}
				if n := count(t, tx); n != 2 {
					t.Errorf("the transaction sees %d rows of its own and before, want 2", n)
				}
				return refused
			})
			if !errors.Is(err, refused) {
				t.Errorf("Update = %v, want the error of its function", err)
			}
			if n := count(t, db); n != 1 {
				t.Errorf("%d rows, want 1: what failed was kept", n)
			}
			again := database.Open // what was written is there after a restart, and the tables are not made twice
			second, err := again(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer second.Close()
			if n := count(t, second); n != 1 {
				t.Errorf("%d rows after a restart, want 1", n)
			}
		})
	}
}

// TestOrderOfText holds both to the order of bytes: a range of paths is a prefix
// only in that.
func TestOrderOfText(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			db := dbtest.Open(t, c)
			for _, path := range []string{"b", "B", "a/b", "a-b", "é", "_"} {
				if err := add(t.Context(), db, path); err != nil {
					t.Fatal(err)
				}
			}
			list, err := database.All(t.Context(), db, database.Value[string], `SELECT path FROM folders ORDER BY path`)
			if got := strings.Join(list, " "); err != nil || got != "B _ a-b a/b b é" {
				t.Errorf("order is %s (%v)", got, err)
			}
		})
	}
}

// TestWriters has many transactions read and then write one row: none may be lost.
func TestWriters(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			edges := []*database.DB{dbtest.Open(t, c), dbtest.Open(t, c)}
			ctx := t.Context()
			if err := edges[0].Update(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO usage (cloud, bytes, assets) VALUES ('c', 0, 0)`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for i := range 40 {
				all.Go(func() {
					err := edges[i%2].Update(ctx, func(tx *database.Tx) error {
						_, err := tx.Exec(ctx, `UPDATE usage SET bytes = bytes + $1 WHERE cloud = 'c'`, 1)
						return err
					})
					if err != nil {
						t.Errorf("Update: %v", err)
					}
				})
			}
			all.Wait()
			n, _, err := database.One(ctx, edges[1], database.Value[int64], `SELECT bytes FROM usage`)
			if err != nil || n != 40 {
				t.Errorf("40 writers left %d, %v", n, err)
			}
		})
	}
}

func TestManyStartAtOnce(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					db, err := database.Open(t.Context(), c)
					if err != nil {
						t.Errorf("Open: %v", err)
						return
					}
					_ = db.Close()
				})
			}
			all.Wait()
		})
	}
}

func TestNewerDatabase(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			db := dbtest.Open(t, c)
			ctx := t.Context()
			if err := db.Update(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, `+trueIn(c)+`)`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			_, err := database.Open(ctx, c)
			if err == nil || !strings.HasPrefix(err.Error(), "database: the database is newer than this program: it has version 9999") {
				t.Errorf("Open = %v, want a refusal that names the setting", err)
			}
		})
	}
}

func trueIn(c database.Config) string {
	if strings.HasPrefix(string(c.Database), "postgres") {
		return "true"
	}
	return "1"
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no database at all, but long enough to be one"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, database string }{
		{"no database", file},
		{"a folder that cannot be", file + "/edge.db"},
		{"nobody listens", "postgres://edge:sesame@127.0.0.1:1/edge"},
		{"no URL", "postgres://edge:sesame@[/edge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := database.Open(t.Context(), database.Config{Database: database.Location(tt.database)})
			if err == nil || !strings.HasPrefix(err.Error(), "database: ") || strings.Contains(err.Error(), "sesame") {
				t.Errorf("Open = %v, want an error that names the setting and shows no password", err)
			}
		})
	}
}

// TestWatch leaves a minute between two looks: what comes sooner was told.
func TestWatch(t *testing.T) {
	c := dbtest.PostgreSQL(t)
	here, there := dbtest.Open(t, c), dbtest.Open(t, c)
	looks := watch(t, here, time.Minute)
	<-looks
	tell(t, there)
	<-looks
}

func TestWatchPolls(t *testing.T) {
	looks := watch(t, dbtest.Open(t, dbtest.SQLite(t)), time.Millisecond)
	for range 3 {
		<-looks
	}
}

func TestWatchSurvives(t *testing.T) {
	c := dbtest.PostgreSQL(t)
	here, there := dbtest.Open(t, c), dbtest.Open(t, c)
	looks := watch(t, here, 50*time.Millisecond)
	<-looks
	dbtest.Disconnect(t, c)
	for range 3 {
		<-looks
	}
	tell(t, there) // over a connection that the pool finds broken, and replaces
	<-looks
}

// watch returns a channel of the looks. It has no buffer: a look that nobody waits
// for is not counted.
func watch(t *testing.T, db *database.DB, every time.Duration) <-chan bool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	looks, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		db.Watch(ctx, "news", every, func() {
			select {
			case looks <- true:
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() { stop(); <-ended })
	return looks
}

func tell(t *testing.T, db *database.DB) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *database.Tx) error { return tx.Notify(t.Context(), "news") }); err != nil {
		t.Fatal(err)
	}
}

// TestServerGone wants a client to be told to come back, and the edge to find the
// server again.
func TestServerGone(t *testing.T) {
	c := dbtest.PostgreSQL(t)
	db := dbtest.Open(t, c)
	ctx := t.Context()
	err := db.Update(ctx, func(tx *database.Tx) error {
		dbtest.Disconnect(t, c)
		_, err := tx.Exec(ctx, addFolder, "c", "a", "", 1)
		return err
	})
	if fault.Of(err) != fault.Overloaded {
		t.Errorf("Update = %v of kind %v, want overloaded", err, fault.Of(err))
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

// TestDiskFull lets SQLite's file grow no further.
func TestDiskFull(t *testing.T) {
	db := dbtest.Open(t, dbtest.SQLite(t))
	ctx := t.Context()
	err := db.Update(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, `PRAGMA max_page_count = 1`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, addFolder, "c", strings.Repeat("a", 1<<20), "", 1)
		return err
	})
	if fault.Of(err) != fault.Overloaded {
		t.Errorf("Update = %v of kind %v, want overloaded", err, fault.Of(err))
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows can be read, want 0", n)
	}
}

func TestCanceled(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			db := dbtest.Open(t, c)
			ctx, cancel := context.WithCancel(t.Context())
			var runs atomic.Int64
			err := db.Update(ctx, func(tx *database.Tx) error {
				runs.Add(1)
				cancel()
				_, err := tx.Exec(ctx, addFolder, "c", "a", "", 1)
				return err
			})
			if !errors.Is(err, context.Canceled) || runs.Load() != 1 {
				t.Errorf("Update = %v after %d runs, want the error of the context after one", err, runs.Load())
			}
			if n := count(t, db); n != 0 {
				t.Errorf("%d rows, want none", n)
			}
		})
	}
}

func TestMillis(t *testing.T) {
	moment := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	for _, want := range []time.Time{{}, moment} {
		if got := database.Time(database.Millis(want)); !got.Equal(want) {
			t.Errorf("%v comes back as %v", want, got)
		}
	}
}
