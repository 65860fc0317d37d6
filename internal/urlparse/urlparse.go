// Package urlparse reads delivery URLs and writes them.
//
// A delivery URL names a cloud, perhaps a zone, the operations and a picture:
//
//	/v2/cloud/zone01/t.resize(w:320)~t.flip()/folder/a.jpg?dpr=2
//
// Start reading at [Parse], which takes the URL apart from left to right, and
// at [Request.Path], its inverse: whatever Parse accepts, Path writes in the one
// spelling that all requests of the same meaning share, and Parse reads back.
// FuzzParse holds the two to each other.
//
// The path is percent-decoded exactly once, as it was sent. Text that a proxy, a
// store or a second decoding could understand in another way (dot segments,
// doubled escapes, encoded slashes, control characters) is refused and never
// repaired. There is no Unicode normalization and no folding of case: other
// bytes are another request. Time is linear in the length of the URL.
//
// The package is a grammar and nothing more. It does not know which clouds,
// zones, presets or operations there are, does not check signatures and fetches
// nothing. It reads the options dpr, f_auto, preview and download and leaves it
// to others to act on them.
package urlparse

import (
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// Limits on what is sent. The first two are the sizes below which no client or
// proxy in wide use cuts a URL; the names are those of the file systems and of
// S3; package op limits the operations.
const (
	maxPath    = 8192 // bytes of a path as sent, and of its canonical spelling
	maxQuery   = 8192 // bytes of a query as sent
	maxFile    = 1024 // bytes of the decoded path of a stored picture
	maxSegment = 255  // bytes of one decoded segment of it
	maxOptions = 64   // parameters of one query
)

// A Request is what a URL asks for.
type Request struct {
	Version   int         // 1 or 2; a CDN path without a version is of version 1
	Cloud     string      // name of the cloud
	Custom    bool        // the host names the cloud and the path does not
	Zone      string      // slug of six characters; "" is the default zone
	Worker    bool        // File is for the URL translation worker of the zone
	Info      bool        // what the picture is, and not the picture; Pipeline empty
	Pipeline  op.Pipeline // empty for "original" and for a worker
	File      string      // decoded, without a leading slash; or an absolute URL, see Remote
	Options   Options
	Signature Signature
	Spelling  Spelling
}

// Options are the parameters of the query that change the answer.
type Options struct {
	DPR        float64 `json:"dpr"`      // device pixel ratio, 0.1 to 5; 0 if it is not given or automatic
	DPRAuto    bool    `json:"dpr_auto"` // dpr=auto
	FormatAuto bool    `json:"f_auto"`   // f_auto=true
	Preview    bool    `json:"preview"`  // show the picture in the browser
	Download   bool    `json:"download"` // offer the picture as a file
}

// A Signature holds the signature parameters of the query: decoded, as every
// other parameter, and not checked.
type Signature struct {
	PBS string // the signature itself
	PBE string // when it expires
	PBT string // which key made it

	given bool
}

// Present reports whether the query has any of the three parameters, be it
// without a value.
func (s Signature) Present() bool {
	return s.given || s.PBS != "" || s.PBE != "" || s.PBT != ""
}

// Spelling is how a request was written. Only the check of a signature needs
// it: signatures cover text, not meaning.
type Spelling struct {
	Raw     string   // path as sent
	Decoded string   // path, percent-decoded once
	Query   string   // query as sent, without the parameters of the signature
	Keys    []string // decoded names of the parameters in Query, in their order
}

// Remote reports whether File is an absolute http or https URL and not the
// name of a stored picture.
func (r Request) Remote() bool {
	return strings.HasPrefix(r.File, "http://") || strings.HasPrefix(r.File, "https://")
}

// Parse reads the path and the query of a URL. The path begins with a slash and
// is as it was sent, still percent-encoded; the query is without its '?'. If the
// host of the URL names a cloud (a custom domain), cloud is that name and the
// path holds none; else cloud is empty and the path names it.
//
// The Request keeps parts of path and query, which must not change afterward.
//
// Errors are fault.TooLong for a path or query over 8 KiB, and fault.Invalid.
func Parse(path, query, cloud string) (Request, error) {
	text, link, err := decodePath(path)
	if err != nil {
		return Request{}, err
	}
	r := Request{Version: 1, Cloud: cloud, Custom: cloud != ""}
	r.Spelling.Raw, r.Spelling.Decoded = path, text
	rest, err := r.readPlace(text[1:])
	if err != nil {
		return Request{}, err
	}
	if err := r.readTarget(rest, link); err != nil {
		return Request{}, err
	}
	if err := r.readQuery(query); err != nil {
		return Request{}, err
	}
	if r.outgrown() {
		return Request{}, errLongPath
	}
	return r, nil
}

// readPlace reads the version, the cloud and the zone that text begins with.
//
// A segment of six characters is a zone whenever a pattern and a picture follow.
// That is the match order of the SDKs, and takes nothing from other readings: no
// pattern looks like the slug of a zone.
func (r *Request) readPlace(text string) (rest string, err error) {
	word, rest, _ := strings.Cut(text, "/")
	switch {
	case word == "v1" || word == "v2":
		r.Version = int(word[1] - '0')
	case r.Custom:
		return "", invalid("a path on the domain of a cloud begins with /v1/ or /v2/")
	default:
		rest = text
	}
	if !r.Custom {
		r.Cloud, rest, _ = strings.Cut(rest, "/")
		if len(r.Cloud) < 3 || !op.IsWord(r.Cloud) {
			return "", invalid("%.40q is not the name of a cloud: three or more letters, digits, _ or -", r.Cloud)
		}
	}
	if slug, after, _ := strings.Cut(rest, "/"); len(slug) == 6 && op.IsWord(slug) && strings.Contains(after, "/") {
		r.Zone, rest = slug, after
	}
	return rest, nil
}

// readTarget reads the pattern and the picture, or the path for the worker. link
// is the component-encoded URL at the end of the path, if it has one.
func (r *Request) readTarget(text, link string) (err error) {
	pattern, file, _ := strings.Cut(text, "/")
	if file == "" {
		return invalid("the path names no picture")
	}
	r.Worker = pattern == "wrkr"
	if link != "" && (r.Worker || file != link) {
		return errSlash
	}
	if r.Worker {
		r.File = file
		return checkFile(file)
	}
	if r.Info = pattern == "info"; !r.Info {
		if r.Pipeline, err = op.Parse(pattern); err != nil {
			return err
		}
	}
	r.File, err = readFile(file)
	return err
}

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func invalid(format string, args ...any) error { return fault.Errorf(fault.Invalid, format, args...) }
