package delivery_test

import (
	"strings"
	"testing"

	"pixedge/internal/cache"
	"pixedge/internal/fault"
)

// TestCachedPrivatePicture has a signed request fill the cache, and then
// everybody else ask for the same picture.
func TestCachedPrivatePicture(t *testing.T) {
	e := newEdge(t)
	const uri = "/v2/vault/t.flip()/a.jpg"
	signed := e.sign(t, uri, 60)
	if a := e.want(t, signed, "t.flip() of"); a.Route.Grant.KeyID != "key-vault" || a.Route.Grant.Expires != start+60 {
		t.Errorf("grant = %+v", a.Route.Grant)
	}
	if a := e.want(t, signed, "t.flip() of"); a.Outcome != cache.Hit {
		t.Errorf("the second answer is a %v", a.Outcome)
	}
	_, signature, _ := strings.Cut(signed, "?")
	elsewhere := e.sign(t, "/v2/vault/t.flop()/a.jpg", 60)
	_, foreign, _ := strings.Cut(elsewhere, "?")
	_, stranger, _ := strings.Cut(e.sign(t, "/v2/demo/t.flip()/a.jpg", 60), "?")
	for _, refused := range []string{
		uri,
		uri + "?",
		uri + "?dpr=1",
		uri + "?" + foreign,
		uri + "?" + stranger,
		uri + "?" + signature[:len(signature)-1],
		uri + "?" + strings.Replace(signature, "pbe=18", "pbe=19", 1),
		uri + "?" + strings.Replace(signature, "pbs=", "pbs=0", 1),
		uri + "?" + strings.Replace(signature, "pbt=key", "pbt=kex", 1),
		signed + "&dpr=1",
		signed + "&f_auto=true",
		signed + "&anything=1",
		strings.Replace(signed, "/v2/vault", "/v1/vault", 1),
		e.sign(t, uri, -1),
	} {
		e.refuse(t, refused, fault.Unauthorized)
	}
	e.want(t, signed, "t.flip() of")
	e.want(t, e.sign(t, uri, 120), "t.flip() of")
	e.counts(t, 1, 1) // another signature is no other picture
}

// TestRememberedSignatureExpires asks again and again for a URL that is
// remembered, until its second has come.
func TestRememberedSignatureExpires(t *testing.T) {
	e := newEdge(t)
	signed := e.sign(t, "/v2/vault/t.flip()/a.jpg", 10)
	for range 11 {
		e.want(t, signed, "t.flip() of")
		e.now.Add(1)
	}
	e.refuse(t, signed, fault.Unauthorized)
	e.now.Add(-1)
	e.want(t, signed, "t.flip() of")
	e.counts(t, 1, 1)
}

func TestRequiredPrefix(t *testing.T) {
	e := newEdge(t)
	e.want(t, "/v2/partly/original/a.jpg", jpeg)
	const uri = "/v2/partly/original/private/a.jpg"
	e.want(t, e.sign(t, uri, 60), jpeg)
	for _, refused := range []string{
		uri,
		"/partly/original/private/a.jpg",
		"/v1/partly/t.flip()/private/a.jpg",
		"/v2/partly/original/%70rivate/a.jpg",
		"/v2/partly/original/private%2Fa.jpg",
		"/v2/partly/wrkr/original/private/a.jpg",
		"/v2/partly/original/./private/a.jpg",
		"/v2/partly/original//private/a.jpg",
	} {
		if a, err := e.get(refused); err == nil {
			t.Errorf("%s gives %q", refused, a.Picture.Data)
		}
	}
}

// TestSignedWhereNotRequired refuses a bad signature although none was asked
// for: its maker meant the URL to end.
func TestSignedWhereNotRequired(t *testing.T) {
	e := newEdge(t)
	e.want(t, e.sign(t, "/v2/demo/original/a.jpg", 60), jpeg)
	e.refuse(t, e.sign(t, "/v2/demo/original/a.jpg", -60), fault.Unauthorized)
	e.refuse(t, "/v2/demo/original/a.jpg?pbs=&pbe=&pbt=", fault.Unauthorized)
}

