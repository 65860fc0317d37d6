package library_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
	"pixedge/internal/library"
)

// A faulty is a store at which a process can be stopped, as if it were killed there:
// what it would do next is not done, its deferred calls least of all.
type faulty struct {
	blob.Store
	stop    string // where: "before put", "after put", "before delete", "after delete"
	reached chan bool
	resume  chan bool
	put     func() error // run by Put, if it is set
	delete  error        // of Delete
}

func (f *faulty) at(step string) {
	if step == f.stop {
		f.reached <- true
		<-f.resume
	}
}

func (f *faulty) Put(ctx context.Context, key string, body io.Reader, o blob.PutOptions) (blob.Info, error) {
	f.at("before put")
	if f.put != nil {
		if err := f.put(); err != nil {
			return blob.Info{}, err
		}
	}
	info, err := f.Store.Put(ctx, key, body, o)
	f.at("after put")
	return info, err
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	f.at("before delete")
	if f.delete != nil {
		return f.delete
	}
	err := f.Store.Delete(ctx, key)
	f.at("after delete")
	return err
}

// TestCrash stops an edge at each step of what changes bytes. Another one, on the same
// database and store, must then see the whole of the old or of the new, and nothing
// else may be left after its sweep; nor may there be when the first, which was not
// dead but slow, wakes up.
func TestCrash(t *testing.T) {
	put := func(e *edge) error {
		_, err := e.Put(context.Background(), library.Upload{Name: "a", Overwrite: true}, strings.NewReader(picture("new")))
		return err
	}
	remove := func(e *edge) error {
		a, err := e.Find(context.Background(), "a.jpeg")
		if err == nil {
			_, err = e.Delete(context.Background(), a.ID, "")
		}
		return err
	}
	tests := []struct {
		name, old string
		do        func(*edge) error
		stop      string
		want      string // what is seen; empty: nothing
		late      bool   // who wakes up is told that it was too slow
	}{
		{"upload, before its bytes", "", put, "before put", "", true},
		{"upload, after its bytes", "", put, "after put", "", true},
		{"upload, after its commit", "", put, "changed", "new", false},
		{"overwrite, before its bytes", "old", put, "before put", "old", true},
		{"overwrite, after its bytes", "old", put, "after put", "old", true},
		{"overwrite, after its commit", "old", put, "changed", "new", false},
		{"overwrite, before the old bytes go", "old", put, "before delete", "new", false},
		{"overwrite, after the old bytes go", "old", put, "after delete", "new", false},
		{"delete, after its commit", "old", remove, "changed", "", false},
		{"delete, before the bytes go", "old", remove, "before delete", "", false},
		{"delete, after the bytes go", "old", remove, "after delete", "", false},
	}
	for kind, config := range dbtest.Both() {
		for _, tt := range tests {
			t.Run(kind+"/"+tt.name, func(t *testing.T) {
				c, store := config(t), blob.NewMem()
				other := open(t, c, store, library.Rules{})
				if tt.old != "" {
					other.put(t, library.Upload{Name: "a"}, picture(tt.old))
				}
				f := &faulty{Store: store, stop: tt.stop, reached: make(chan bool), resume: make(chan bool)}
				e := openStopped(t, c, f)
				ended := make(chan error)
				go func() { ended <- tt.do(e) }()
				<-f.reached

				other.wantWhole(t, tt.want)
				if _, err := other.lib.Sweep(t.Context(), 0); err != nil {
					t.Fatalf("Sweep: %v", err)
				}
				other.wantWhole(t, tt.want)
				other.wantNothingElse(t, tt.want)
				f.stop = ""
				close(f.resume)
				if err := <-ended; tt.late != (fault.Of(err) == fault.Overloaded) || !tt.late && err != nil {
					t.Errorf("who woke up got %v", err)
				}
				other.wantWhole(t, tt.want)
				other.wantNothingElse(t, tt.want)
			})
		}
	}
}

// openStopped opens a library that is also stopped when it tells of a change.
func openStopped(t *testing.T, c database.Config, f *faulty) *edge {
	t.Helper()
	e := &edge{db: dbtest.Open(t, c), store: f}
	var err error
	e.lib, err = library.New(e.db, library.Config{Spool: t.TempDir()}, func(library.Purge) { f.at("changed") })
	if err != nil {
		t.Fatal(err)
	}
	e.Shelf = e.lib.Cloud("demo", f, library.Rules{})
	return e
}

// wantWhole wants the asset a.jpeg with the bytes, or nothing for none.
func (e *edge) wantWhole(t *testing.T, want string) {
	t.Helper()
	if want == "" {
		e.wantMissing(t, "a.jpeg")
		return
	}
	e.wantBytes(t, "a.jpeg", picture(want))
}

