package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pixedge/internal/apikey"
	"pixedge/internal/blob"
	"pixedge/internal/config"
	"pixedge/internal/database"
	"pixedge/internal/library"
)

// An apiEdge is a running edge whose cloud demo has a library, and a key to its API.
type apiEdge struct {
	*process
	key   string
	spool string // folder of uploads that come in, and of all that is temporary

	root string // of the files as the edge sees them; empty: that of the test

	// What follows is the edge's too, as another process has it.
	stored blob.Store
	folder string // of the bytes, if they are not in a bucket
	shelf  *library.Shelf
	keys   *apikey.Keys
	sweep  func() library.Swept // takes away what is left over, however young
}

// An apiSetup says how to start one.
type apiSetup struct {
	library  string // what edge.yaml says of it
	cloud    string // further lines of edge.yaml about the cloud
	disk     string // a folder that is a disk of its own, of diskSize bytes
	database string // empty: SQLite
	dir      string // empty: a new folder
	spool    string // likewise
	args     []string
}

// startAPI starts an edge, and opens what it keeps.
func startAPI(t *testing.T, s apiSetup) *apiEdge {
	t.Helper()
	e := s.start(t)
	e.open(t, s)
	e.key = e.newKey(t, apikey.Spec{Cloud: "demo", Scopes: []string{apikey.Any}})
	return e
}

// start starts an edge, whose own address is that of its links.
func (s *apiSetup) start(t *testing.T) *apiEdge {
	t.Helper()
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	if s.spool == "" {
		s.spool = t.TempDir()
	}
	if s.database == "" {
		s.database = filepath.Join(s.dir, "data", "edge.db")
	}
	command := []string{"edge"}
	if s.disk != "" {
		command = onDisk(t, s.disk)
	}
	write(t, filepath.Join(s.dir, "edge.yaml"), fmt.Appendf(nil,
		"clouds:\n  - name: demo\n    library: {%s}\n    allow_networks: [127.0.0.0/8]\n%s\n", s.library, s.cloud))
	address := freeAddress(t)
	args := append([]string{"--listen=" + address, "--public-url=http://" + address, "--database=" + s.database, "--upload-spool=" + s.spool}, s.args...)
	e := &apiEdge{process: startAs(t, command, s.dir, []string{"TMPDIR=" + s.spool}, args...)}
	if s.disk != "" {
		e.root = fmt.Sprintf("/proc/%d/root", e.cmd.Process.Pid)
	}
	e.spool = e.root + s.spool
	return e
}

