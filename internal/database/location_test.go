package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pixedge/internal/database"
)

// TestPrinted looks for the password, whose text is geheim, in what is printed.
func TestPrinted(t *testing.T) {
	tests := []struct{ location, want string }{
		{"data/edge.db", "data/edge.db"},
		{"postgres://edge@host/db", "postgres://edge@host/db"},
		{"postgres://edge:geheim@host:5432/db", "postgres://edge:xxxxx@host:5432/db"},
		{"postgresql://edge:geheim@host/db?sslmode=require", "postgresql://edge:xxxxx@host/db?sslmode=require"},
		{"postgres://edge@host/db?password=geheim&sslmode=require", "postgres://edge@host/db?password=xxxxx&sslmode=require"},
		{"postgres://edge@host/db?passw%6frd=geheim", "postgres://edge@host/db?password=xxxxx"},
		{"postgres://edge@host/db?sslpassword=geheim", "postgres://edge@host/db?sslpassword=xxxxx"},
		{"postgres://edge@host/db?password=geheim;x", "postgres://edge@host/db"},
		{"postgres://edge:%zzgeheim@host/db", "postgres://xxxxx"},
		{"postgres://edge:geheim@host:port/db", "postgres://xxxxx"},
	}
	for _, tt := range tests {
		l := database.Location(tt.location)
		if got := l.String(); got != tt.want {
			t.Errorf("%s is printed %s, want %s", tt.location, got, tt.want)
		}
		if text, err := yaml.Marshal(struct{ Database database.Location }{l}); err != nil || strings.Contains(string(text), "geheim") {
			t.Errorf("%s is written %s (%v)", tt.location, text, err)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	tests := []struct{ location, want string }{
		{filepath.Join(dir, "new.db"), ""},
		{write("empty.db", ""), ""},
		{write("good.db", "SQLite format 3\x00 and more"), ""},
		{write("bad.db", "SQLite format 2\x00 and more"), "is no database of SQLite"},
		{write("short.db", "SQLite"), "is no database of SQLite"},
		{dir, "is a directory"},
		{filepath.Join(dir, "empty.db", "x.db"), "not a directory"},
		{"postgres://edge:geheim@host/db", ""},
		{"postgres://edge:xxxxx@host/db", "stands where a password was printed"},
		{"postgres://edge@host/db?password=xxxxx", "stands where a password was printed"},
		{"postgres://edge:%zzgeheim@host/db", "cannot parse"},
		{"postgres://edge:geheim@host:port/db", "cannot parse"},
		{"postgres://edge@host:port/db?password=geheim", "cannot parse"},
		{"postgres://edge@host/db?password=geheim&connect_timeout=x", "cannot parse"},
	}
	for _, tt := range tests {
		err := database.Config{Database: database.Location(tt.location)}.Check()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.location, err)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "database: ") || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want an error that names the setting, with %q", tt.location, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "geheim"):
			t.Errorf("the password is shown: %v", err)
		}
	}
}
