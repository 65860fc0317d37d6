package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pixedge/internal/apikey"
	"pixedge/internal/database"
	"pixedge/internal/fault"
	"pixedge/internal/imgtest"
)

// diskSize is that of the disks that tests fill, in bytes.
const diskSize = 4 << 20

// onDisk returns the command that starts edge with a disk of its own at a folder,
// which no other process sees, and on it what is in the folder. That takes root, or a kernel that lets anybody be root
// among his own.
func onDisk(t *testing.T, folder string) []string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	binary, err := exec.LookPath("edge")
	if err != nil {
		t.Fatal(err)
	}
	command := []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		command = append(command, "--user", "--map-root-user")
	}
	const script = `exec 3<"$2" && mount -t tmpfs -o size="$1" tmpfs "$2" && cp -a /proc/self/fd/3/. "$2" && exec 3<&- && shift 2 && exec "$0" "$@"`
	return append(command, "sh", "-c", script, binary, strconv.Itoa(diskSize), folder)
}

// TestDiskFull fills the disk of each thing that an edge writes to disk. What does not
// fit must be refused in the API's way and leave nothing behind; what is there must be
// shown, and deleting must make room.
func TestDiskFull(t *testing.T) {
	for name, full := range map[string]func(s *apiSetup){
		"uploads that come in": func(s *apiSetup) { s.spool = s.disk },
		"bytes of the library": func(s *apiSetup) { s.library = fmt.Sprintf("dir: %q", s.disk) },
	} {
		t.Run(name, func(t *testing.T) {
			s := apiSetup{dir: t.TempDir(), disk: filepath.Join(t.TempDir(), "disk")}
			full(&s)
			e := startAPI(t, s)
			picture := imgtest.PNG(t, imgtest.Card(64, 48, false))
			sized := func(n int) []byte { return slices.Concat(picture, make([]byte, n)) }
			small := sized(1000)
			first := e.keep(t, small)
			kept := []reply{e.keep(t, sized(1_500_000))}
			refused := 0
			for _, size := range []int{5_000_000, 2_500_000, 1_500_000, 1_500_000, 100_000, 10_000, 1000} {
				r, err := e.store(sized(size))
				t.Logf("%d bytes: %d %s %v", size, r.Status, r.Error, err)
				switch {
				case err != nil:
					t.Errorf("%d bytes: %v", size, err)
				case r.Status == http.StatusOK:
					kept = append(kept, r)
				case r.Status == http.StatusInsufficientStorage:
					refused++
				default:
					r.wantError(t, fmt.Sprint(size, " bytes"), http.StatusInsufficientStorage, "room")
				}
			}
			if refused == 0 {
				t.Error("the disk was never full")
			}
			e.wantSpoolEmpty(t)
			if n := len(e.assets(t)); n != 1+len(kept) {
				t.Errorf("%d assets, of which %d were answered", n, 1+len(kept))
			}
			e.wantObjects(t, 1+len(kept))
			if n := files(t, e.folder); n != 1+len(kept) {
				t.Errorf("%d files are in the library's folder, want %d", n, 1+len(kept))
			}
			wantBytes(t, first.Link, small)
			for _, r := range kept {
				if d := e.call(t, "delete", url.Values{"link": {r.Link}}); !d.Deleted {
					t.Errorf("delete: %+v", d)
				}
			}
			wantBytes(t, e.keep(t, sized(1_500_000)).Link, sized(1_500_000))
		})
	}
}

// TestDatabaseDiskFull has the database on a disk that is full. It may refuse to keep,
// but what is there must be shown, and all must be well once there is room.
func TestDatabaseDiskFull(t *testing.T) {
	s := apiSetup{dir: t.TempDir(), disk: filepath.Join(t.TempDir(), "disk")}
	s.database, s.library = filepath.Join(s.disk, "edge.db"), fmt.Sprintf("dir: %q", s.disk)
	key := firstKey(t, s.database)
	e := s.start(t)
	e.key = key
	picture := imgtest.PNG(t, imgtest.Card(64, 48, false))
	first := e.keep(t, picture)
	filler := filepath.Join(e.root+s.disk, "filler")
	fill(t, filler)
	refused, kept := 0, 1
	for range 5 {
		r, err := e.store(picture)
		switch {
		case err != nil:
			t.Fatal(err)
		case r.Status == http.StatusOK:
			kept++
		case r.Status == http.StatusInsufficientStorage, r.Status == http.StatusServiceUnavailable:
			refused++
		default:
			r.wantError(t, "a full disk", http.StatusInsufficientStorage, "room")
		}
		fill(t, filler)
	}
	if refused == 0 {
		t.Error("the disk was never full")
	}
	wantBytes(t, first.Link, picture)
	d := e.call(t, "delete", url.Values{"link": {first.Link}})
	t.Logf("a deletion on a full disk: %d %s", d.Status, d.Error)
	if d.Deleted {
		kept--
		wantGone(t, first.Link)
	} else {
		wantBytes(t, first.Link, picture)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	wantBytes(t, e.keep(t, picture).Link, picture)
	if got := e.metric(t, `edge_library_assets{cloud="demo"}`); got != strconv.Itoa(kept+1) {
		t.Errorf("%s assets, of which %d were answered", got, kept+1)
	}
}

// files counts those in a folder, whatever they are.
func files(t *testing.T, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// firstKey makes a database in a folder, with a key in it.
func firstKey(t *testing.T, file string) (secret string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Database: database.Location(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, err := apikey.New(db)
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err = keys.Create(t.Context(), apikey.Spec{Cloud: "demo", Scopes: []string{apikey.Any}})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// fill adds to a file until its disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !fault.NoRoom(err) {
		t.Fatal(err)
	}
}
