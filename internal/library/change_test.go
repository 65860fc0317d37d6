package library_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
	"pixedge/internal/library"
)

func TestOverwrite(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			u := library.Upload{Folder: "f", Name: "a", Tags: []string{"old"}}
			old := e.put(t, u, picture("old"))
			_, err := e.Put(t.Context(), u, strings.NewReader(picture("new")))
			wantKind(t, "Put", err, fault.Invalid, "f/a.jpeg already")
			e.wantBytes(t, old.Path, picture("old"))
			e.wantObjects(t, 1)

			body, _, err := e.Open(t.Context(), old.Path, blob.Range{})
			if err != nil {
				t.Fatal(err)
			}
			u.Overwrite, u.Tags = true, []string{"new"}
			a := e.put(t, u, picture("newer"))
			if a.ID != old.ID || !a.Created.Equal(old.Created) || !slices.Equal(a.Tags, u.Tags) {
				t.Errorf("%+v in the place of %+v", a, old)
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != picture("old") {
				t.Errorf("who reads the old one gets %q, %v", got, err)
			}
			e.wantBytes(t, old.Path, picture("newer"))
			e.wantObjects(t, 1)
			e.wantUsage(t, a.Size, 1)
			if p, err := e.List(t.Context(), library.Query{Tag: "old"}); err != nil || p.Total != 0 {
				t.Errorf("%d have the old tag, %v", p.Total, err)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			a := e.put(t, library.Upload{Name: "a", Owner: "key1", Tags: []string{"x"}}, picture("a"))
			e.told.take()
			_, err := e.Delete(t.Context(), a.ID, "key2")
			wantKind(t, "Delete of another's", err, fault.NotFound, "no such asset")
			e.wantBytes(t, a.Path, picture("a"))
			if got, err := e.Delete(t.Context(), a.ID, "key1"); err != nil || got.Path != a.Path {
				t.Errorf("Delete = %+v, %v", got, err)
			}
			if told := e.told.take(); !slices.Equal(told, []string{"demo:a.jpeg"}) {
				t.Errorf("told %q", told)
			}
			_, err = e.Delete(t.Context(), a.ID, "")
			wantKind(t, "Delete of nothing", err, fault.NotFound, "no such asset")
			e.wantMissing(t, a.Path)
			e.wantObjects(t, 0)
			e.wantUsage(t, 0, 0)
			if n := e.leftovers(t); n != 0 {
				t.Errorf("%d leftovers", n)
			}
		})
	}
}

func TestClouds(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			other := e.lib.Cloud("other", e.store, library.Rules{})
			a := e.put(t, library.Upload{Name: "a"}, picture("a"))
			if _, err := other.ByID(t.Context(), a.ID); fault.Of(err) != fault.NotFound {
				t.Errorf("ByID in another cloud: %v", err)
			}
			if _, err := other.Delete(t.Context(), a.ID, ""); fault.Of(err) != fault.NotFound {
				t.Errorf("Delete in another cloud: %v", err)
			}
			if p, err := other.List(t.Context(), library.Query{}); err != nil || p.Total != 0 {
				t.Errorf("List in another cloud: %d, %v", p.Total, err)
			}
			if _, err := other.Put(t.Context(), library.Upload{Name: "a"}, strings.NewReader(picture("b"))); err != nil {
				t.Errorf("the same path in another cloud: %v", err)
			}
			e.wantBytes(t, a.Path, picture("a"))
		})
	}
}

