package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Cloud is a tenant: a name in URLs with sources, keys and rules of its own.
type Cloud struct {
	Name          string         `yaml:"name" help:"The cloud's name in URLs: 3 or more letters, digits, - and _."`
	Hosts         []string       `yaml:"hosts,omitempty" help:"Custom domains. Requests for these hosts are for this cloud, and their paths do not name it."`
	Sources       []Source       `yaml:"sources" help:"Where originals come from, tried in order."`
	Worker        string         `yaml:"worker,omitempty" help:"Pattern put before the path of wrkr URLs, such as t.resize(w:300). Without it the path brings its own."`
	AllowNetworks []netip.Prefix `yaml:"allow_networks,omitempty" help:"Networks that remote links may reach although they are not public, such as 10.1.0.0/16."`
	Keys          []Key          `yaml:"keys,omitempty" help:"Keys that sign URLs. All of them are valid at once; remove one to revoke it."`
	Signed        Signed         `yaml:"signed,omitempty" help:"Paths that need a signature: true for all, or a list of path prefixes."`
	FreeQuery     []string       `yaml:"free_query,omitzero" help:"Query options that a signature need not cover. Default: download, preview, v."`
	Skew          time.Duration  `yaml:"signature_skew,omitempty" help:"How long a signature is accepted after its end, for clocks that differ."`
	CacheControl  string         `yaml:"cache_control,omitempty" help:"Cache-Control of delivered pictures; shortened to the life of a signature. Default: public, max-age=31536000."`
	CORS          []string       `yaml:"cors,omitzero" help:"Origins that scripts may read pictures from. [] is nobody. Default: *."`
	Limits        Limits         `yaml:"limits,omitempty" help:"Limits of this cloud; those left out are the program's."`
	AutoFormats   []string       `yaml:"auto_formats,omitzero" help:"Formats that f_auto may choose: avif, webp. Default: both; none: []."`
	AutoAVIF      string         `yaml:"auto_avif,omitempty" help:"What f_auto does where AVIF is best and has yet to be made: wait for it; background: send WebP or the original's format for now, and make the AVIF in the background; off: never choose AVIF. Default: wait."`
	ClientHints   bool           `yaml:"client_hints,omitempty" help:"Let Sec-CH-DPR, Sec-CH-Width and Save-Data change the answer, where the URL leaves room."`
	Presets       []Preset       `yaml:"presets,omitempty" help:"Chains of operations under a name, written p:name in URLs."`
	PresetsOnly   bool           `yaml:"presets_only,omitempty" help:"Refuse with 403 what asks for more than presets: other operations, originals, and wrkr URLs that lead to them."`
	Zones         []Zone         `yaml:"zones,omitempty" help:"Parts of the cloud with sources of their own."`
	Library       *Library       `yaml:"library,omitempty" help:"A home for uploaded pictures and results of the API. It is asked before the sources, which may then be left out."`
}

// A Zone is a part of a cloud with sources of its own.
type Zone struct {
	Slug    string   `yaml:"slug" help:"The zone's name in URLs: exactly six letters, digits, - and _."`
	Sources []Source `yaml:"sources" help:"Where the zone's originals come from, tried in order."`
	Worker  string   `yaml:"worker,omitempty" help:"As the cloud's worker, for this zone."`
}

// A Preset is a chain of operations under a name.
type Preset struct {
	Name           string              `yaml:"name" help:"The preset's name in URLs: letters, digits, - and _."`
	Transformation string              `yaml:"transformation" help:"The operations, as in a URL. The whole of a value may be a variable: t.resize(w:$w)."`
	Params         map[string]Variable `yaml:"params,omitempty" help:"The variables, by name."`
}

// A Variable is a value of a preset that the URL may give.
type Variable struct {
	Type    string   `yaml:"type" help:"What the value must be: integer, float, boolean, color, enum, string, or file or custom, which are base64."`
	Default Scalar   `yaml:"default,omitempty" help:"The value for URLs that give none. Without it, the URL must give one."`
	Enum    []Scalar `yaml:"enum,omitempty" help:"The values that an enum may have."`
}

