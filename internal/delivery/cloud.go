package delivery

import (
	"bytes"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/op"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
	"pixedge/internal/urlparse"
)

// A Cloud is a tenant. Its fields do not change once it serves.
type Cloud struct {
	Name        string
	Verifier    *signing.Verifier
	SigningKey  string           // id of the key that new URLs are signed with; "" if there is none
	Lifetime    Lifetime         // Cache-Control of its pictures
	CORS        []string         // origins whose scripts may read them; "*" is every one
	Limits      transform.Limits // of its originals
	Negotiation Negotiation      // what besides the URL changes its answers
	Presets     op.Presets       // of operations, by name
	PresetsOnly bool             // refuse what asks for anything else
	Zones       map[string]Zone  // by slug; "" is the default zone

	// Open is the folder of the default zone, with a slash at its end, whose pictures
	// need no signature and no preset unless they are private themselves: what an API
	// stores there is found by links that nobody can guess. "": there is none.
	Open string
}

// Signed reports whether requests for a file of the default zone must be signed.
func (c *Cloud) Signed(file string) bool { return c.Verifier.Required(file) && !c.open(file) }

func (c *Cloud) open(file string) bool { return c.Open != "" && strings.HasPrefix(file, c.Open) }

// expand returns the operations that calls come to, if the cloud delivers them.
func (c *Cloud) expand(req urlparse.Request) (op.Pipeline, error) {
	calls := req.Pipeline
	stored := len(calls) == 0 && req.Zone == "" && c.open(req.File)
	if c.PresetsOnly && !stored && !c.Presets.Only(calls) {
		return nil, fault.Errorf(fault.Forbidden, "this cloud delivers presets only")
	}
	return c.Presets.Expand(calls)
}

// A Zone is a part of a cloud with sources of its own.
type Zone struct {
	Fetcher Fetcher
	Mutable bool   // what it has may be replaced and deleted; Purge is told
	Worker  string // pattern put before the path of wrkr URLs; "" if they bring their own
}

// Clouds finds clouds by name and by host.
type Clouds struct {
	names, hosts map[string]*Cloud
}

// NewClouds returns an empty directory.
func NewClouds() *Clouds {
	return &Clouds{names: make(map[string]*Cloud), hosts: make(map[string]*Cloud)}
}

// Add enters c and its custom domains, in lower case.
func (d *Clouds) Add(c *Cloud, hosts ...string) {
	d.names[c.Name] = c
	for _, h := range hosts {
		d.hosts[h] = c
	}
}

// Named returns the cloud called name.
func (d *Clouds) Named(name string) (*Cloud, error) {
	c, ok := d.names[name]
	if !ok {
		return nil, fault.Errorf(fault.NotFound, "no cloud %q", name)
	}
	return c, nil
}

// OfHost returns the cloud whose custom domain host is, or nil. host may carry
// a port; a custom domain that names no port is found with all of them. It does
// not allocate.
func (d *Clouds) OfHost(host []byte) *Cloud {
	if len(d.hosts) == 0 {
		return nil
	}
	if c, ok := d.hosts[string(host)]; ok {
		return c
	}
	var room [maxHost]byte
	if len(host) > len(room) {
		return nil
	}
	lower := room[:len(host)]
	for i, b := range host {
		if 'A' <= b && b <= 'Z' {
			b |= 0x20
		}
		lower[i] = b
	}
	if c, ok := d.hosts[string(lower)]; ok {
		return c
	}
	if i := bytes.LastIndexByte(lower, ':'); i > 0 {
		return d.hosts[string(lower[:i])]
	}
	return nil
}

// maxHost is the length of the longest host and port: names of DNS have at most
// 253 bytes (RFC 1035, 2.3.4), a port and its colon 6.
const maxHost = 253 + 6