func TestUpdate(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			a := e.put(t, library.Upload{Folder: "f", Name: "a", Tags: []string{"x"}}, picture("a"))
			e.put(t, library.Upload{Folder: "g", Name: "b"}, picture("b"))
			e.told.take()
			tests := []struct {
				name string
				c    library.Changes
				path string
				told []string
			}{
				{"comment", library.Changes{Comment: new("c")}, "f/a.jpeg", nil},
				{"tags", library.Changes{Tags: new([]string{"y", "z"})}, "f/a.jpeg", nil},
				{"access", library.Changes{Access: new(library.Private)}, "f/a.jpeg", []string{"demo:f/a.jpeg"}},
				{"folder", library.Changes{Folder: new("g")}, "g/a.jpeg", []string{"demo:f/a.jpeg", "demo:g/a.jpeg"}},
				{"name", library.Changes{Name: new("c.png")}, "g/c.jpeg", []string{"demo:g/a.jpeg", "demo:g/c.jpeg"}},
			}
			for _, tt := range tests {
				got, err := e.Update(t.Context(), a.ID, tt.c)
				if err != nil || got.Path != tt.path || got.ID != a.ID {
					t.Errorf("%s: %+v, %v", tt.name, got, err)
				}
				if told := e.told.take(); !slices.Equal(told, tt.told) {
					t.Errorf("%s: told %q, want %q", tt.name, told, tt.told)
				}
				e.wantBytes(t, tt.path, picture("a"))
			}
			_, err := e.Update(t.Context(), a.ID, library.Changes{Name: new("b")})
			wantKind(t, "Update onto another", err, fault.Invalid, "g/b.jpeg already")
			_, err = e.Update(t.Context(), "none", library.Changes{})
			wantKind(t, "Update of nothing", err, fault.NotFound, "no such")
			got, err := e.ByID(t.Context(), a.ID)
			if err != nil || got.Comment != "c" || got.Access != library.Private || !slices.Equal(got.Tags, []string{"y", "z"}) {
				t.Errorf("%+v, %v", got, err)
			}
			e.wantMissing(t, "f/a.jpeg")
			e.wantUsage(t, 10, 2)
		})
	}
}

func TestQuota(t *testing.T) {
	for kind, open := range both(library.Rules{QuotaBytes: 20, QuotaAssets: 3}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			a := e.put(t, library.Upload{Name: "a"}, picture("123456")) // 10
			_, err := e.Put(t.Context(), library.Upload{}, strings.NewReader(picture("1234567")))
			wantKind(t, "over the bytes", err, fault.Forbidden, "quota of 20 bytes is used up: this would make it 21")
			e.put(t, library.Upload{}, picture("1"))
			e.put(t, library.Upload{}, picture("1")) // 20
			_, err = e.Put(t.Context(), library.Upload{}, failing{errors.New("is not even read")})
			wantKind(t, "full", err, fault.Forbidden, "quota")
			if _, err := e.Update(t.Context(), a.ID, library.Changes{Comment: new("c")}); err != nil {
				t.Errorf("a change that needs no room: %v", err)
			}
			if _, err := e.Delete(t.Context(), a.ID, ""); err != nil {
				t.Fatal(err)
			}
			e.put(t, library.Upload{}, picture("1"))
			_, err = e.Put(t.Context(), library.Upload{}, strings.NewReader(picture("")))
			wantKind(t, "over the assets", err, fault.Forbidden, "quota of 3 assets")
			e.wantUsage(t, 15, 3)
			e.wantObjects(t, 3)
		})
	}
}

// TestQuotaAtOnce has many uploads find room at the same time, for one.
func TestQuotaAtOnce(t *testing.T) {
	for kind, open := range both(library.Rules{QuotaAssets: 1}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if _, err := e.Put(t.Context(), library.Upload{}, strings.NewReader(picture("a"))); err != nil && fault.Of(err) != fault.Forbidden {
						t.Errorf("Put: %v", err)
					}
				})
			}
			all.Wait()
			e.wantUsage(t, 5, 1)
			e.wantObjects(t, 1)
		})
	}
}

func TestDedup(t *testing.T) {
	for kind, open := range both(library.Rules{Dedup: true}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			a := e.put(t, library.Upload{Name: "a"}, picture("same"))
			b := e.put(t, library.Upload{Name: "b"}, picture("same"))
			e.wantObjects(t, 1)
			e.wantUsage(t, 16, 2)
			e.put(t, library.Upload{Name: "a", Overwrite: true}, picture("same")) // the only use of bytes in its own place
			if _, err := e.Delete(t.Context(), a.ID, ""); err != nil {
				t.Fatal(err)
			}
			e.wantBytes(t, b.Path, picture("same"))
			e.put(t, library.Upload{Name: "b", Overwrite: true}, picture("same"))
			e.wantBytes(t, b.Path, picture("same"))
			if _, err := e.Delete(t.Context(), b.ID, ""); err != nil {
				t.Fatal(err)
			}
			e.wantObjects(t, 0)
		})
	}
}

