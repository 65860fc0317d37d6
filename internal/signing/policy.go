package signing

import (
	"slices"
	"strings"
	"time"

	"pixedge/internal/fault"
)

// MaxSkew is the longest leniency a policy may give. Clocks that are set over
// the network differ by far less; more would be a longer life for every URL.
const MaxSkew = 30 * time.Second

// MaxKeyID is the longest id of a key, in bytes. PixelBin's are UUIDs, 36 bytes
// long.
const MaxKeyID = 128

// A Key is a secret and the name that URLs call it by. PixelBin says access key
// for ID.
type Key struct{ ID, Token string }

// A Policy says which signatures a cloud accepts.
//
// A signature covers the path, always, and the query only in some of the forms
// that clients use. One that leaves the query out is accepted as long as every
// option of the query is in Free; any other option, known or not, could have
// been added by a stranger to get other bytes or to make the edge work.
type Policy struct {
	Keys     []Key
	Free     []string      // names of query options that a signature need not cover; see DefaultFree
	Required Required      // the files that are given to signed requests only
	Skew     time.Duration // how long a URL lives on after it has expired, from 0 to MaxSkew
}

// DefaultFree lists the query options that change neither the bytes of the
// answer nor its cost: download and preview set a header, v is not read.
func DefaultFree() []string { return []string{"download", "preview", "v"} }

// Required says which files are given to signed requests only. The zero value
// means none.
type Required struct {
	All      bool
	Prefixes []string // of decoded file paths
}

// Covers reports whether file, a decoded path without dot segments, needs a
// signature. The prefix "private" covers the file "private" and everything in
// that folder, but not "privateer"; "private/" covers the folder only. Slashes
// at the beginning of a prefix or file mean nothing, and the empty prefix covers
// every file.
func (r Required) Covers(file string) bool {
	file = strings.TrimLeft(file, "/")
	return r.All || slices.ContainsFunc(r.Prefixes, func(prefix string) bool {
		prefix = strings.TrimLeft(prefix, "/")
		rest, ok := strings.CutPrefix(file, prefix)
		return ok && (prefix == "" || rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/')
	})
}

// index returns the keys by id.
func index(keys []Key) (map[string]secret, error) {
	byID := make(map[string]secret, len(keys))
	seen := make(map[string]bool, len(keys))
	for i, k := range keys {
		_, known := byID[k.ID]
		switch {
		case k.ID == "" || len(k.ID) > MaxKeyID:
			return nil, fault.Errorf(fault.Invalid, "keys[%d]: the id must have 1 to %d bytes", i, MaxKeyID)
		case k.Token == "":
			return nil, fault.Errorf(fault.Invalid, "keys[%d]: the token is empty", i)
		case known:
			return nil, fault.Errorf(fault.Invalid, "keys[%d]: another key has the same id", i)
		case seen[k.Token]:
			// The id of the key is not under the signature. If two keys shared a
			// token, removing one would revoke nothing: the URLs it signed would
			// work again with the id of the other.
			return nil, fault.Errorf(fault.Invalid, "keys[%d]: another key has the same token", i)
		}
		byID[k.ID] = secret{k.ID, []byte(k.Token)}
		seen[k.Token] = true
	}
	return byID, nil
}
