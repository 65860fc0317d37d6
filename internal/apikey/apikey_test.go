package apikey_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/database"
	"pixedge/internal/database/dbtest"
	"pixedge/internal/fault"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

func open(t *testing.T, c database.Config) *apikey.Keys {
	t.Helper()
	keys, err := apikey.New(dbtest.Open(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func spec() apikey.Spec {
	return apikey.Spec{Cloud: "demo", Scopes: []string{"store", "delete"}, Rate: apikey.Rate{Times: 600, Per: time.Minute}, Comment: "shop"}
}

func create(t *testing.T, keys *apikey.Keys, s apikey.Spec) (key apikey.Key, secret string) {
	t.Helper()
	key, secret, err := keys.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return key, secret
}

func TestKeys(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			keys := open(t, c)
			key, secret := create(t, keys, spec())
			if len(secret) != 43 || secret[:15] != "px_"+key.ID || strings.Contains(fmt.Sprintf("%+v", key), secret[15:]) {
				t.Errorf("secret of %d characters for the id %s", len(secret), key.ID)
			}
			for range 2 { // read, and remembered
				got, err := keys.Authenticate(t.Context(), secret)
				if err != nil || fmt.Sprint(got) != fmt.Sprint(key) {
					t.Errorf("Authenticate = %+v, %v; want %+v", got, err, key)
				}
			}
			if got, err := open(t, c).Authenticate(t.Context(), secret); err != nil || got.Rate != key.Rate {
				t.Errorf("after a restart: %+v, %v", got, err)
			}
			if !key.May("store") || key.May("crop") || key.May("") || key.May("stor") {
				t.Errorf("%q may do what it should not, or may not what it should", key.Scopes)
			}
		})
	}
}

func TestWrongSecrets(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			keys := open(t, config(t))
			key, secret := create(t, keys, spec())
			revoked, revokedSecret := create(t, keys, spec())
			if err := keys.Revoke(t.Context(), revoked.ID); err != nil {
				t.Fatal(err)
			}
			other := "a"
			if strings.HasSuffix(secret, other) {
				other = "b"
			}
			for _, wrong := range []string{
				"", "px_", key.ID, secret[:42], secret + "a", secret[:42] + other, " " + secret[1:], strings.ToUpper(secret),
				secret[:3] + strings.Repeat("a", 12) + secret[15:], "px_" + strings.Repeat("'", 40), "px_" + strings.Repeat("\x00", 40),
				"px_" + strings.Repeat("\xff", 40), strings.Repeat("a", 1<<20), revokedSecret,
			} {
				for range 2 {
					_, err := keys.Authenticate(t.Context(), wrong)
					if fault.Of(err) != fault.Unauthorized || fault.Message(err) != "the API key is missing or not valid" {
						t.Errorf("Authenticate(%.50q) = %v", wrong, err)
					}
				}
			}
			if _, err := keys.Authenticate(t.Context(), secret); err != nil {
				t.Errorf("the right one: %v", err)
			}
		})
	}
}

func TestHash(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			_, secret := create(t, open(t, c), spec())
			all, err := database.All(t.Context(), dbtest.Open(t, c), database.Value[string], `SELECT id || cloud || hash || scopes || rate || comment FROM keys`)
			if err != nil || len(all) != 1 || strings.Contains(all[0], secret[15:]) {
				t.Errorf("the secret is in the database, or no key: %q, %v", all, err)
			}
		})
	}
}

// TestRevoke asks another edge, which remembers the key for a moment.
func TestRevoke(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			c := config(t)
			here, there := open(t, c), open(t, c)
			key, secret := create(t, here, spec())
			for _, keys := range []*apikey.Keys{here, there} {
				if _, err := keys.Authenticate(t.Context(), secret); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := here.Revoke(t.Context(), key.ID); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := here.Authenticate(t.Context(), secret); fault.Of(err) != fault.Unauthorized {
				t.Errorf("where it was revoked: %v", err)
			}
			time.Sleep(time.Second)
			if _, err := there.Authenticate(t.Context(), secret); fault.Of(err) != fault.Unauthorized {
				t.Errorf("on another edge, a second later: %v", err)
			}
			if err := here.Revoke(t.Context(), "none"); fault.Of(err) != fault.NotFound {
				t.Errorf("Revoke of no key: %v", err)
			}
			list, err := there.List(t.Context(), "demo")
			if err != nil || len(list) != 1 || list[0].Revoked.IsZero() {
				t.Errorf("List = %+v, %v", list, err)
			}
		})
	}
}

