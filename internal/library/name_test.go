package library_test

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/library"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, want string }{
		{"plain-name_1.(2)", "plain-name_1.(2)"},
		{"my photo", "my_photo"},
		{"größe 日本語 кириллица ٣", "größe_日本語_кириллица_٣"},
		{"e\u0301te\u0301", "\u00e9t\u00e9"},
		{"हिन्दी", "हिन्दी"},
		{"a/b\\c", "a_b_c"},
		{"../../etc/passwd", ".._.._etc_passwd"},
		{"..", "__"},
		{".", "_"},
		{"", ""},
		{"what?#~%&=+*:;,'\"<>|!@$^`{}[]", "what" + strings.Repeat("_", 25)},
		{"a\x00b\nc\xffd\u200be\U0001f600", "a_b_c_d_e_"},
		{strings.Repeat("é", 300), strings.Repeat("é", 255)},
	}
	for _, tt := range tests {
		if got := library.Clean(tt.name); got != tt.want {
			t.Errorf("Clean(%q) = %q, want %q", tt.name, got, tt.want)
		}
		if again := library.Clean(tt.want); again != tt.want {
			t.Errorf("Clean(%q) = %q: what is clean changes", tt.want, again)
		}
	}
}

func TestCleanFolder(t *testing.T) {
	tests := []struct{ folder, want string }{
		{"", ""}, {"/", ""}, {"a/b", "a/b"}, {"//a b//c/", "a_b/c"}, {"../a/./b", "__/a/_/b"},
	}
	for _, tt := range tests {
		if got, err := library.CleanFolder(tt.folder); got != tt.want || err != nil {
			t.Errorf("CleanFolder(%q) = %q, %v; want %q", tt.folder, got, err, tt.want)
		}
	}
	if _, err := library.CleanFolder(strings.Repeat("a/", 33)); fault.Of(err) != fault.Invalid {
		t.Errorf("33 folders in each other: %v", err)
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ name, path string }{
		{"a", "a.jpeg"},
		{"a.jpg", "a.jpeg"},
		{"a.JPEG", "a.jpeg"},
		{"a.png", "a.jpeg"},
		{"v1.2", "v1.2.jpeg"},
		{"a.tar.gz", "a.tar.gz.jpeg"},
		{".jpg", ".jpg.jpeg"},
		{"..", "__.jpeg"},
		{strings.Repeat("l", 300), strings.Repeat("l", 250) + ".jpeg"},
	}
	for kind, open := range both(library.Rules{}) {
		t.Run(kind, func(t *testing.T) {
			e := open(t)
			for _, tt := range tests {
				if a := e.put(t, library.Upload{Name: tt.name, Overwrite: true}, picture("")); a.Path != tt.path {
					t.Errorf("%q is kept at %q, want %q", tt.name, a.Path, tt.path)
				}
			}
		})
	}
}