// TestDedupAtOnce has the same bytes come and go at the same time on two edges.
func TestDedupAtOnce(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c, store := config(t), blob.NewMem()
			edges := []*edge{open(t, c, store, library.Rules{Dedup: true}), open(t, c, store, library.Rules{Dedup: true})}
			var all sync.WaitGroup
			for i := range 6 {
				all.Go(func() {
					e := edges[i%2]
					for range 10 {
						a, err := e.Put(t.Context(), library.Upload{}, strings.NewReader(picture("same")))
						if err != nil {
							t.Errorf("Put: %v", err)
							return
						}
						e.wantBytes(t, a.Path, picture("same"))
						if _, err := e.Delete(t.Context(), a.ID, ""); err != nil {
							t.Errorf("Delete: %v", err)
						}
					}
				})
			}
			all.Wait()
			edges[0].put(t, library.Upload{Name: "last"}, picture("same"))
			edges[1].wantBytes(t, "last.jpeg", picture("same"))
			edges[1].wantObjects(t, 1)
			edges[1].wantUsage(t, 8, 1)
			if n := edges[0].leftovers(t); n != 0 {
				t.Errorf("%d leftovers", n)
			}
		})
	}
}

// TestReadersOfOverwritten wants the old or the new, whole, while a path changes.
func TestReadersOfOverwritten(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			bodies := []string{picture(strings.Repeat("a", 70_000)), picture(strings.Repeat("b", 90_000))}
			u := library.Upload{Name: "a", Overwrite: true}
			e.put(t, u, bodies[0])
			ctx, stop := context.WithCancel(t.Context())
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() {
					for ctx.Err() == nil {
						o, a, err := e.Open(t.Context(), "a.jpeg", blob.Range{})
						if err != nil {
							t.Errorf("Open: %v", err)
							return
						}
						data, err := io.ReadAll(o)
						if err != nil || !slices.Contains(bodies, string(data)) || a.Size != int64(len(data)) {
							t.Errorf("read %d bytes of %d, %v", len(data), a.Size, err)
						}
					}
				})
			}
			for i := range 30 {
				e.put(t, u, bodies[i%2])
			}
			stop()
			readers.Wait()
		})
	}
}

func TestFolders(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			ctx := t.Context()
			if f, err := e.MakeFolder(ctx, "/empty one/in it/"); err != nil || f.Path != "empty_one/in_it" || f.Created.IsZero() {
				t.Errorf("MakeFolder = %+v, %v", f, err)
			}
			a := e.put(t, library.Upload{Folder: "a/b/c", Name: "x"}, picture(""))
			for parent, want := range map[string]string{"": "a empty_one", "a": "a/b", "a/b": "a/b/c", "a/b/c": "", "empty_one": "empty_one/in_it", "no": ""} {
				list, err := e.Folders(ctx, parent)
				var paths []string
				for _, f := range list {
					paths = append(paths, f.Path)
				}
				if got := strings.Join(paths, " "); err != nil || got != want {
					t.Errorf("Folders(%q) = %q, %v; want %q", parent, got, err, want)
				}
			}
			wantKind(t, "a folder with a folder", e.DeleteFolder(ctx, "a/b"), fault.Invalid, "not empty")
			wantKind(t, "a folder with an asset", e.DeleteFolder(ctx, "a/b/c"), fault.Invalid, "not empty")
			wantKind(t, "no folder", e.DeleteFolder(ctx, "no"), fault.NotFound, "no such folder")
			wantKind(t, "the top", e.DeleteFolder(ctx, ""), fault.NotFound, "no such folder")
			if _, err := e.Delete(ctx, a.ID, ""); err != nil {
				t.Fatal(err)
			}
			for _, f := range []string{"a/b/c", "a/b", "a"} {
				if err := e.DeleteFolder(ctx, f); err != nil {
					t.Errorf("DeleteFolder(%s): %v", f, err)
				}
			}
		})
	}
}

// TestHostilePaths asks for what no asset is called.
func TestHostilePaths(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			e.put(t, library.Upload{Name: "a"}, picture(""))
			for _, path := range []string{"", "/", "..", "\x00", "\xff", "a.jpeg\x00", "%", "' OR 1=1 --", "a.JPEG", strings.Repeat("a", 1<<16)} {
				e.wantMissing(t, path)
				if _, err := e.ByID(t.Context(), path); fault.Of(err) != fault.NotFound {
					t.Errorf("ByID(%.20q) = %v", path, err)
				}
			}
		})
	}
}
