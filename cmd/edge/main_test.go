package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"pixedge/internal/database/dbtest"
	"pixedge/internal/imgtest"
)

// TestMain lets this binary be edge, too: that is what tests find under the
// name.
func TestMain(m *testing.M) {
	testscript.Main(withDatabase{m}, map[string]func(){"edge": main})
}

// withDatabase runs the tests, and stops the server that some of them start.
type withDatabase struct{ m *testing.M }

// Run runs them.
func (w withDatabase) Run() int { return dbtest.Main(w.m) }

// TestScript runs testdata/script/*.txtar: stories about the whole program as
// its users meet it. Besides the commands of testscript they have
//
//	serve [NAME=value...] [flag...]   start edge serve on free ports: $EDGE, $METRICS and, without http://, $LISTEN are its addresses
//	terminate                         send it SIGTERM; it must end with exit code 0, and stdout and stderr are its output
//	get [-X METHOD] ['Name: value'...] URL
//	                                  ask for a URL, or a path below $EDGE: stdout is status, headers and what
//	                                  is no picture; the file body is the body
//	exits CODE command [arg...]       run a command that must end with this exit code
//	keep NAME [PATTERN]               make what a command printed, or the group of the pattern in it, the variable NAME
//	becomes STATUS|FILE URL           ask for a URL until the status is this, or the body that of the file
//	card FILE WIDTH HEIGHT            draw a picture, as JPEG or PNG
//	golden NAME FILE                  compare a picture with testdata/golden/NAME.png
//
// and in $TESTDATA the folder testdata.
func TestScript(t *testing.T) {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.RunT(scripts{t}, testscript.Params{
		Dir:                "testdata/script",
		UpdateScripts:      imgtest.Updating(),
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TESTDATA", testdata)
			env.Values[storyKey{}] = &story{t: env.T().(scripts).T}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": cmdServe, "terminate": cmdTerminate, "get": cmdGet,
			"exits": cmdExits, "keep": cmdKeep, "becomes": cmdBecomes, "card": cmdCard, "golden": cmdGolden,
		},
	})
}

// scripts is a testscript.T that lets go of its *testing.T.
type scripts struct{ *testing.T }

func (s scripts) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(scripts{t}) })
}

func (s scripts) Verbose() bool { return testing.Verbose() }

type storyKey struct{}

// A story is what a script has begun.
type story struct {
	t    *testing.T
	edge *process
}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	s := storyOf(ts)
	var env []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		env, args = append(env, args[0]), args[1:]
	}
	s.edge = start(s.t, ts.MkAbs("."), env, args...)
	ts.Setenv("EDGE", s.edge.url)
	ts.Setenv("METRICS", s.edge.metrics)
	ts.Setenv("LISTEN", strings.TrimPrefix(s.edge.url, "http://"))
}

func cmdTerminate(ts *testscript.TestScript, _ bool, _ []string) {
	s := storyOf(ts)
	s.edge.terminate(s.t)
	code := s.edge.wait(s.t)
	fmt.Fprint(ts.Stdout(), s.edge.stdout.String())
	fmt.Fprint(ts.Stderr(), s.edge.stderr.String())
	if code != exitOK {
		ts.Fatalf("exit code %d", code)
	}
}

func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	method := http.MethodGet
	if args[0] == "-X" {
		method, args = args[1], args[2:]
	}
	headers, url := args[:len(args)-1], args[len(args)-1]
	if strings.HasPrefix(url, "/") {
		url = ts.Getenv("EDGE") + url
	}
	a, err := do(method, url, headers...)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("body"), a.body, 0o600))
	fmt.Fprintln(ts.Stdout(), a.status)
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, strings.Join(a.header[name], ", "))
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
		fmt.Fprintf(ts.Stdout(), "\n%s", a.body)
	}
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func cmdKeep(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) > 1 {
		found := regexp.MustCompile(args[1]).FindStringSubmatch(text + "\n" + ts.ReadFile("stderr"))
		if found == nil {
			ts.Fatalf("nothing matches %s", args[1])
		}
		text = found[1]
	}
	ts.Setenv(args[0], text)
}

func cmdBecomes(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	var want string
	if err != nil {
		want = ts.ReadFile(args[0])
	}
	eventually(storyOf(ts).t, strings.Join(args, " "), func() bool {
		a, err := do(http.MethodGet, ts.Getenv("EDGE")+args[1])
		ts.Check(err)
		return a.status == status || want != "" && string(a.body) == want
	})
}

func cmdCard(ts *testscript.TestScript, _ bool, args []string) {
	var size [2]int
	for i, arg := range args[1:] {
		n, err := strconv.Atoi(arg)
		ts.Check(err)
		size[i] = n
	}
	draw(storyOf(ts).t, ts.MkAbs(args[0]), size[0], size[1])
}

// draw makes a file of a picture, and the folders it is in.
func draw(t *testing.T, path string, w, h int) {
	t.Helper()
	img := imgtest.Card(w, h, false)
	data := imgtest.PNG(t, img)
	if filepath.Ext(path) == ".jpg" {
		data = imgtest.JPEG(t, img, 0)
	}
	write(t, path, data)
}

func cmdGolden(ts *testscript.TestScript, _ bool, args []string) {
	imgtest.Golden(storyOf(ts).t, args[0], []byte(ts.ReadFile(args[1])))
}
