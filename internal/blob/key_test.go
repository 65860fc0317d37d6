package blob_test

import (
	"strings"
	"testing"

	"pixedge/internal/blob"
	"pixedge/internal/fault"
)

func TestValidKey(t *testing.T) {
	long := strings.Repeat("l", 255)
	tests := []struct {
		key   string
		valid bool
	}{
		{"a", true},
		{"a/b/c.jpg", true},
		{"a b%+&?#.jpg", true},
		{"日本語/é.jpg", true},
		{".hidden", true},
		{".../a..b", true},
		{long, true},
		{long + "/" + long + "/" + long + "/" + long + "/a", false}, // 1025 bytes
		{long + "/" + long + "/" + long + "/" + long, true},
		{long + "l", false},
		{"", false},
		{"/", false},
		{"/a", false},
		{"a/", false},
		{"a//b", false},
		{".", false},
		{"a/.", false},
		{"../a", false},
		{"a/../b", false},
		{`a\b`, false},
		{"a\x00", false},
		{"a\x1f", false},
		{"a\x7f", false},
		{"a\u0080", false},
		{"a\xff", false},
		{"\xc0\xae\xc0\xae/a", false}, // ".." in too many bytes
	}
	for _, tt := range tests {
		err := blob.ValidKey(tt.key)
		if (err == nil) != tt.valid {
			t.Errorf("ValidKey(%.40q) = %v, want valid %t", tt.key, err, tt.valid)
		}
		if err != nil && fault.Of(err) != fault.Invalid {
			t.Errorf("ValidKey(%.40q) is of kind %v, want invalid", tt.key, fault.Of(err))
		}
	}
}
