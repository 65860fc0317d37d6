package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"pixedge/internal/config"
)

func TestSize(t *testing.T) {
	tests := []struct {
		text  string
		want  config.Size
		again string // "" for text that is no size
	}{
		{"0", 0, "0"},
		{"4096", 4096, "4KiB"},
		{"4097", 4097, "4097"},
		{"512MiB", 512 << 20, "512MiB"},
		{"512 MiB", 512 << 20, "512MiB"},
		{"2GB", 2e9, "1953125KiB"},
		{"2GiB", 2 << 30, "2GiB"},
		{"1.5KiB", 1536, "1536"},
		{"1kB", 1000, "1000"},
		{"1KB", 1000, "1000"},
		{"1MB", 1e6, "1000000"},
		{"7B", 7, "7"},
		{"", 0, ""},
		{"MiB", 0, ""},
		{"-1", 0, ""},
		{"-1MiB", 0, ""},
		{"1mib", 0, ""},
		{"1 2", 0, ""},
		{"1TB", 0, ""},
		{"NaN", 0, ""},
		{"Inf", 0, ""},
		{"1e300", 0, ""},
		{"9999999999GiB", 0, ""},
		{"many", 0, ""},
	}
	for _, tt := range tests {
		var got config.Size
		err := got.UnmarshalText([]byte(tt.text))
		if (err == nil) != (tt.again != "") || got != tt.want {
			t.Errorf("%q is %d, %v; want %d", tt.text, got, err, tt.want)
		}
		if err == nil && got.String() != tt.again {
			t.Errorf("%q is written %s, want %s", tt.text, got, tt.again)
		}
	}
}

func TestCount(t *testing.T) {
	tests := []struct {
		text  string
		want  config.Count
		again string // "" for text that is no count
	}{
		{"0", 0, "0"},
		{"300", 300, "300"},
		{"50M", 50e6, "50M"},
		{"1.5k", 1500, "1500"},
		{"2K", 2000, "2k"},
		{"1G", 1e9, "1G"},
		{"-1", 0, ""},
		{"50MB", 0, ""},
		{"", 0, ""},
		{"1e18", 0, ""},
	}
	for _, tt := range tests {
		var got config.Count
		err := got.UnmarshalText([]byte(tt.text))
		if (err == nil) != (tt.again != "") || got != tt.want {
			t.Errorf("%q is %d, %v; want %d", tt.text, got, err, tt.want)
		}
		if err == nil && got.String() != tt.again {
			t.Errorf("%q is written %s, want %s", tt.text, got, tt.again)
		}
	}
}

// FuzzSize holds what is written to what is read.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"512MiB", "1.5KiB", "0", "1e3", "0x10", "9007199254740991"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second config.Size
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || second != first || first < 0 {
			t.Errorf("%q is %d, written %s, read %d, %v", text, first, first, second, err)
		}
	})
}

// TestSecretIsNotPrinted prints a secret in every way there is.
func TestSecretIsNotPrinted(t *testing.T) {
	const text = "hunter2"
	key := config.Key{ID: "key-1", Token: config.NewSecret(text)}
	asYAML, err := yaml.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{string(asYAML), string(asJSON), key.Token.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, key), fmt.Sprintf(verb, &key), fmt.Sprintf(verb, key.Token), fmt.Sprintf(verb, &key.Token))
	}
	for _, p := range printed {
		if strings.Contains(p, text) || strings.Contains(p, fmt.Sprintf("%x", text)) {
			t.Errorf("the secret is in %s", p)
		}
	}
	if key.Token.Reveal() != text {
		t.Errorf("Reveal = %q, want %q", key.Token.Reveal(), text)
	}
	if !strings.Contains(string(asYAML), "(secret)") {
		t.Errorf("YAML is %s, want it to say that there is a secret", asYAML)
	}
	var none config.Secret
	if none.String() != "" || !none.IsZero() || key.Token.IsZero() {
		t.Error("no secret looks like one")
	}
}
