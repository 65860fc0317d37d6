package config_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"pixedge/internal/config"
)

// read reads a file with the given text and its clouds. The errors name the file
// as "edge.yaml".
func read(t *testing.T, text string) (clouds []config.Cloud, problem string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edge.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Read(path)
	if err == nil {
		clouds, err = f.Clouds()
	}
	if err != nil {
		problem = strings.ReplaceAll(err.Error(), path, "edge.yaml")
	}
	return clouds, problem
}

func TestClouds(t *testing.T) {
	t.Setenv("TEST_SECRET_KEY", "from the environment")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("\n from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	clouds, problem := read(t, `
listen: 127.0.0.1:8080
clouds:
  - name: demo
    hosts: [img.example.com, "pics.example.com:8443"]
    sources:
      - dir: ./media
      - s3: {bucket: media, prefix: "x/", endpoint: "http://127.0.0.1:7302", path_style: true, region: us-east-1, access_key: test, secret_key: {env: TEST_SECRET_KEY}}
      - http: {base: "http://127.0.0.1:9100/"}
      - remote: {allow: ["img.example.com", "127.0.0.1:9100"]}
    allow_networks: [127.0.0.0/8, "::1/128"]
    keys:
      - {id: key-1, token: plain text}
      - {id: key-2, token: {file: `+token+`}}
      - {id: key-3, token: "0123"}
    signed: [private, drafts/]
    free_query: []
    signature_skew: 2s
    cache_control: "public, max-age=31536000"
    cors: ["https://shop.example"]
    limits: {max_bytes: 1.5MiB, max_pixels: 50M, max_side: 1000, max_frames: 5, fetch_timeout: 3s}
    worker: t.resize(w:300)
    zones: [{slug: zone01, sources: [{dir: ./other}], worker: t.flip()}]
  - {name: two, sources: [{dir: .}], keys: [{id: k, token: t}], signed: true}
  - {name: three, sources: [{dir: .}], signed: false}
`)
	if problem != "" || len(clouds) != 3 {
		t.Fatalf("%d clouds, %s", len(clouds), problem)
	}
	c := clouds[0]
	if c.Name != "demo" || len(c.Hosts) != 2 || c.CacheControl != "public, max-age=31536000" || c.CORS[0] != "https://shop.example" ||
		c.Worker != "t.resize(w:300)" || c.Skew != 2*time.Second || len(c.AllowNetworks) != 2 || c.AllowNetworks[1].String() != "::1/128" {
		t.Errorf("cloud = %+v", c)
	}
	if c.FreeQuery == nil || len(c.FreeQuery) != 0 {
		t.Errorf("free_query = %#v, want an empty list and not the default", c.FreeQuery)
	}
	s3 := c.Sources[1].S3
	if c.Sources[0].Dir != "./media" || s3.Bucket != "media" || !s3.PathStyle || s3.SecretKey.Reveal() != "from the environment" ||
		c.Sources[2].HTTP.Base != "http://127.0.0.1:9100/" || c.Sources[3].Remote.Allow[1] != "127.0.0.1:9100" {
		t.Errorf("sources = %+v", c.Sources)
	}
	for i, want := range []string{"plain text", "from a file", "0123"} {
		if got := c.Keys[i].Token.Reveal(); got != want {
			t.Errorf("token %d = %q, want %q", i, got, want)
		}
	}
	if l := c.Limits; l.MaxBytes != 3<<19 || l.MaxPixels != 50e6 || l.MaxSide != 1000 || l.MaxFrames != 5 || l.FetchTimeout != 3*time.Second {
		t.Errorf("limits = %+v", l)
	}
	if z := c.Zones[0]; z.Slug != "zone01" || z.Worker != "t.flip()" || z.Sources[0].Dir != "./other" {
		t.Errorf("zone = %+v", z)
	}
	if c.Signed.All || len(c.Signed.Prefixes) != 2 || !clouds[1].Signed.All || clouds[2].Signed.All {
		t.Errorf("signed = %+v, %+v, %+v", c.Signed, clouds[1].Signed, clouds[2].Signed)
	}
}

// TestMistakes has one mistake a row. The error names its place and says what is
// wanted.
func TestMistakes(t *testing.T) {
	const fine = "name: abc, sources: [{dir: .}]"
	tests := []struct{ cloud, want string }{
		{"sources: [{dir: .}]", "clouds[0].name: want 3 or more letters"},
		{"name: ab, sources: [{dir: .}]", "clouds[0].name: want 3 or more letters"},
		{"name: a.bc, sources: [{dir: .}]", "clouds[0].name: want 3 or more letters"},
		{"name: ünï, sources: [{dir: .}]", "clouds[0].name: want 3 or more letters"},
		{"name: health, sources: [{dir: .}]", "clouds[0].name: this name is taken by a route"},
		{fine + ", hosts: [IMG.example.com]", "clouds[0].hosts[0]: want a host in lower case"},
		{fine + ", hosts: [a.example, \"\"]", "clouds[0].hosts[1]: want a host"},
		{fine + ", hosts: [\"https://a.example\"]", "clouds[0].hosts[0]: want a host"},
		{fine + ", hosts: [a.example, a.example]", "clouds[0].hosts[1]: two clouds have this host"},
		{"name: abc", "clouds[0].sources: must not be empty"},
		{"name: abc, sources: []", "clouds[0].sources: must not be empty"},
		{"name: abc, sources: [{}]", "clouds[0].sources[0]: want exactly one of dir, s3, http, remote"},
		{"name: abc, sources: [{dir: ., http: {base: \"http://a\"}}]", "clouds[0].sources[0]: want exactly one of dir, s3, http, remote"},
		{"name: abc, sources: [{dir: .}, {s3: {}}]", "clouds[0].sources[1].s3.bucket: must not be empty"},
		{"name: abc, sources: [{s3: {bucket: b, endpoint: \"127.0.0.1:80\"}}]", "clouds[0].sources[0].s3.endpoint: want an http or https address"},
		{"name: abc, sources: [{s3: {bucket: b, access_key: a}}]", "clouds[0].sources[0].s3.access_key: goes with secret_key"},
		{"name: abc, sources: [{s3: {bucket: b, secret_key: a}}]", "clouds[0].sources[0].s3.access_key: goes with secret_key"},
		{"name: abc, sources: [{http: {base: \"ftp://a/\"}}]", "clouds[0].sources[0].http.base: want an http or https address"},
		{"name: abc, sources: [{http: {base: \"http://\"}}]", "clouds[0].sources[0].http.base: want an http or https address"},
		{"name: abc, sources: [{remote: {allow: []}}]", "clouds[0].sources[0].remote.allow: must not be empty"},
		{fine + ", keys: [{token: x}]", "clouds[0].keys[0].id: must not be empty"},
		{fine + ", keys: [{id: x}]", "clouds[0].keys[0].token: must not be empty"},
		{fine + ", keys: [{id: x, token: \"\"}]", "clouds[0].keys[0].token: must not be empty"},
		{fine + ", keys: [{id: x, token: {env: TEST_NOT_SET}}]", "clouds[0].keys[0].token: the variable TEST_NOT_SET is not set"},
		{fine + ", keys: [{id: x, token: {file: /no/such/file}}]", "clouds[0].keys[0].token: open /no/such/file: no such file"},
		{fine + ", keys: [{id: x, token: {file: a, env: b}}]", "clouds[0].keys[0].token: want the text"},
		{fine + ", keys: [{id: x, token: {}}]", "clouds[0].keys[0].token: want the text"},
		{fine + ", keys: [{id: x, token: [a]}]", "clouds[0].keys[0].token: want the text"},
		{fine + ", keys: [{id: x, token: 0123}]", "clouds[0].keys[0].token: want the text, in quotes if it looks like a number"},
		{fine + ", keys: [{id: x, token: true}]", "clouds[0].keys[0].token: want the text, in quotes"},
		{fine + ", keys: [{id: x, token: (secret)}]", "clouds[0].keys[0].token: (secret) stands where a secret was printed; write the secret itself, {file: PATH} or {env: NAME}"},
		{fine + ", keys: [{id: x, token: \"(secret)\"}]", "clouds[0].keys[0].token: (secret) stands"},
		{"name: abc, sources: [{s3: {bucket: b, access_key: a, secret_key: (secret)}}]", "clouds[0].sources[0].s3.secret_key: (secret) stands"},
		{fine + ", signed: true", "clouds[0].signed: needs at least one of keys"},
		{fine + ", signed: [a]", "clouds[0].signed: needs at least one of keys"},
		{fine + ", signed: private", "clouds[0].signed: want true, false or a list of path prefixes"},
		{fine + ", signed: {a: b}", "clouds[0].signed: want true, false or a list of path prefixes"},
		{fine + ", keys: [{id: x, token: x}], signed: [a, \"\"]", "clouds[0].signed: a prefix must not be empty"},
		{fine + ", signature_skew: -1s", "clouds[0].signature_skew: must not be negative"},
		{fine + ", signature_skew: 5", "clouds[0].signature_skew: "},
		{fine + ", auto_avif: later", "clouds[0].auto_avif: want wait, background or off"},
		{fine + ", cache_control: \"a\\nb\"", "clouds[0].cache_control: must be one line"},
		{fine + ", cors: [\"https://a.example/\"]", "clouds[0].cors[0]: want *, or an origin such as https://www.example.com"},
		{fine + ", cors: [\"*\", a.example]", "clouds[0].cors[1]: want *, or an origin"},
		{fine + ", allow_networks: [10.0.0.1]", "clouds[0].allow_networks[0]: "},
		{fine + ", limits: {max_bytes: many}", "clouds[0].limits.max_bytes: want a number of bytes such as"},
		{fine + ", limits: {max_pixels: many}", "clouds[0].limits.max_pixels: want a number such as"},
		{fine + ", limits: {fetch_timeout: soon}", "clouds[0].limits.fetch_timeout: "},
		{fine + ", limits: {fetch_timeout: -1s}", "clouds[0].limits.fetch_timeout: must not be negative"},
		{fine + ", limits: {max_side: -1}", "clouds[0].limits.max_side: must not be negative"},
		{fine + ", limits: {max_frames: -1}", "clouds[0].limits.max_frames: must not be negative"},
		{fine + ", zones: [{slug: zone, sources: [{dir: .}]}]", "clouds[0].zones[0].slug: want exactly six letters"},
		{fine + ", zones: [{slug: zone01}]", "clouds[0].zones[0].sources: must not be empty"},
		{fine + ", zones: [{slug: zone01, sources: [{dir: .}]}, {slug: zone01, sources: [{dir: .}]}]", "clouds[0].zones[1].slug: two zones have this slug"},
		{fine + ", zones: [{slug: zone01, sources: [{s3: {bucket: b, path_style: maybe}}]}]", "clouds[0].zones[0].sources[0].s3.path_style: "},
		{fine + ", colour: red", `unknown field "colour"`},
		{fine + ", limits: {max_byte: 1}", `clouds[0].limits: [1:52] unknown field "max_byte"`},
		{fine + ", keys: [{id: x, token: x, tokn: y}]", `unknown field "tokn"`},
		{fine + ", name: abd", `mapping key "name" already defined`},
	}
	for _, tt := range tests {
		_, problem := read(t, "clouds: [{"+tt.cloud+"}]\n")
		if !strings.HasPrefix(problem, "edge.yaml: ") || !strings.Contains(problem, tt.want) {
			t.Errorf("{%s}: %q, want %q", tt.cloud, problem, tt.want)
		}
	}
}

// TestZonesNamedAsClouds refuses a zone with the name of a cloud where one signed
// path would be good for both, on the zone's host and on another.
func TestZonesNamedAsClouds(t *testing.T) {
	const (
		own     = "clouds[0].zones[0].slug: must not be the name of its cloud, which has hosts"
		another = "clouds[0].zones[0].slug: must not be the name of a cloud with the same token"
	)
	for _, tt := range []struct{ first, hosts, token, second, want string }{
		{"zone01", "a.example", "a", "second", own},
		{"zone01", "", "a", "second", ""},
		{"first", "a.example", "a", "second", ""},
		{"first", "a.example", "shared", "second", ""},
		{"first", "a.example", "a", "zone01", ""},
		{"first", "a.example", "shared", "zone01", another},
		{"first", "", "shared", "zone01", ""},
	} {
		_, problem := read(t, `
clouds:
  - {name: `+tt.first+`, hosts: [`+tt.hosts+`], sources: [{dir: .}], keys: [{id: x, token: `+tt.token+`}], zones: [{slug: zone01, sources: [{dir: .}]}]}
  - {name: `+tt.second+`, sources: [{dir: .}], keys: [{id: y, token: other}, {id: z, token: shared}]}
`)
		if (problem == "") != (tt.want == "") || !strings.Contains(problem, tt.want) {
			t.Errorf("%+v: %q", tt, problem)
		}
	}
}

// TestMistakesInBlocks has the same mistakes in YAML's other style.
func TestMistakesInBlocks(t *testing.T) {
	for text, want := range map[string]string{
		"- sources:\n  - s3:\n      path_style: maybe\n":           "clouds[0].sources[0].s3.path_style: ",
		"- limits:\n    max_bytes: many\n":                         "clouds[0].limits.max_bytes: ",
		"- name: abc\n- keys:\n  - token:\n      env: TEST_NONE\n": "clouds[1].keys[0].token: ",
	} {
		if _, problem := read(t, "clouds:\n"+text); !strings.Contains(problem, want) {
			t.Errorf("%q: %q, want %q", text, problem, want)
		}
	}
}

// TestEveryMistake finds all mistakes at once.
func TestEveryMistake(t *testing.T) {
	_, problem := read(t, "clouds:\n- name: abc\n- name: abc\n  sources: [{}]\n  keys: [{}]\n")
	for _, want := range []string{
		"clouds[0].sources: ", "clouds[1].name: two clouds have this name", "clouds[1].sources[0]: ",
		"clouds[1].keys[0].id: ", "clouds[1].keys[0].token: ",
	} {
		if !strings.Contains(problem, want) {
			t.Errorf("%q lacks %q", problem, want)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"# nothing yet\n", ""},
		{"clouds:\n", ""},
		{"clouds: 5\n", "clouds: "},
		{"clouds: {a: b}\n", "clouds: "},
		{"clouds: [5]\n", "clouds[0]: "},
		{"- a\n", "sequence was used where mapping is expected"},
		{"listen: a\nlisten: b\n", `mapping key "listen" already defined`},
		{"listen: a\n---\nlisten: b\n", "more than one document"},
		{"a: [\n", "edge.yaml: "},
		{"\x00", "edge.yaml: "},
	}
	for _, tt := range tests {
		_, problem := read(t, tt.text)
		if (problem == "") != (tt.want == "") || !strings.Contains(problem, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, problem, tt.want)
		}
	}
	if _, err := config.Read("/no/such/edge.yaml"); err == nil || !strings.Contains(err.Error(), "--config: open /no/such/edge.yaml") {
		t.Errorf("Read of no file: %v", err)
	}
}

// TestErrorsShowNoSecrets puts a secret next to every kind of mistake.
func TestErrorsShowNoSecrets(t *testing.T) {
	for _, token := range []string{
		"[hunter2]", `"hunter2`, "'hunter2", "hunter2: x", "*hunter2", "@hunter2", "`hunter2", "{hunter2", "{file: a, hunter2: b}",
		"hunter2\n      tokn: x", "hunter2\n     bad: x", "hunter2\n      token: x", "|\n      hunter2", "hunter2\n    signed: nonsense",
		"!!int hunter2", "&a [*a, hunter2]",
	} {
		_, problem := read(t, "clouds:\n  - name: demo\n    sources: [{dir: .}]\n    keys:\n    - id: k\n      token: "+token+"\n    limits: {max_side: x}\n")
		if problem == "" || strings.Contains(problem, "hunter2") {
			t.Errorf("token: %s: %q, want an error without the token", token, problem)
		}
	}
}

