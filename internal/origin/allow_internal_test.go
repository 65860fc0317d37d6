package origin

import "testing"

// TestHostRule covers the names that TestAllow cannot ask for, because there
// is nobody to resolve them.
func TestHostRule(t *testing.T) {
	tests := []struct {
		entry, host, port string
		want              bool
	}{
		{"example.com", "example.com", "443", true},
		{"example.com", "a.example.com", "443", false},
		{"*.example.com", "a.example.com", "80", true},
		{"*.example.com", "a.b.example.com", "443", true},
		{"*.Example.com", "a.example.com", "443", true},
		{"*.example.com", "a.example.com", "8080", false},
		{"*.example.com", "example.com", "443", false},
		{"*.example.com", "anexample.com", "443", false},
		{"*.example.com", "a-example.com", "443", false},
		{"*.example.com:8080", "a.example.com", "8080", true},
		{"*.example.com:8080", "a.example.com", "80", false},
		{"*", "a.example.com", "80", true},
		{"*", "2606:4700::1", "443", true},
		{"*", "a.example.com", "22", false},
	}
	for _, tt := range tests {
		rules, err := parseHosts([]string{tt.entry})
		if err != nil {
			t.Fatal(err)
		}
		if got := rules[0].allows(tt.host, tt.port); got != tt.want {
			t.Errorf("%s allows %s at port %s: %t, want %t", tt.entry, tt.host, tt.port, got, tt.want)
		}
	}
}
