package library

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// A Query says which assets are wanted, and how many at once. What is empty does not
// matter.
type Query struct {
	Folder string // right in this folder; "/" is the top
	Prefix string // of the path
	Tag    string
	Format string
	Access Access
	Owner  string
	Search string // part of the path, a tag or the comment, in any case

	Sort   string // created, updated, path or size, with "-" before it for the last first; empty: -created
	Limit  int    // 1 to 1000; 0: 50
	Cursor string // Next of the page before
	Offset int    // how many to leave out, besides; for clients that count pages
}

// Limits of a page.
const (
	usualLimit = 50
	mostLimit  = 1000
)

// A Page is some of the assets that a query finds.
type Page struct {
	Assets []Asset
	Total  int64  // of all pages
	Next   string // cursor of the next page; empty at the end
}

// List returns the assets of a query. Assets that come or go meanwhile do not shift
// the pages that are read by cursor. Errors are Invalid.
func (s *Shelf) List(ctx context.Context, q Query) (Page, error) {
	o, err := q.check()
	if err != nil {
		return Page{}, err
	}
	tagged, err := s.tagged(ctx, q.Tag)
	if err != nil {
		return Page{}, err
	}
	where := s.filter(q, tagged)
	total, err := s.count(ctx, q, &where, tagged)
	if err != nil {
		return Page{}, err
	}
	where.and("(expires = 0 OR expires > ?)", database.Now())
	if err := o.after(&where, q.Cursor); err != nil || total == 0 {
		return Page{}, err
	}
	page := Page{Total: total}
	// One more than is wanted tells whether there is another page.
	page.Assets, err = database.All(ctx, s.lib.db, scanAsset, selectPage(&where, o, q.Limit+1, q.Offset, q.Search != "" && total <= few), where.args...)
	if err == nil && len(page.Assets) > q.Limit {
		page.Assets = page.Assets[:q.Limit]
		page.Next, err = o.cursor(&page.Assets[q.Limit-1])
	}
	return page, err
}

// check holds q to its bounds, fills in what is usual, and returns its order.
func (q *Query) check() (order, error) {
	if q.Limit == 0 {
		q.Limit = usualLimit
	}
	if q.Limit < 1 || q.Limit > mostLimit || q.Offset < 0 {
		return order{}, fault.Errorf(fault.Invalid, "limit is outside of 1..%d, or offset below 0", mostLimit)
	}
	if !storable(q.Folder + q.Prefix + q.Tag + q.Format + string(q.Access) + q.Owner + q.Search) {
		return order{}, fault.Errorf(fault.Invalid, "the query holds what is no text")
	}
	return orderOf(q.Sort)
}

// few is how many assets of a tag are looked up one by one. Those of a tag that more
// have are found on the way through the others: they are soon met,
// and to fetch 10,000 of them takes SQLite 40 ms.
const few = 1000

// tagged returns how many assets have the tag, expired ones too.
func (s *Shelf) tagged(ctx context.Context, tag string) (int64, error) {
	if tag == "" {
		return 0, nil
	}
	n, _, err := database.One(ctx, s.lib.db, database.Value[int64], `SELECT count(*) FROM tags WHERE cloud = $1 AND tag = $2`, s.cloud, tag)
	return n, err
}

// count returns how many assets there are in all. Those that have expired are few, and
// counted on their own: the others can be counted in an index.
func (s *Shelf) count(ctx context.Context, q Query, w *where, tagged int64) (int64, error) {
	over := where{slices.Clone(w.conditions), slices.Clone(w.args)}
	over.and("expires > 0 AND expires <= ?", database.Now())
	expired, _, err := database.One(ctx, s.lib.db, database.Value[int64], `SELECT count(*) FROM assets WHERE `+over.text(), over.args...)
	onlyTag := q.Tag != "" && q.Folder+q.Prefix+q.Format+string(q.Access)+q.Owner+q.Search == ""
	if err != nil || onlyTag {
		return tagged - expired, err
	}
	all, _, err := database.One(ctx, s.lib.db, database.Value[int64], `SELECT count(*) FROM assets WHERE `+w.text(), w.args...)
	return all - expired, err
}

