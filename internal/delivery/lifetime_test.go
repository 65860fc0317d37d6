package delivery_test

import (
	"strconv"
	"strings"
	"testing"

	"pixedge/internal/delivery"
)

func TestLifetime(t *testing.T) {
	tests := []struct {
		text string
		left int64
		want string
	}{
		{"public, max-age=31536000", 60, "public, max-age=60"},
		{"public, max-age=31536000", 31536001, "public, max-age=31536000"},
		{"public, max-age=31536000", 0, "public, max-age=0"},
		{"public, max-age=31536000", -5, "public, max-age=0"},
		{"public,max-age=100,s-maxage=1000", 300, "public, max-age=100, s-maxage=300"},
		{"max-age=100, stale-while-revalidate=86400, stale-if-error=5", 60, "max-age=60"},
		{"public, max-age=100, immutable", 60, "public, max-age=60"},
		{"Public, Max-Age=100, IMMUTABLE, Stale-If-Error=9", 60, "Public, max-age=60"},
		{"public, no-transform", 60, "public, no-transform, max-age=60"},
		{"s-maxage=100", 60, "s-maxage=60, max-age=60"},
		{"immutable", 60, "max-age=60"},
		{"", 60, "max-age=60"},
		{", ,", 60, "max-age=60"},
		{"no-store", 60, "no-store"},
		{"private, no-cache", 60, "private, no-cache, max-age=60"},
		{`max-age="100"`, 60, "max-age=60"},
		{"max-age = 100", 60, "max-age=60"},
		{"max-age=99999999999999999999", 60, "max-age=60"},
		{"max-age=-1", 60, "max-age=0"},
		{"max-age=soon", 60, "max-age=0"},
		{"max-age", 60, "max-age=0"},
		{"max-age=10, max-age=1000", 60, "max-age=10, max-age=60"},
		{"community=\"UCI\", max-age=5", 60, "community=\"UCI\", max-age=5"},
	}
	for _, tt := range tests {
		l := delivery.ParseLifetime(tt.text)
		if got := string(l.AppendAtMost(nil, tt.left)); got != tt.want {
			t.Errorf("%q with %d seconds left is %q, want %q", tt.text, tt.left, got, tt.want)
		}
		if got := string(l.Append(nil)); got != tt.text {
			t.Errorf("Append of %q adds %q", tt.text, got)
		}
	}
}

func TestLifetimeAppends(t *testing.T) {
	l := delivery.ParseLifetime("public, max-age=100")
	if got := string(l.AppendAtMost([]byte("Cache-Control: "), 7)); got != "Cache-Control: public, max-age=7" {
		t.Errorf("AppendAtMost = %q", got)
	}
}

// FuzzLifetime holds every value to the time that is left, as a cache would
// read it.
func FuzzLifetime(f *testing.F) {
	f.Add("public, max-age=31536000, s-maxage=5, immutable", int64(60))
	f.Add("Max-Age=\"9\",stale-if-error=1", int64(-1))
	f.Add("max-age==1,,=", int64(1)<<62)
	f.Fuzz(func(t *testing.T, text string, left int64) {
		value := string(delivery.ParseLifetime(text).AppendAtMost(nil, left))
		fresh := false
		for part := range strings.SplitSeq(value, ",") {
			name, number, _ := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "=")
			switch {
			case name == "no-store":
				fresh = true
			case name == "max-age" || name == "s-maxage":
				seconds, err := strconv.ParseInt(number, 10, 64)
				if err != nil || seconds > max(left, 0) {
					t.Errorf("%q with %d seconds left is %q", text, left, value)
				}
				fresh = fresh || name == "max-age"
			case name == "immutable" || strings.HasPrefix(name, "stale-"):
				t.Errorf("%q with %d seconds left is %q", text, left, value)
			}
		}
		if !fresh {
			t.Errorf("%q with %d seconds left is %q, which names no time", text, left, value)
		}
	})
}