// open opens what the edge keeps, beside it.
func (e *apiEdge) open(t *testing.T, s apiSetup) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Database: database.Location(s.database)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if e.keys, err = apikey.New(db); err != nil {
		t.Fatal(err)
	}
	kept, err := library.New(db, library.Config{Spool: e.spool}, func(library.Purge) {})
	if err != nil {
		t.Fatal(err)
	}
	file, err := config.Read(filepath.Join(s.dir, "edge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	clouds, err := file.Clouds()
	if err != nil {
		t.Fatal(err)
	}
	kind := clouds[0].Library
	kind.Dir = e.root + cmp.Or(kind.Dir, filepath.Join(s.dir, "data", "library", "demo"))
	e.folder = kind.Dir
	e.stored, err = shelfStore(t.Context(), new(settings), clouds[0])
	if err != nil {
		t.Fatal(err)
	}
	e.shelf = kept.Cloud("demo", e.stored, library.Rules{Videos: true})
	e.sweep = func() library.Swept {
		swept, err := kept.Sweep(t.Context(), 0)
		if err != nil {
			t.Errorf("sweep: %v", err)
		}
		return swept
	}
}

func (e *apiEdge) newKey(t *testing.T, s apikey.Spec) string {
	t.Helper()
	_, secret, err := e.keys.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// freeAddress returns one to listen at. Links must name it before anybody listens. It is
// this process's own: a port that is free at 127.0.0.1 may be another's in a moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 1+pid>>16, pid>>8&0xff, pid&0xff))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A reply is what the API answers.
type reply struct {
	Status  int    `json:"status"`
	ID      string `json:"id"`
	Link    string `json:"link"`
	Secure  string `json:"ssl_link"`
	Deleted bool   `json:"deleted"`
	Error   string `json:"error"`

	header http.Header
}

// path is the asset's in the library.
func (r reply) path() string {
	_, path, _ := strings.Cut(r.Link, "/original/")
	return path
}

// call calls an endpoint with GET.
func (e *apiEdge) call(t *testing.T, endpoint string, params url.Values, headers ...string) reply {
	t.Helper()
	if !params.Has("key") {
		params.Set("key", e.key)
	}
	return readReply(t, get(t, e.url+"/"+endpoint+"?"+params.Encode(), headers...))
}

// readReply holds an answer to the shape of PixLab's.
func readReply(t *testing.T, a answer) reply {
	t.Helper()
	r := reply{header: a.header}
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		t.Fatalf("status %d, content type %q: %.200q", a.status, kind, a.body)
	}
	if err := json.Unmarshal(a.body, &r); err != nil {
		t.Fatalf("%v: %.200q", err, a.body)
	}
	if r.Status != a.status || (r.Status == http.StatusOK) == (r.Error != "") || r.Secure != r.Link {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	return r
}

// wantError wants an answer with an error that speaks of something.
func (r reply) wantError(t *testing.T, what string, status int, about string) {
	t.Helper()
	if r.Status != status || !strings.Contains(r.Error, about) {
		t.Errorf("%s: status %d, %q; want %d and word of %q", what, r.Status, r.Error, status, about)
	}
}

// store uploads bytes as a file.
func (e *apiEdge) store(data []byte) (reply, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a file")
	if err != nil {
		return reply{}, err
	}
	_, _ = part.Write(data)
	_ = form.WriteField("key", e.key)
	_ = form.Close()
	res, err := client.Post(e.url+"/store", form.FormDataContentType(), &body)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	r := reply{header: res.Header}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Status != res.StatusCode {
		return reply{}, fmt.Errorf("status %d: %.200q", res.StatusCode, text)
	}
	return r, nil
}

// keep stores bytes, which must work.
func (e *apiEdge) keep(t *testing.T, data []byte) reply {
	t.Helper()
	r, err := e.store(data)
	if err != nil || r.Status != http.StatusOK {
		t.Fatalf("store: %+v, %v", r, err)
	}
	return r
}

// wantBytes wants a link to show just these bytes.
func wantBytes(t *testing.T, link string, want []byte) {
	t.Helper()
	if a := get(t, link); a.status != http.StatusOK || !bytes.Equal(a.body, want) {
		t.Errorf("%s: status %d and %d bytes, want the %d that were stored: %.200q", link, a.status, len(a.body), len(want), a.body)
	}
}

// wantGone wants links to show nothing.
func wantGone(t *testing.T, links ...string) {
	t.Helper()
	for _, link := range links {
		if a := get(t, link); a.status != http.StatusNotFound {
			t.Errorf("%s: status %d and %d bytes", link, a.status, len(a.body))
		}
	}
}

// assets lists what the library shows.
func (e *apiEdge) assets(t *testing.T) []library.Asset {
	t.Helper()
	p, err := e.shelf.List(t.Context(), library.Query{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return p.Assets
}

// wantSpoolEmpty wants nothing left of uploads that came in, or did not.
func (e *apiEdge) wantSpoolEmpty(t *testing.T) {
	t.Helper()
	if files, err := os.ReadDir(e.spool); err != nil || len(files) > 0 {
		t.Errorf("the spool has %d files, %v", len(files), err)
	}
}

// objects counts those in the store.
func (e *apiEdge) objects(t *testing.T) (n int) {
	t.Helper()
	for _, err := range e.stored.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// wantObjects wants so many in the store.
func (e *apiEdge) wantObjects(t *testing.T, n int) {
	t.Helper()
	if found := e.objects(t); found != n {
		t.Errorf("%d objects are kept, want %d", found, n)
	}
}