// selectPage returns the query for a page. Those that a search has found are gathered
// and then sorted, if they are few; to look for them in their order takes PostgreSQL
// three times as long.
func selectPage(w *where, o order, limit, offset int, gather bool) string {
	with, from := "", "assets WHERE "+w.text()
	if gather {
		with, from = "WITH found AS MATERIALIZED (SELECT "+columns+" FROM "+from+") ", "found"
	}
	return fmt.Sprintf(`%sSELECT %s FROM %s ORDER BY %s %s, id %[5]s LIMIT %d OFFSET %d`, with, columns, from, o.column, o.direction, limit, offset)
}

// A where is a condition with the values of its placeholders.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition with a ? for each of its values.
func (w *where) and(condition string, args ...any) {
	for _, arg := range args {
		w.args = append(w.args, arg)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

func (w *where) text() string { return strings.Join(w.conditions, " AND ") }

// placeholders returns $1 to $n with commas between them.
func placeholders(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(list, ", ")
}

// filter returns the condition of a query, whose tag so many have, but for expiry.
func (s *Shelf) filter(q Query, tagged int64) where {
	var w where
	w.and("cloud = ?", s.cloud)
	if q.Folder != "" {
		w.and("folder = ?", strings.Trim(q.Folder, "/"))
	}
	if q.Prefix != "" {
		// No character is larger than the one at the end.
		w.and("path >= ? AND path < ?", q.Prefix, q.Prefix+"\U0010ffff")
	}
	switch {
	case q.Tag != "" && tagged <= few:
		w.and("id IN (SELECT asset FROM tags WHERE cloud = ? AND tag = ?)", s.cloud, q.Tag)
	case q.Tag != "":
		// The offset keeps PostgreSQL from reading all of the tag at once.
		w.and("EXISTS (SELECT 1 FROM tags WHERE tags.cloud = ? AND tag = ? AND asset = assets.id LIMIT 1 OFFSET 0)", s.cloud, q.Tag)
	}
	for column, value := range map[string]string{"format": q.Format, "access": string(q.Access), "owner": q.Owner} {
		if value != "" {
			w.and(column+" = ?", value)
		}
	}
	if q.Search != "" {
		part := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(q.Search))
		w.and(`search LIKE ? ESCAPE '\'`, "%"+part+"%")
	}
	return w
}

// An order of assets. Those of one value are ordered by their ids.
type order struct{ column, direction string }

func orderOf(sort string) (order, error) {
	if sort == "" {
		sort = "-created"
	}
	o := order{sort, "ASC"}
	if column, descending := strings.CutPrefix(sort, "-"); descending {
		o = order{column, "DESC"}
	}
	switch o.column {
	case "created", "updated", "path", "size":
		return o, nil
	}
	return order{}, fault.Errorf(fault.Invalid, "sort: neither created, updated, path nor size, with or without a - before it")
}

// A position is where a page ended.
type position struct {
	Order string
	ID    string
	Text  string `json:",omitzero"` // of a column of text
	N     int64  `json:",omitzero"`
}

func (o order) cursor(last *Asset) (string, error) {
	p := position{Order: o.column + o.direction, ID: last.ID}
	switch o.column {
	case "created":
		p.N = database.Millis(last.Created)
	case "updated":
		p.N = database.Millis(last.Updated)
	case "size":
		p.N = last.Size
	default:
		p.Text = last.Path
	}
	data, err := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(data), err
}

// after has w begin after the page that the cursor ended.
func (o order) after(w *where, cursor string) error {
	if cursor == "" {
		return nil
	}
	var p position
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil || p.Order != o.column+o.direction || !storable(p.ID+p.Text) {
		return fault.Errorf(fault.Invalid, "cursor: is not one of this query")
	}
	sign := map[string]string{"ASC": ">", "DESC": "<"}[o.direction]
	var value any = p.N
	if o.column == "path" {
		value = p.Text
	}
	w.and("("+o.column+", id) "+sign+" (?, ?)", value, p.ID)
	return nil
}
