package library_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/library"
)

// arrive is how long a purge may take before a test gives it up; it should take a
// second.
const arrive = 20 * time.Second

// follow returns the paths of purges as e is told of them.
func follow(t *testing.T, e *edge) <-chan string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan string, 100), make(chan bool)
	go func() {
		defer close(ended)
		e.lib.Follow(ctx, func(p library.Purge) { told <- p.Cloud + ":" + p.Path }, func(err error) { t.Logf("Follow: %v", err) })
	}()
	t.Cleanup(func() { stop(); <-ended })
	return told
}

func wantTold(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	for _, path := range want {
		select {
		case got := <-told:
			if got != path {
				t.Errorf("told %q, want %q", got, path)
			}
		case <-time.After(arrive):
			t.Fatalf("not told of %q", path)
		}
	}
}

func TestFollow(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c, store := config(t), blob.NewMem()
			here, there := open(t, c, store, library.Rules{}), open(t, c, store, library.Rules{})
			told := follow(t, here)
			a := there.put(t, library.Upload{Name: "a"}, picture("a"))
			wantTold(t, told, "demo:a.jpeg")
			start := time.Now()
			if _, err := there.Delete(t.Context(), a.ID, ""); err != nil {
				t.Fatal(err)
			}
			wantTold(t, told, "demo:a.jpeg")
			t.Logf("told after %v", time.Since(start))
			here.wantMissing(t, "a.jpeg")
			here.put(t, library.Upload{Name: "b"}, picture("b"))
			here.put(t, library.Upload{Name: "c"}, picture("c"))
			wantTold(t, told, "demo:b.jpeg", "demo:c.jpeg")
		})
	}
}

// TestFollowOutOfOrder commits a purge after a later one, which no change of one cloud
// does, but two clouds may.
func TestFollowOutOfOrder(t *testing.T) {
	c, store := dbtest.PostgreSQL(t), blob.NewMem()
	e := open(t, c, store, library.Rules{})
	told := follow(t, e)
	err := e.db.Update(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO purges (cloud, path, since) VALUES ('slow', 'first', $1)`, database.Now())
		e.put(t, library.Upload{Name: "second"}, picture("a"))
		wantTold(t, told, "demo:second.jpeg")
		return errors.Join(err, tx.Notify(t.Context(), "pixedge_purges"))
	})
	if err != nil {
		t.Fatal(err)
	}
	wantTold(t, told, "slow:first")
}

func TestFollowSurvives(t *testing.T) {
	c, store := dbtest.PostgreSQL(t), blob.NewMem()
	here, there := open(t, c, store, library.Rules{}), open(t, c, store, library.Rules{})
	told := follow(t, here)
	there.put(t, library.Upload{Name: "a"}, picture("a"))
	wantTold(t, told, "demo:a.jpeg")
	for _, name := range []string{"b", "c"} {
		dbtest.Disconnect(t, c)
		there.put(t, library.Upload{Name: name}, picture(name))
		wantTold(t, told, "demo:"+name+".jpeg")
	}
}
