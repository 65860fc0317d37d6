package library_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
	"pixedge/internal/library"
)

func TestMain(m *testing.M) {
	if child() {
		return
	}
	os.Exit(dbtest.Main(m))
}

// An edge is a library as one process has it.
type edge struct {
	*library.Shelf
	lib   *library.Library
	db    *database.DB
	store blob.Store
	spool string
	told  *notes
}

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	db := dbtest.Open(t, dbtest.SQLite(t))
	for spool, good := range map[string]bool{"": true, dir: true, filepath.Join(dir, "new", "er"): true, file: false, "/proc": false} {
		if _, err := library.New(db, library.Config{Spool: spool}, nil); (err == nil) != good {
			t.Errorf("spool %q: %v, want it to be good: %t", spool, err, good)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "new", "er")); err != nil || len(entries) != 0 {
		t.Errorf("%d files are left (%v)", len(entries), err)
	}
}

// notes are purges, as they were told.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(p library.Purge) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, p.Cloud+":"+p.Path)
}

// take returns what was told since it was called last.
func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// open opens the library of the cloud demo as another process does.
func open(t *testing.T, c database.Config, store blob.Store, rules library.Rules) *edge {
	t.Helper()
	e := &edge{db: dbtest.Open(t, c), store: store, spool: t.TempDir(), told: new(notes)}
	lib, err := library.New(e.db, library.Config{Spool: e.spool}, e.told.add)
	if err != nil {
		t.Fatal(err)
	}
	e.lib, e.Shelf = lib, lib.Cloud("demo", store, rules)
	return e
}

// both returns what opens an empty library on each database.
func both(rules library.Rules) map[string]func(*testing.T) *edge {
	opens := make(map[string]func(*testing.T) *edge)
	for kind, config := range dbtest.Both() {
		opens[kind] = func(t *testing.T) *edge {
			t.Helper()
			return open(t, config(t), blob.NewMem(), rules)
		}
	}
	return opens
}

// picture returns bytes that begin like a JPEG.
func picture(rest string) string { return "\xff\xd8\xff\xe0" + rest }

func (e *edge) put(t *testing.T, u library.Upload, data string) library.Asset {
	t.Helper()
	a, err := e.Put(t.Context(), u, strings.NewReader(data))
	if err != nil {
		t.Fatalf("Put(%+v): %v", u, err)
	}
	return a
}

// wantBytes reads the asset at the path.
func (e *edge) wantBytes(t *testing.T, path, want string) {
	t.Helper()
	o, _, err := e.Open(t.Context(), path, blob.Range{})
	if err != nil {
		t.Errorf("Open(%s): %v", path, err)
		return
	}
	defer o.Close()
	if got, err := io.ReadAll(o); err != nil || string(got) != want {
		t.Errorf("%s has %q (%v), want %q", path, got, err, want)
	}
}

func (e *edge) wantMissing(t *testing.T, path string) {
	t.Helper()
	if _, err := e.Find(t.Context(), path); fault.Of(err) != fault.NotFound {
		t.Errorf("Find(%s) = %v, want not found", path, err)
	}
}

func (e *edge) wantUsage(t *testing.T, size, assets int64) {
	t.Helper()
	if u, err := e.Usage(t.Context()); err != nil || u != (library.Usage{Bytes: size, Assets: assets}) {
		t.Errorf("Usage = %+v, %v; want %d bytes, %d assets", u, err, size, assets)
	}
}

// objects counts what is in the store.
func (e *edge) objects(t *testing.T) int {
	t.Helper()
	n := 0
	for _, err := range e.store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func (e *edge) wantObjects(t *testing.T, want int) {
	t.Helper()
	if n := e.objects(t); n != want {
		t.Errorf("%d objects in the store, want %d", n, want)
	}
}

// leftovers counts the notes of bytes that belong to no asset.
func (e *edge) leftovers(t *testing.T) int64 {
	t.Helper()
	n, _, err := database.One(t.Context(), e.db, database.Value[int64], `SELECT count(*) FROM leftovers`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wantKind(t *testing.T, what string, err error, want fault.Kind, text string) {
	t.Helper()
	if err == nil || fault.Of(err) != want || !strings.Contains(fault.Message(err), text) {
		t.Errorf("%s: %v (%v, %q), want %v with %q", what, err, fault.Of(err), fault.Message(err), want, text)
	}
}
