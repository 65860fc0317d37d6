package library_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/library"
)

// childEnv makes the test binary a process that is to be killed. Its values are the
// database and the folder of the bytes, with a line break between them.
const childEnv = "EDGE_TEST_LIBRARY_CHILD"

// child keeps and deletes pictures, and says so for each on a line, until it is
// killed. It returns false if this process is none.
func child() bool {
	config, ok := os.LookupEnv(childEnv)
	if !ok {
		return false
	}
	name, dir, _ := strings.Cut(config, "\n")
	if err := upload(context.Background(), name, dir); err != nil {
		fmt.Println("failed", err)
	}
	return true
}

const workers = 4

func upload(ctx context.Context, name, dir string) error {
	db, err := database.Open(ctx, database.Config{Database: database.Location(name)})
	if err != nil {
		return err
	}
	store, err := blob.NewDir(dir)
	if err != nil {
		return err
	}
	lib, err := library.New(db, library.Config{Spool: dir + "-spool"}, func(library.Purge) {})
	if err != nil {
		return err
	}
	shelf := lib.Cloud("demo", store, library.Rules{})
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d", w, i)
				a, err := shelf.Put(ctx, library.Upload{Name: name}, strings.NewReader(body(name)))
				if err == nil && i%3 == 0 {
					_, err = shelf.Delete(ctx, a.ID, "")
				}
				if err != nil {
					fmt.Println("failed", err)
					return
				}
				fmt.Println("done", i%3 == 0, name)
			}
		})
	}
	all.Wait()
	return nil
}

func body(name string) string { return picture(strings.Repeat(name+" ", 20_000)) }

// TestKill kills a process with uploads and deletions under way. What it answered must
// be so, and of the rest there is at most the one that each worker was at.
func TestKill(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c, dir := config(t), t.TempDir()
			store, err := blob.NewDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			e := open(t, c, store, library.Rules{})
			kept, deleted := killAfter(t, c, dir, 200)
			for _, name := range kept {
				e.wantBytes(t, name+".jpeg", body(name))
			}
			for _, name := range deleted {
				e.wantMissing(t, name+".jpeg")
			}
			before := e.objects(t)
			swept, err := e.lib.Sweep(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.List(t.Context(), library.Query{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range p.Assets {
				e.wantBytes(t, a.Path, body(a.Name))
			}
			if more := len(p.Assets) - len(kept); more < 0 || more > workers {
				t.Errorf("%d assets, of which %d were answered", len(p.Assets), len(kept))
			}
			t.Logf("%d kept, %d deleted; %d objects, %+v", len(kept), len(deleted), before, swept)
			e.wantObjects(t, len(p.Assets))
			if n := e.leftovers(t); n != 0 {
				t.Errorf("%d leftovers", n)
			}
		})
	}
}

// killAfter runs the child until it has answered n times, and returns the names that
// it kept and deleted.
func killAfter(t *testing.T, c database.Config, dir string, n int) (kept, deleted []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(c.Database)+"\n"+dir)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 1; lines.Scan(); i++ { // those that were written before the end are read after it
		var gone bool
		var name string
		if _, err := fmt.Sscanf(lines.Text(), "done %t %s", &gone, &name); err != nil {
			t.Errorf("the child says %q", lines.Text())
		}
		if gone {
			deleted = append(deleted, name)
		} else {
			kept = append(kept, name)
		}
		if i == n {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	return kept, deleted
}