// TestSignedForms signs URLs of every form and asks for them.
func TestSignedForms(t *testing.T) {
	e := newEdge(t)
	for _, uri := range []string{
		"/v2/vault/original/a.jpg",
		"/vault/original/a.jpg",
		"/v2/vault/original/b%20c.jpg",
		"/v2/vault/t.resize(w:10)~t.flip()/a.jpg?dpr=2",
		"/v2/vault/t.flip()/a.jpg?f_auto=true&download",
		"/v2/vault/wrkr/t.flip()/a.jpg",
		"/v2/vault/original/a.jpg?v=7",
	} {
		signed := e.sign(t, uri, 60)
		e.want(t, signed, "")
		e.refuse(t, uri, fault.Unauthorized)
		if _, err := e.Sign("", signed, "", start+60); fault.Of(err) != fault.Invalid {
			t.Errorf("signing %s twice: %v, want Invalid", uri, err)
		}
	}
}

// TestSignedOnCustomDomain signs with the host that is asked.
func TestSignedOnCustomDomain(t *testing.T) {
	e := newEdge(t)
	signed, err := e.Sign("img.example.com", "/v2/t.flip()/a.jpg", "", start+60)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ask("img.example.com", signed, ""); err != nil {
		t.Errorf("%s: %v", signed, err)
	}
	if _, err := e.ask("img.example.com", strings.Replace(signed, "flip", "flop", 1), ""); fault.Of(err) != fault.Unauthorized {
		t.Errorf("another picture with that signature: %v, want Unauthorized", err)
	}
}

func TestSignErrors(t *testing.T) {
	e := newEdge(t)
	for _, tt := range []struct {
		uri, key string
		expires  int64
		want     fault.Kind
	}{
		{"/v2/vault/original/a.jpg", "no-key", start, fault.Invalid},
		{"/v2/vault/original/a.jpg", "", 5, fault.Invalid},
		{"/v2/nobody/original/a.jpg", "", start, fault.NotFound},
		{"nonsense", "", start, fault.Invalid},
	} {
		if signed, err := e.Sign("", tt.uri, tt.key, tt.expires); signed != "" || fault.Of(err) != tt.want {
			t.Errorf("Sign(%q, %q, %d) = %q, %v; want %v", tt.uri, tt.key, tt.expires, signed, err, tt.want)
		}
	}
}

func TestChecks(t *testing.T) {
	e := newEdge(t)
	const uri = "/v2/vault/original/a.jpg"
	failed := func(uri string) string {
		t.Helper()
		checks, err := e.Checks("", uri)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if strings.Contains(c.Text, "token of") {
				t.Errorf("%s: %s shows the token: %s", uri, c.Name, c.Text)
			}
			if !c.OK {
				return c.Name
			}
		}
		return ""
	}
	for _, tt := range []struct{ uri, want string }{
		{e.sign(t, uri, 60), ""},
		{e.sign(t, uri, -60), "expiry"},
		{strings.Replace(e.sign(t, uri, 60), "a.jpg", "b.jpg", 1), "signature"},
		{uri, "pbs"},
		{"/v2/partly/original/private/a.jpg", "pbs"},
		{"/v2/partly/wrkr/original/private/a.jpg", "pbs"},
	} {
		if got := failed(tt.uri); got != tt.want {
			t.Errorf("%s fails at %q, want %q", tt.uri, got, tt.want)
		}
	}
	for open, want := range map[string]fault.Kind{
		"/v2/demo/original/a.jpg":            fault.Invalid, // as it needs no signature
		"/v2/partly/wrkr/original/a.jpg":     fault.Invalid,
		"/v2/vault/wrkr/a.jpg":               fault.Invalid,
		"/v2/vault/zone99/original/a.jpg":    fault.NotFound,
		"/v2/demo/zone01/wrkr/private/a.jpg": fault.Invalid,
	} {
		if _, err := e.Checks("", open); fault.Of(err) != want {
			t.Errorf("Checks(%q): %v, want %v", open, err, want)
		}
	}
}