// A Library keeps what a cloud's clients upload and what its API makes.
type Library struct {
	Dir         string        `yaml:"dir,omitempty" help:"The folder that the bytes are kept in. Default: a folder in data_dir."`
	S3          *S3           `yaml:"s3,omitempty" help:"The bucket that the bytes are kept in, instead of a folder."`
	Folder      string        `yaml:"folder,omitempty" help:"The folder of the library, and of its URLs, that the API stores in. Default: api."`
	KeepUploads time.Duration `yaml:"keep_uploads,omitempty" help:"How long what the API was given is kept, such as 720h. Default: for ever."`
	KeepResults time.Duration `yaml:"keep_results,omitempty" help:"How long what the API made is kept. Default: for ever."`
	MaxBytes    Size          `yaml:"max_bytes,omitempty" help:"Most bytes of all assets together. Default: no limit."`
	MaxAssets   Count         `yaml:"max_assets,omitempty" help:"Most assets. Default: no limit."`
	Once        bool          `yaml:"once,omitempty" help:"Keep the same bytes only once, however many assets have them."`
	Fetch       []string      `yaml:"fetch,omitzero" help:"Hosts that the API may fetch pictures from for its clients, as in remote.allow: * is every public host at its usual port, *:8080 at another. []: none. Default: *."`
}

// A Key signs URLs.
type Key struct {
	ID    string `yaml:"id" help:"The key's name, sent as pbt."`
	Token Secret `yaml:"token" help:"The secret: the text, {file: PATH} or {env: NAME}."`
}

// A Source is a place originals come from: exactly one of its fields is set.
type Source struct {
	Dir    string  `yaml:"dir,omitempty" help:"A folder."`
	S3     *S3     `yaml:"s3,omitempty" help:"A bucket of an S3 server."`
	HTTP   *HTTP   `yaml:"http,omitempty" help:"A folder on a web server."`
	Remote *Remote `yaml:"remote,omitempty" help:"Pictures whose path is an absolute URL."`
}

// S3 is a bucket.
type S3 struct {
	Bucket    string `yaml:"bucket" help:"The bucket's name."`
	Prefix    string `yaml:"prefix,omitempty" help:"Put before every path."`
	Endpoint  string `yaml:"endpoint,omitempty" help:"Address of the server; without it, AWS."`
	PathStyle bool   `yaml:"path_style,omitempty" help:"Put the bucket in the path and not in the host."`
	Region    string `yaml:"region,omitempty" help:"Region of the bucket."`
	AccessKey string `yaml:"access_key,omitempty" help:"Access key; without it, the AWS default chain."`
	SecretKey Secret `yaml:"secret_key,omitempty" help:"Secret key: the text, {file: PATH} or {env: NAME}."`
}

// HTTP is a folder on a web server.
type HTTP struct {
	Base string `yaml:"base" help:"Address that paths are added to."`
}

// Remote is a list of hosts.
type Remote struct {
	Allow []string `yaml:"allow" help:"Hosts that may be fetched from: host (ports 80 and 443), host:port, *.host, or *."`
}

// Limits are those a cloud may change.
type Limits struct {
	MaxBytes     Size          `yaml:"max_bytes,omitempty" help:"Most bytes of an original."`
	MaxPixels    Count         `yaml:"max_pixels,omitempty" help:"Most pixels of an original, all frames counted, and of every step."`
	MaxSide      int           `yaml:"max_side,omitempty" help:"Longest side of an original, in pixels."`
	MaxFrames    int           `yaml:"max_frames,omitempty" help:"Most frames or pages of an original."`
	FetchTimeout time.Duration `yaml:"fetch_timeout,omitempty" help:"Longest time to fetch an original."`
}

