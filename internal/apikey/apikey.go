// Package apikey makes, finds and revokes API keys, and counts who uses them.
//
// A key's secret is shown once, by [Keys.Create]. It begins with the key's id, which
// may be shown and logged; what is kept is a hash of the whole. A plain hash will do,
// since nobody can try through 140 random bits, and it is quick enough for every
// request. [Keys.Authenticate] takes a secret, [Keys.Allow] holds a key to its rate.
//
// The package does not know what scopes mean, reads no requests and logs nothing. It
// counts for this process alone: of two edges each allows a key its rate.
package apikey

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"pixedge/internal/database"
	"pixedge/internal/fault"
)

// A secret is the prefix, the id, and as many random characters of base32 as make
// 140 bits.
const (
	prefix       = "px_"
	idLength     = 12
	randomLength = 28
	secretLength = len(prefix) + idLength + randomLength
)

// Bounds of what is remembered: keys for so long, of which revoking one takes effect
// on other edges after, and so many keys, and pairs of key and address.
const (
	memory      = time.Second
	mostKeys    = 10_000
	mostBuckets = 100_000
)

// Any is the scope that is all others.
const Any = "*"

// A Spec is what a key is to be.
type Spec struct {
	Cloud   string
	Scopes  []string // what it may do: words of small letters, or Any
	Rate    Rate     // of one client; the zero Rate is no limit
	Comment string   // up to 255 bytes
}

// A Key is an API key without its secret.
type Key struct {
	Spec

	ID      string
	Created time.Time
	Revoked time.Time // zero while it is good
}

// May reports whether the key has the scope.
func (k *Key) May(scope string) bool {
	return slices.Contains(k.Scopes, scope) || slices.Contains(k.Scopes, Any)
}

// Keys are the API keys in a database. They are safe for concurrent use.
type Keys struct {
	db      *database.DB
	known   *lru.Cache[string, stored] // by id
	buckets *lru.Cache[string, *bucket]
}

// A stored is a key as it is kept.
type stored struct {
	Key

	hash  string    // SHA-256 of the secret, in hex
	until time.Time // when it is to be read again
}

// New returns the keys in db.
func New(db *database.DB) (*Keys, error) {
	known, err := lru.New[string, stored](mostKeys)
	if err != nil {
		return nil, err
	}
	buckets, err := lru.New[string, *bucket](mostBuckets)
	if err != nil {
		return nil, err
	}
	return &Keys{db: db, known: known, buckets: buckets}, nil
}

// Create makes a key. Nobody can find its secret out again. Errors are Invalid.
func (k *Keys) Create(ctx context.Context, s Spec) (key Key, secret string, err error) {
	if err := s.check(); err != nil {
		return Key{}, "", err
	}
	text := strings.ToLower(rand.Text() + rand.Text()) // of 26 characters each
	secret = prefix + text[:idLength+randomLength]
	key = Key{Spec: s, ID: idOf(secret), Created: database.Time(database.Now())}
	err = k.db.Update(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO keys (id, cloud, hash, scopes, rate, comment, created, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
			key.ID, s.Cloud, hashOf(secret), strings.Join(s.Scopes, " "), s.Rate.String(), s.Comment, database.Millis(key.Created))
		return err
	})
	if err != nil {
		return Key{}, "", err
	}
	return key, secret, nil
}

// maxComment is the length of a comment, in bytes.
const maxComment = 255

func (s *Spec) check() error {
	if s.Cloud == "" {
		return fault.Errorf(fault.Invalid, "cloud: is missing")
	}
	if len(s.Scopes) == 0 {
		return fault.Errorf(fault.Invalid, "scopes: are missing")
	}
	word := regexp.MustCompile(`^([a-z][a-z0-9_-]*|\*)$`)
	for _, scope := range s.Scopes {
		if !word.MatchString(scope) {
			return fault.Errorf(fault.Invalid, "scopes: %q is no word of small letters", scope)
		}
	}
	if len(s.Comment) > maxComment || strings.ToValidUTF8(s.Comment, "\x00") != s.Comment || strings.Contains(s.Comment, "\x00") {
		return fault.Errorf(fault.Invalid, "comment: more than %d bytes, or no text", maxComment)
	}
	return nil
}

func idOf(secret string) string { return secret[len(prefix):][:idLength] }

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

const columns = `id, cloud, hash, scopes, rate, comment, created, revoked`

func scan(scan func(...any) error) (stored, error) {
	var s stored
	var scopes, rate string
	var created, revoked int64
	if err := scan(&s.ID, &s.Cloud, &s.hash, &scopes, &rate, &s.Comment, &created, &revoked); err != nil {
		return stored{}, err
	}
	s.Scopes = strings.Fields(scopes)
	s.Created, s.Revoked = database.Time(created), database.Time(revoked)
	return s, s.Rate.UnmarshalText([]byte(rate))
}

// List returns the keys of the cloud, or all if it is empty, the oldest first, with
// those that were revoked.
func (k *Keys) List(ctx context.Context, cloud string) ([]Key, error) {
	all, err := database.All(ctx, k.db, scan, `SELECT `+columns+` FROM keys WHERE $1 = '' OR cloud = $1 ORDER BY created, id`, cloud)
	var list []Key
	for _, s := range all {
		list = append(list, s.Key)
	}
	return list, err
}

// Revoke makes the key of the id useless, here at once and on other edges within a
// second. Revoking it again does nothing. An id that was never given out is NotFound.
func (k *Keys) Revoke(ctx context.Context, id string) error {
	err := k.db.Update(ctx, func(tx *database.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE keys SET revoked = CASE WHEN revoked = 0 THEN $1 ELSE revoked END WHERE id = $2`, database.Now(), id)
		if err == nil && n == 0 {
			err = fault.Errorf(fault.NotFound, "no such key")
		}
		return err
	})
	k.known.Remove(id)
	return err
}

// Authenticate returns the key of a secret. Whatever is wrong with it, the error is
// the same and Unauthorized; Overloaded if the database cannot be asked.
func (k *Keys) Authenticate(ctx context.Context, secret string) (Key, error) {
	if len(secret) != secretLength || !strings.HasPrefix(secret, prefix) || !base32(secret[len(prefix):]) {
		return Key{}, errKey()
	}
	s, ok, err := k.find(ctx, idOf(secret))
	if err != nil {
		return Key{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(s.hash), []byte(hashOf(secret))) == 1
	if !ok || !same || !s.Revoked.IsZero() {
		return Key{}, errKey()
	}
	return s.Key, nil
}

func errKey() error { return fault.Errorf(fault.Unauthorized, "the API key is missing or not valid") }

// base32 reports whether text is of the small letters and digits of RFC 4648.
func base32(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') })
}

// find remembers keys that are good for a moment, for a client asks often. What is
// not there is not remembered: it could be anything.
func (k *Keys) find(ctx context.Context, id string) (stored, bool, error) {
	if s, ok := k.known.Get(id); ok && time.Now().Before(s.until) {
		return s, true, nil
	}
	until := time.Now().Add(memory) // from before it is read
	s, ok, err := database.One(ctx, k.db, scan, `SELECT `+columns+` FROM keys WHERE id = $1`, id)
	if err == nil && ok && s.Revoked.IsZero() {
		s.until = until
		k.known.Add(id, s)
	}
	return s, ok, err
}
