package library_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/library"
)

func names(p library.Page) string {
	var list []string
	for _, a := range p.Assets {
		list = append(list, a.Name)
	}
	return strings.Join(list, " ")
}

func TestList(t *testing.T) {
	for kind, open := range both(library.Rules{Videos: true}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			for i, u := range []library.Upload{
				{Folder: "f", Name: "a", Tags: []string{"x", "y"}, Owner: "k1"},
				{Folder: "f/g", Name: "b", Tags: []string{"y"}, Comment: "100% Größe"},
				{Name: "c_d", Access: library.Private, Owner: "k1"},
				{Folder: "f", Name: "e", Tags: []string{"x"}},
			} {
				e.put(t, u, picture(strings.Repeat("x", []int{3, 1, 4, 2}[i])))
				time.Sleep(2 * time.Millisecond) // so that no two were created at one moment
			}
			if _, err := e.Put(t.Context(), library.Upload{Name: "v"}, strings.NewReader("\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ")); err != nil {
				t.Fatal(err)
			}
			tests := []struct {
				q    library.Query
				want string
			}{
				{library.Query{}, "v e c_d b a"},
				{library.Query{Sort: "created"}, "a b c_d e v"},
				{library.Query{Sort: "-updated"}, "v e c_d b a"},
				{library.Query{Sort: "path"}, "c_d a e b v"},
				{library.Query{Sort: "-path"}, "v b e a c_d"},
				{library.Query{Sort: "size"}, "b e a c_d v"},
				{library.Query{Folder: "f"}, "e a"},
				{library.Query{Folder: "/f/g/"}, "b"},
				{library.Query{Folder: "/"}, "v c_d"},
				{library.Query{Prefix: "f/"}, "e b a"},
				{library.Query{Prefix: "f/g"}, "b"},
				{library.Query{Prefix: "c%"}, ""},
				{library.Query{Tag: "y"}, "b a"},
				{library.Query{Tag: "x", Folder: "f", Sort: "created"}, "a e"},
				{library.Query{Format: "mov"}, "v"},
				{library.Query{Access: library.Private}, "c_d"},
				{library.Query{Owner: "k1"}, "c_d a"},
				{library.Query{Search: "GRÖSSE"}, ""},
				{library.Query{Search: "GRÖßE"}, "b"},
				{library.Query{Search: "0%"}, "b"},
				{library.Query{Search: "_"}, "c_d"},
				{library.Query{Search: "F/G"}, "b"},
				{library.Query{Search: `\`}, ""},
				{library.Query{Search: "' OR 1=1"}, ""},
				{library.Query{Limit: 2}, "v e"},
				{library.Query{Limit: 2, Offset: 3}, "b a"},
				{library.Query{Offset: 9}, ""},
			}
			for _, tt := range tests {
				p, err := e.List(t.Context(), tt.q)
				if got := names(p); err != nil || got != tt.want {
					t.Errorf("List(%+v) = %q, %v; want %q", tt.q, got, err, tt.want)
				}
				if whole := tt.q.Limit == 0 && tt.q.Offset == 0; whole && (p.Total != int64(len(p.Assets)) || p.Next != "") {
					t.Errorf("List(%+v) says there are %d, next %q", tt.q, p.Total, p.Next)
				}
			}
		})
	}
}

func TestListRefuses(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			e.put(t, library.Upload{}, picture("a"))
			e.put(t, library.Upload{}, picture("b"))
			p, err := e.List(t.Context(), library.Query{Limit: 1})
			if err != nil || p.Next == "" {
				t.Fatalf("List = %+v, %v", p, err)
			}
			for _, q := range []library.Query{
				{Sort: "owner"},
				{Sort: "id; DROP TABLE assets"},
				{Sort: "--created"},
				{Limit: -1},
				{Limit: 1001},
				{Offset: -1},
				{Cursor: "x"},
				{Cursor: "e30"},
				{Cursor: p.Next, Sort: "path"},
				{Tag: "\x00"},
				{Search: "\xff"},
			} {
				if _, err := e.List(t.Context(), q); fault.Of(err) != fault.Invalid {
					t.Errorf("List(%+v): %v, want it refused", q, err)
				}
			}
		})
	}
}

// TestPages reads all by cursor while assets come and go before the reader.
func TestPages(t *testing.T) {
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			var want []string
			for i := range 11 {
				want = append(want, e.put(t, library.Upload{Name: fmt.Sprintf("n%02d", i)}, picture("")).ID)
			}
			for _, sort := range []string{"created", "-created", "-updated", "path", "-path", "size", "-size"} {
				var got []string
				q := library.Query{Sort: sort, Limit: 3, Tag: ""}
				for page := 0; page == 0 || q.Cursor != ""; page++ {
					p, err := e.List(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					for _, a := range p.Assets {
						got = append(got, a.ID)
					}
					q.Cursor = p.Next
				}
				all := slices.Clone(got)
				slices.Sort(all)
				if !slices.Equal(all, slices.Sorted(slices.Values(want))) {
					t.Errorf("by %s: %d assets, want each of %d once", sort, len(got), len(want))
				}
			}
		})
	}
}