// check finds every mistake in the clouds that their types allow. It names keys
// as they stand in edge.yaml.
func check(clouds []Cloud) error {
	var c checker
	names, hosts := make(map[string]bool), make(map[string]bool)
	for i, cloud := range clouds {
		at := fmt.Sprintf("clouds[%d]", i)
		c.need(isName(cloud.Name) && len(cloud.Name) >= 3, at+".name", "want 3 or more letters, digits, - and _")
		c.need(!slices.Contains(reserved(), cloud.Name), at+".name", "this name is taken by a route")
		c.need(!names[cloud.Name], at+".name", "two clouds have this name")
		names[cloud.Name] = true
		for j, host := range cloud.Hosts {
			at := fmt.Sprintf("%s.hosts[%d]", at, j)
			c.need(host != "" && host == strings.ToLower(host) && !strings.ContainsAny(host, "/ "), at, "want a host in lower case, with its port if it has one")
			c.need(!hosts[host], at, "two clouds have this host")
			hosts[host] = true
		}
		c.cloud(at, cloud)
		c.slugs(at, cloud, clouds)
	}
	return errors.Join(c.errs...)
}

// reserved are the first segments of paths that are not delivery URLs.
func reserved() []string { return []string{"health", "ready", "service", "openapi"} }

type checker struct{ errs []error }

func (c *checker) need(ok bool, key, want string) {
	if !ok {
		c.errs = append(c.errs, fmt.Errorf("%s: %s", key, want))
	}
}

func (c *checker) cloud(at string, cloud Cloud) {
	if cloud.Library == nil || len(cloud.Sources) > 0 {
		c.sources(at, cloud.Sources)
	}
	c.library(at+".library", cloud.Library)
	for i, key := range cloud.Keys {
		at := fmt.Sprintf("%s.keys[%d]", at, i)
		c.need(key.ID != "", at+".id", "must not be empty")
		c.need(key.Token.Reveal() != "", at+".token", "must not be empty")
	}
	signed := cloud.Signed.All || len(cloud.Signed.Prefixes) > 0
	c.need(!signed || len(cloud.Keys) > 0, at+".signed", "needs at least one of keys")
	c.need(!slices.Contains(cloud.Signed.Prefixes, ""), at+".signed", "a prefix must not be empty; write true for all paths")
	c.need(cloud.Skew >= 0, at+".signature_skew", "must not be negative")
	c.need(!strings.ContainsAny(cloud.CacheControl, "\r\n"), at+".cache_control", "must be one line")
	for i, origin := range cloud.CORS {
		c.need(origin == "*" || isOrigin(origin), fmt.Sprintf("%s.cors[%d]", at, i), "want *, or an origin such as https://www.example.com, as browsers send it")
	}
	c.limits(at+".limits", cloud.Limits)
	c.presets(at, cloud.Presets)
	c.need(!cloud.PresetsOnly || len(cloud.Presets) > 0, at+".presets_only", "needs at least one of presets")
	for i, name := range cloud.AutoFormats {
		c.need(name == "avif" || name == "webp", fmt.Sprintf("%s.auto_formats[%d]", at, i), "want avif or webp")
	}
	c.need(slices.Contains([]string{"", "wait", "background", "off"}, cloud.AutoAVIF), at+".auto_avif", "want wait, background or off")
	for i, zone := range cloud.Zones {
		c.sources(fmt.Sprintf("%s.zones[%d]", at, i), zone.Sources)
	}
}

// slugs checks the names of a cloud's zones. On the cloud's own hosts
// /v2/zone01/… is its zone, on any other host the cloud of that name. A signature
// covers the path and neither the host nor the id of the key, so no token may be
// good for both.
func (c *checker) slugs(at string, cloud Cloud, clouds []Cloud) {
	seen := make(map[string]bool)
	for i, zone := range cloud.Zones {
		at := fmt.Sprintf("%s.zones[%d].slug", at, i)
		c.need(isName(zone.Slug) && len(zone.Slug) == 6, at, "want exactly six letters, digits, - and _")
		c.need(!seen[zone.Slug], at, "two zones have this slug")
		seen[zone.Slug] = true
		if len(cloud.Hosts) == 0 {
			continue
		}
		c.need(zone.Slug != cloud.Name, at, "must not be the name of its cloud, which has hosts: a signed path would name two pictures")
		c.need(!slices.ContainsFunc(clouds, func(other Cloud) bool {
			return other.Name == zone.Slug && other.Name != cloud.Name && shareToken(cloud, other)
		}), at, "must not be the name of a cloud with the same token: a signed path would name two pictures")
	}
}