// wantNothingElse wants no bytes but those of the asset a.jpeg, if it is there.
func (e *edge) wantNothingElse(t *testing.T, want string) {
	t.Helper()
	assets, size := 0, 0
	if want != "" {
		assets, size = 1, len(picture(want))
	}
	e.wantObjects(t, assets)
	e.wantUsage(t, int64(size), int64(assets))
	if n := e.leftovers(t); n != 0 {
		t.Errorf("%d leftovers are noted, want none", n)
	}
}

// TestStoreFails has a store fail after it took the bytes, as one on a network may.
func TestStoreFails(t *testing.T) {
	down := fault.Wrap(errors.New("SlowDown"), fault.Upstream, "storage failed")
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			f := &faulty{Store: blob.NewMem()}
			e := open(t, config(t), f, library.Rules{})
			a := e.put(t, library.Upload{Name: "a"}, picture("a"))
			f.put = func() error {
				_, err := f.Store.Put(t.Context(), "an/orphan", strings.NewReader("x"), blob.PutOptions{})
				return errors.Join(down, err)
			}
			_, err := e.Put(t.Context(), library.Upload{Name: "b"}, strings.NewReader(picture("b")))
			wantKind(t, "Put", err, fault.Upstream, "storage failed")
			e.wantMissing(t, "b.jpeg")
			e.wantUsage(t, 5, 1)
			f.delete = down
			if _, err := e.Delete(t.Context(), a.ID, ""); err != nil {
				t.Errorf("Delete: %v; the asset is gone, and its bytes can wait", err)
			}
			e.wantMissing(t, "a.jpeg")
			if _, err := e.lib.Sweep(t.Context(), 0); fault.Of(err) != fault.Upstream || !strings.Contains(err.Error(), "sweep cloud demo") {
				t.Errorf("Sweep = %v, want the store's failure and the cloud's name", err)
			}
			f.delete = nil
			if s, err := e.lib.Sweep(t.Context(), 0); err != nil || s.Contents != 2 || e.leftovers(t) != 0 {
				t.Errorf("Sweep = %+v, %v; want the bytes of both", s, err)
			}
			e.wantObjects(t, 1) // which this test has put there
		})
	}
}

// TestDatabaseRestarts breaks all connections while the bytes are written.
func TestDatabaseRestarts(t *testing.T) {
	c := dbtest.PostgreSQL(t)
	f := &faulty{Store: blob.NewMem(), put: func() error { dbtest.Disconnect(t, c); return nil }}
	e := open(t, c, f, library.Rules{})
	e.put(t, library.Upload{Name: "a"}, picture("a"))
	e.wantBytes(t, "a.jpeg", picture("a"))
}

func TestSweep(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			later := time.Now().Add(time.Hour)
			a := e.put(t, library.Upload{Name: "a", Expires: later}, picture("a"))
			b := e.put(t, library.Upload{Name: "b", Expires: later}, picture("b"))
			e.put(t, library.Upload{Name: "c"}, picture("c"))
			if _, err := e.Update(t.Context(), b.ID, library.Changes{Expires: new(time.Time{})}); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Update(t.Context(), a.ID, library.Changes{Expires: new(time.Now())}); err != nil {
				t.Fatal(err)
			}
			e.wantMissing(t, a.Path)
			if p, err := e.List(t.Context(), library.Query{}); err != nil || p.Total != 2 || len(p.Assets) != 2 {
				t.Errorf("List = %d of %d, %v; want the 2 that have not expired", len(p.Assets), p.Total, err)
			}
			e.wantUsage(t, 15, 3)
			e.told.take()
			if s, err := e.lib.Sweep(t.Context(), time.Hour); err != nil || s != (library.Swept{Expired: 1}) {
				t.Errorf("Sweep = %+v, %v; want one that expired", s, err)
			}
			if told := e.told.take(); len(told) != 1 || told[0] != "demo:a.jpeg" {
				t.Errorf("told %q", told)
			}
			e.wantUsage(t, 10, 2)
			e.wantObjects(t, 2)
		})
	}
}

// TestExpiredPath is free before the sweep.
func TestExpiredPath(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			old := e.put(t, library.Upload{Name: "a", Expires: time.Now().Add(-time.Second)}, picture("old"))
			e.wantMissing(t, "a.jpeg")
			if a := e.put(t, library.Upload{Name: "a"}, picture("new")); a.ID == old.ID {
				t.Error("another asset has the id of one that expired")
			}
			e.wantBytes(t, "a.jpeg", picture("new"))
			e.wantNothingElse(t, "new")
		})
	}
}

// TestSweepLeavesUploads has one that is under way.
func TestSweepLeavesUploads(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			f := &faulty{Store: blob.NewMem()}
			e := open(t, config(t), f, library.Rules{})
			f.put = func() error {
				_, err := e.lib.Sweep(t.Context(), time.Hour)
				return err
			}
			e.put(t, library.Upload{Name: "a"}, picture("a"))
			e.wantBytes(t, "a.jpeg", picture("a"))
		})
	}
}
