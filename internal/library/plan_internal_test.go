package library

import (
	"strings"
	"testing"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
)

// fill makes 10,000 assets: 100 folders, 100 owners, one of 10 a PNG, every one with
// the tag all and one of 1000 with the tag rare.
const (
	fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO assets (` + columns + `, search)
		SELECT 'id' || CAST(i AS TEXT), 'demo', 'f' || CAST(i % 100 AS TEXT) || '/n' || CAST(i AS TEXT) || '.jpeg', 'f' || CAST(i % 100 AS TEXT),
			'n' || CAST(i AS TEXT), CASE WHEN i % 10 = 0 THEN 'png' ELSE 'jpeg' END, i * 7919 % 1000003, 640, 480, 'sum' || CAST(i AS TEXT),
			'content' || CAST(i AS TEXT), 'public-read', '["all"]', '{"camera":"a name of usual length","place":"another"}', 'a comment of usual length',
			'key' || CAST(i % 100 AS TEXT), i * 1000, i * 1000, 0,
			'f' || CAST(i % 100 AS TEXT) || '/n' || CAST(i AS TEXT) || '.jpeg a comment of usual length' FROM n`
	tagAll  = `INSERT INTO tags (cloud, tag, asset) SELECT cloud, 'all', id FROM assets`
	tagRare = `INSERT INTO tags (cloud, tag, asset) SELECT cloud, 'rare', id FROM assets WHERE created % 1000000 = 0`
	used    = `INSERT INTO usage (cloud, bytes, assets) VALUES ('demo', 0, 10000)`
)

// TestTenThousand prints how long queries of a large library take, and wants those
// that should not read all of it to use an index.
func TestTenThousand(t *testing.T) {
	tests := []struct {
		name, index string // no index: all rows are looked at
		q           Query
	}{
		{"all", "assets_created", Query{}},
		{"by path", "assets_path", Query{Sort: "path"}},
		{"by size", "assets_size", Query{Sort: "-size"}},
		{"by change", "assets_updated", Query{Sort: "-updated"}},
		{"page 100", "assets_created", Query{Offset: 5000}},
		{"folder", "assets_folder", Query{Folder: "f7"}},
		{"prefix", "assets_path", Query{Prefix: "f7/", Sort: "path"}},
		{"format", "assets_format", Query{Format: "png"}},
		{"owner", "assets_owner", Query{Owner: "key7"}},
		{"tag of few", "tags_pkey", Query{Tag: "rare"}},
		{"tag of all", "assets_created", Query{Tag: "all"}},
		{"tag of all by path", "assets_path", Query{Tag: "all", Sort: "path"}},
		{"tag of all, format", "assets_format", Query{Tag: "all", Format: "png"}},
		{"tag of few, format", "tags_pkey", Query{Tag: "rare", Format: "png"}},
		{"tag of none", "", Query{Tag: "none"}},
		{"search", "", Query{Search: "n777"}},
		{"search for nothing", "", Query{Search: "nothing"}},
		{"folder and tag", "assets_folder", Query{Folder: "f7", Tag: "all"}},
	}
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			statements := []string{fill, tagAll, tagRare, used}
			if kind == "postgresql" {
				statements = append(statements, "ANALYZE") // which it does itself within a minute; SQLite never does
			}
			s := filled(t, dbtest.Open(t, config(t)), statements)
			for _, tt := range tests {
				p, took := listed(t, s, tt.q)
				plan := planOf(t, s, tt.q)
				t.Logf("%-20s %5d assets %8v", tt.name, p.Total, took)
				if !uses(plan, tt.index) {
					t.Errorf("%s: %s is not used:\n%s", tt.name, tt.index, plan)
				}
			}
			p, _ := listed(t, s, Query{Limit: 1000})
			_, took := listed(t, s, Query{Cursor: p.Next})
			t.Logf("%-20s              %8v", "cursor", took)
		})
	}
}

func filled(t *testing.T, db *database.DB, statements []string) *Shelf {
	t.Helper()
	err := db.Update(t.Context(), func(tx *database.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lib, err := New(db, Config{Spool: t.TempDir()}, func(Purge) {})
	if err != nil {
		t.Fatal(err)
	}
	return lib.Cloud("demo", blob.NewMem(), Rules{})
}

// listed returns a page and how long it took, the second time.
func listed(t *testing.T, s *Shelf, q Query) (p Page, took time.Duration) {
	t.Helper()
	for range 2 {
		start := time.Now()
		var err error
		if p, err = s.List(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		took = time.Since(start)
	}
	return p, took
}

func planOf(t *testing.T, s *Shelf, q Query) string {
	t.Helper()
	tagged, err := s.tagged(t.Context(), q.Tag)
	if err != nil {
		t.Fatal(err)
	}
	w := s.filter(q, tagged)
	w.and("(expires = 0 OR expires > ?)", database.Now())
	o, err := q.check()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.lib.db.Explain(t.Context(), selectPage(&w, o, usualLimit, q.Offset, false), w.args...)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// uses knows that SQLite gives the index of a primary key a name of its own.
func uses(plan, index string) bool {
	return strings.Contains(plan, index) || strings.Contains(plan, strings.Replace(index, "tags_pkey", "sqlite_autoindex_tags_1", 1))
}