// shareToken reports whether a signature of one cloud may be good in the other.
func shareToken(a, b Cloud) bool {
	return slices.ContainsFunc(a.Keys, func(k Key) bool {
		return slices.ContainsFunc(b.Keys, func(l Key) bool { return k.Token == l.Token })
	})
}

func (c *checker) limits(at string, l Limits) {
	c.need(l.MaxSide >= 0, at+".max_side", "must not be negative")
	c.need(l.MaxFrames >= 0, at+".max_frames", "must not be negative")
	c.need(l.FetchTimeout >= 0, at+".fetch_timeout", "must not be negative")
}

// presets leaves what a transformation and its values mean to those who read them.
func (c *checker) presets(at string, presets []Preset) {
	names := make(map[string]bool)
	for i, p := range presets {
		at := fmt.Sprintf("%s.presets[%d]", at, i)
		c.need(isName(p.Name), at+".name", "want letters, digits, - and _")
		c.need(!names[p.Name], at+".name", "two presets have this name")
		names[p.Name] = true
		c.need(p.Transformation != "", at+".transformation", "must not be empty")
		for _, name := range slices.Sorted(maps.Keys(p.Params)) {
			at := at + ".params." + name
			c.need(isName(name), at, "want a name of letters, digits, - and _")
			c.need(p.Params[name].Type != "", at+".type", "must not be empty")
		}
	}
}

func (c *checker) sources(at string, sources []Source) {
	c.need(len(sources) > 0, at+".sources", "must not be empty")
	for i, s := range sources {
		at := fmt.Sprintf("%s.sources[%d]", at, i)
		kinds := 0
		for _, set := range []bool{s.Dir != "", s.S3 != nil, s.HTTP != nil, s.Remote != nil} {
			if set {
				kinds++
			}
		}
		c.need(kinds == 1, at, "want exactly one of dir, s3, http, remote")
		c.s3(at+".s3", s.S3)
		if s.HTTP != nil {
			c.need(isHTTP(s.HTTP.Base), at+".http.base", "want an http or https address")
		}
		if s.Remote != nil {
			c.need(len(s.Remote.Allow) > 0, at+".remote.allow", "must not be empty; * allows every public host")
		}
	}
}

func (c *checker) s3(at string, s *S3) {
	if s == nil {
		return
	}
	c.need(s.Bucket != "", at+".bucket", "must not be empty")
	c.need(s.Endpoint == "" || isHTTP(s.Endpoint), at+".endpoint", "want an http or https address")
	c.need((s.AccessKey == "") == (s.SecretKey.Reveal() == ""), at+".access_key", "goes with secret_key")
}

func (c *checker) library(at string, l *Library) {
	if l == nil {
		return
	}
	c.need(l.Dir == "" || l.S3 == nil, at, "want one of dir and s3, or neither")
	c.s3(at+".s3", l.S3)
	c.need(l.Folder == "" || isName(l.Folder), at+".folder", "want letters, digits, - and _")
	c.need(l.KeepUploads >= 0, at+".keep_uploads", "must not be negative")
	c.need(l.KeepResults >= 0, at+".keep_results", "must not be negative")
}

func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// isOrigin reports whether text is a scheme, a host and perhaps a port, and
// nothing else. Any other text would never equal what browsers send.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && text == strings.ToLower(u.Scheme+"://"+u.Host)
}

func isName(text string) bool {
	for _, r := range text {
		word := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
		if !word {
			return false
		}
	}
	return text != ""
}
