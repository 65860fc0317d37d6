package signing_test

import (
	"strings"
	"testing"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/signing"
)

func TestRequired(t *testing.T) {
	tests := []struct {
		required signing.Required
		file     string
		want     bool
	}{
		{signing.Required{}, "private/a.jpg", false},
		{signing.Required{All: true}, "a.jpg", true},
		{signing.Required{All: true}, "", true},
		{signing.Required{Prefixes: []string{"private/"}}, "private/a.jpg", true},
		{signing.Required{Prefixes: []string{"private/"}}, "private/a/b.jpg", true},
		{signing.Required{Prefixes: []string{"private/"}}, "private/", true},
		{signing.Required{Prefixes: []string{"private/"}}, "private", false},
		{signing.Required{Prefixes: []string{"private/"}}, "privateer/a.jpg", false},
		{signing.Required{Prefixes: []string{"private/"}}, "Private/a.jpg", false},
		{signing.Required{Prefixes: []string{"private/"}}, "public/private/a.jpg", false},
		{signing.Required{Prefixes: []string{"private/"}}, "/private/a.jpg", true},
		{signing.Required{Prefixes: []string{"private/"}}, "//private/a.jpg", true},
		{signing.Required{Prefixes: []string{"/private/"}}, "private/a.jpg", true},
		{signing.Required{Prefixes: []string{"private"}}, "private", true},
		{signing.Required{Prefixes: []string{"private"}}, "private/a.jpg", true},
		{signing.Required{Prefixes: []string{"private"}}, "privateer/a.jpg", false},
		{signing.Required{Prefixes: []string{"private"}}, "private.jpg", false},
		{signing.Required{Prefixes: []string{"a/b"}}, "a/b/c.jpg", true},
		{signing.Required{Prefixes: []string{"a/b"}}, "a/c/b.jpg", false},
		{signing.Required{Prefixes: []string{"x", "ünï/"}}, "ünï/a.jpg", true},
		{signing.Required{Prefixes: []string{"https://h/"}}, "https://h/a.jpg", true},
		{signing.Required{Prefixes: []string{""}}, "a.jpg", true},
		{signing.Required{Prefixes: []string{"/"}}, "a.jpg", true},
	}
	for _, tt := range tests {
		if got := tt.required.Covers(tt.file); got != tt.want {
			t.Errorf("%+v covers %q: %t, want %t", tt.required, tt.file, got, tt.want)
		}
		v := mustNew(t, signing.Policy{Required: tt.required}, at(expiry))
		if got := v.Required(tt.file); got != tt.want {
			t.Errorf("%+v requires a signature for %q: %t, want %t", tt.required, tt.file, got, tt.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		policy signing.Policy
		want   string
	}{
		{"empty id", policy(signing.Key{Token: "secret-a"}), "keys[0]: the id must have 1 to 128 bytes"},
		{"long id", policy(signing.Key{ID: strings.Repeat("k", 129), Token: "secret-a"}), "keys[0]: the id must have 1 to 128 bytes"},
		{"empty token", policy(signing.Key{ID: "a", Token: "secret-a"}, signing.Key{ID: "b"}), "keys[1]: the token is empty"},
		{"same id", policy(signing.Key{ID: "a", Token: "secret-a"}, signing.Key{ID: "b", Token: "secret-b"}, signing.Key{ID: "a", Token: "secret-c"}), "keys[2]: another key has the same id"},
		{"same token", policy(signing.Key{ID: "a", Token: "secret-a"}, signing.Key{ID: "b", Token: "secret-a"}), "keys[1]: another key has the same token"},
		{"negative skew", signing.Policy{Skew: -time.Second}, "skew: -1s is outside 0s..30s"},
		{"long skew", signing.Policy{Skew: time.Minute}, "skew: 1m0s is outside 0s..30s"},
	}
	for _, tt := range tests {
		_, err := signing.New(tt.policy, at(expiry))
		if fault.Of(err) != fault.Invalid || fault.Message(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A verifier does not change when its owner reuses the policy.
func TestNewCopiesThePolicy(t *testing.T) {
	p := policy(signing.Key{ID: "key-1", Token: "secret-token"})
	p.Required.Prefixes = []string{"private"}
	v := mustNew(t, p, at(expiry))
	p.Keys[0].ID, p.Free[2], p.Required.Prefixes[0] = "key-2", "w", "public"
	if got := verify(t, v, sign("secret-token", "key-1", "v2/demo/original/a.jpg?v=1", "v2/demo/original/a.jpg", "1795000000")); got != "ok" {
		t.Errorf("after a change of the policy: %s", got)
	}
	if v.Required("public") || !v.Required("private") {
		t.Error("the required paths have changed with the policy")
	}
}

func TestSignRefuses(t *testing.T) {
	tests := []struct {
		path, query, id string
		expires         int64
		want            string
	}{
		{"/v2/demo/original/a.jpg", "", "key-2", expiry, "unknown key"},
		{"v2/demo/original/a.jpg", "", "key-1", expiry, "not a path and a query"},
		{"", "", "key-1", expiry, "not a path and a query"},
		{"/v2/demo/original/a.jpg?v=1", "", "key-1", expiry, "not a path and a query"},
		{"/v2/demo/original/a.jpg#a", "", "key-1", expiry, "not a path and a query"},
		{"/v2/demo/original/a.jpg", "v=1#a", "key-1", expiry, "not a path and a query"},
		{"/v2/demo/original/a.jpg", "", "key-1", 0, "expiry 0 is not a Unix time of ten digits"},
		{"/v2/demo/original/a.jpg", "", "key-1", 999_999_999, "expiry 999999999 is not a Unix time of ten digits"},
		{"/v2/demo/original/a.jpg", "", "key-1", -179_500_000, "expiry -179500000 is not a Unix time of ten digits"},
		{"/v2/demo/original/a.jpg", "", "key-1", 10_000_000_000, "expiry 10000000000 is not a Unix time of ten digits"},
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(expiry))
	for _, tt := range tests {
		pbs, err := v.Sign(tt.path, tt.query, tt.id, tt.expires)
		if pbs != "" || fault.Of(err) != fault.Invalid || fault.Message(err) != tt.want {
			t.Errorf("%+v: %q, %v", tt, pbs, err)
		}
	}
}