// settings are some of a program's.
type settings struct {
	Listen    string        `default:"127.0.0.1:80"`
	CacheSize config.Size   `default:"1MiB"`
	Timeout   time.Duration `default:"1s"`
	Words     []string
	On        bool `negatable:""`
}

// parse gives settings their values as the program does.
func parse(t *testing.T, file string, args ...string) (settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "edge.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var s settings
	parser, err := kong.New(&s, kong.DefaultEnvars("TEST_EDGE"), kong.Resolvers(f), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return s, err
}

// TestSpellings gives settings in their three spellings: a flag wins over a
// variable, a variable over the file.
func TestSpellings(t *testing.T) {
	const file = "listen: in-file\ncache_size: 2MiB\ntimeout: 2s\nwords: [a, b]\non: true\nclouds: []\n"
	if got, err := parse(t, ""); err != nil || got.Listen != "127.0.0.1:80" || got.CacheSize != 1<<20 || got.Timeout != time.Second || got.On {
		t.Errorf("defaults = %+v, %v", got, err)
	}
	if got, err := parse(t, file); err != nil || got.Listen != "in-file" || got.CacheSize != 2<<20 || got.Timeout != 2*time.Second || len(got.Words) != 2 || !got.On {
		t.Errorf("from the file = %+v, %v", got, err)
	}
	t.Setenv("TEST_EDGE_LISTEN", "in-variable")
	t.Setenv("TEST_EDGE_CACHE_SIZE", "3MiB")
	if got, err := parse(t, file, "--cache-size=4MiB", "--no-on"); err != nil || got.Listen != "in-variable" || got.CacheSize != 4<<20 || got.On {
		t.Errorf("from all three = %+v, %v", got, err)
	}
}

func TestWrongSettings(t *testing.T) {
	tests := []struct{ file, want string }{
		{"cashe_size: 1MiB\n", `unknown key "cashe_size"`},
		{"cache-size: 1MiB\n", `unknown key "cache-size"`},
		{"help: true\n", `unknown key "help"`},
		{"listen:\n", "listen has no value"},
		{"cache_size: many\n", "--cache-size: want a number of bytes"},
		{"timeout: soon\n", "--timeout"},
		{"on: maybe\n", "--"},
	}
	for _, tt := range tests {
		if _, err := parse(t, tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.file, err, tt.want)
		}
	}
}

func TestReference(t *testing.T) {
	parser, err := kong.New(&settings{}, kong.DefaultEnvars("TEST_EDGE"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	config.Reference(&b, parser.Model)
	for _, want := range []string{
		"| `cache_size` | `--cache-size` | `TEST_EDGE_CACHE_SIZE` | `1MiB` |",
		"| `clouds[].name` |",
		"| `clouds[].sources[].s3.secret_key` |",
		"| `clouds[].keys[].token` |",
		"| `clouds[].limits.max_pixels` |",
		"| `clouds[].zones[].slug` |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(b.String(), "`--help`") {
		t.Error("the page describes --help")
	}
}