func TestList(t *testing.T) {
	for kind, config := range dbtest.Both() {
		t.Run(kind, func(t *testing.T) {
			keys := open(t, config(t))
			var want []string
			for _, cloud := range []string{"demo", "shop", "demo"} {
				s := spec()
				s.Cloud = cloud
				key, _ := create(t, keys, s)
				want = append(want, key.ID)
				time.Sleep(2 * time.Millisecond) // so that no two were created at one moment
			}
			all, err := keys.List(t.Context(), "")
			if err != nil || len(all) != 3 || all[0].ID != want[0] || all[1].ID != want[1] || all[2].ID != want[2] {
				t.Errorf("List = %+v, %v; want %q", all, err, want)
			}
			shop, err := keys.List(t.Context(), "shop")
			if err != nil || len(shop) != 1 || shop[0].ID != want[1] || shop[0].Comment != "shop" || shop[0].Rate.String() != "600/min" {
				t.Errorf("List(shop) = %+v, %v", shop, err)
			}
		})
	}
}

func TestSpecs(t *testing.T) {
	keys := open(t, dbtest.SQLite(t))
	tests := []struct {
		name   string
		change func(*apikey.Spec)
	}{
		{"no cloud", func(s *apikey.Spec) { s.Cloud = "" }},
		{"no scopes", func(s *apikey.Spec) { s.Scopes = nil }},
		{"two in one", func(s *apikey.Spec) { s.Scopes = []string{"store delete"} }},
		{"capitals", func(s *apikey.Spec) { s.Scopes = []string{"Store"} }},
		{"long comment", func(s *apikey.Spec) { s.Comment = strings.Repeat("c", 256) }},
		{"no text", func(s *apikey.Spec) { s.Comment = "\xff" }},
	}
	for _, tt := range tests {
		s := spec()
		tt.change(&s)
		if _, secret, err := keys.Create(t.Context(), s); fault.Of(err) != fault.Invalid || secret != "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	s := spec()
	s.Scopes = []string{apikey.Any}
	if key, _ := create(t, keys, s); !key.May("whatever") {
		t.Error("Any is not all")
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		text string
		want apikey.Rate
	}{
		{"10/s", apikey.Rate{Times: 10, Per: time.Second}},
		{"600/min", apikey.Rate{Times: 600, Per: time.Minute}},
		{"5000/h", apikey.Rate{Times: 5000, Per: time.Hour}},
		{"", apikey.Rate{}},
	}
	for _, tt := range tests {
		var r apikey.Rate
		if err := r.UnmarshalText([]byte(tt.text)); err != nil || r != tt.want || r.String() != tt.text {
			t.Errorf("%q is %+v, written %q (%v)", tt.text, r, r, err)
		}
	}
	for _, text := range []string{"10", "10/", "/s", "0/s", "-1/s", "1000001/s", "1.5/s", "10/day", "10/s/s", " 10/s"} {
		var r apikey.Rate
		if err := r.UnmarshalText([]byte(text)); fault.Of(err) != fault.Invalid {
			t.Errorf("%q is %+v, %v; want it refused", text, r, err)
		}
	}
}

// TestAllow has an hour between two turns, so that none comes while it runs.
func TestAllow(t *testing.T) {
	keys := open(t, dbtest.SQLite(t))
	key := apikey.Key{ID: "k", Spec: apikey.Spec{Rate: apikey.Rate{Times: 1, Per: time.Hour}}}
	if err := keys.Allow(key, "192.0.2.1"); err != nil {
		t.Errorf("the first: %v", err)
	}
	for range 3 { // what is refused does not make it worse
		err := keys.Allow(key, "192.0.2.1")
		if wait := fault.RetryAfter(err); fault.Of(err) != fault.TooMany || wait <= 50*time.Minute || wait > time.Hour {
			t.Errorf("the second: %v, again after %v", err, wait)
		}
	}
	if err := keys.Allow(key, "192.0.2.2"); err != nil {
		t.Errorf("another address: %v", err)
	}
	more := key
	more.ID = "other"
	if err := keys.Allow(more, "192.0.2.1"); err != nil {
		t.Errorf("another key: %v", err)
	}
	key.Rate = apikey.Rate{}
	for range 10 {
		if err := keys.Allow(key, "192.0.2.1"); err != nil {
			t.Errorf("no rate: %v", err)
		}
	}
}

func TestAllowAtOnce(t *testing.T) {
	keys := open(t, dbtest.SQLite(t))
	key := apikey.Key{ID: "k", Spec: apikey.Spec{Rate: apikey.Rate{Times: 50, Per: time.Hour}}}
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 25 {
				if keys.Allow(key, "192.0.2.1") == nil {
					allowed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := allowed.Load(); n != 50 {
		t.Errorf("%d of 200 were allowed, want 50", n)
	}
}

// TestDatabaseGone does not take a key that cannot be read for a wrong one.
func TestDatabaseGone(t *testing.T) {
	keys := open(t, dbtest.SQLite(t))
	_, secret := create(t, keys, spec())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keys.Authenticate(ctx, secret); err == nil || fault.Of(err) == fault.Unauthorized {
		t.Errorf("Authenticate = %v", err)
	}
}
