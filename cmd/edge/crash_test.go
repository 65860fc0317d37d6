package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/blob/blobtest"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/imgtest"
)

// uploads are what clients send to an edge at once, until it answers no more.
type uploads struct {
	mu       sync.Mutex
	answered map[string][]byte // by the path in the library
}

// clients is how many send at once.
const clients = 8

// send sends n pictures, no two of which are alike, and calls half once that many are
// answered.
func (u *uploads) send(t *testing.T, e *apiEdge, n int, size func(i int) int, half func()) {
	t.Helper()
	picture := imgtest.PNG(t, imgtest.Card(64, 48, false))
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for i := range next {
				data := append(bytes.Clone(picture), strings.Repeat(fmt.Sprint(i, " "), size(i))...)
				if r, err := e.store(data); err == nil && r.Status == http.StatusOK {
					u.add(r, data, n/2, half)
				}
			}
		})
	}
	all.Wait()
}

func (u *uploads) add(r reply, data []byte, enough int, half func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answered[r.path()] = data
	if len(u.answered) == enough {
		half()
	}
}

// TestKilledUploads kills an edge with 200 uploads under way. All that it answered
// must be there, whole; of those it did not answer at most the ones that it was at,
// whole as well; and nothing else is left in store or on disk after a sweep.
func TestKilledUploads(t *testing.T) {
	const n = 200
	small := func(i int) int { return 1000 + 100*i }
	for name, setup := range map[string]func() apiSetup{
		"sqlite and folder": func() apiSetup { return apiSetup{dir: t.TempDir()} },
		"postgresql and bucket": func() apiSetup {
			return apiSetup{library: bucketSettings(blobtest.StartS3(t)), database: string(dbtest.PostgreSQL(t).Database)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := setup()
			e := startAPI(t, s)
			u := &uploads{answered: make(map[string][]byte)}
			u.send(t, e, n, func(i int) int {
				if i%32 == 0 {
					return 2 << 20 // 5 MB and more, which a store may write to disk once more
				}
				return small(i)
			}, func() { _ = e.cmd.Process.Kill() })
			e.wait(t)
			before := e.objects(t)
			swept := e.sweep()
			e.wantSpoolEmpty(t)
			assets := e.assets(t)
			if more := len(assets) - len(u.answered); more < 0 || more > clients {
				t.Errorf("%d assets, of which %d were answered", len(assets), len(u.answered))
			}
			e.wantObjects(t, len(assets))
			for _, a := range assets {
				o, _, err := e.shelf.Open(t.Context(), a.Path, blob.Range{})
				if err != nil {
					t.Fatal(err)
				}
				data, err := io.ReadAll(o)
				_ = o.Close()
				if want, ok := u.answered[a.Path]; err != nil || int64(len(data)) != a.Size || ok && !bytes.Equal(data, want) {
					t.Errorf("%s: %d bytes of %d, %v", a.Path, len(data), a.Size, err)
				}
			}
			t.Logf("%d answered, %d assets, %d objects before the sweep, %+v", len(u.answered), len(assets), before, swept)
			again := startAPI(t, s)
			for path, data := range u.answered {
				wantBytes(t, again.url+"/v2/demo/original/"+path, data)
			}
			if s.library == "" {
				if n := files(t, again.folder); n != len(assets) {
					t.Errorf("%d files are in the library's folder, want %d", n, len(assets))
				}
			}
			again.keep(t, imgtest.PNG(t, imgtest.Card(8, 8, false)))
		})
	}
}
