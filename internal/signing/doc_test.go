package signing_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pixedge/internal/signing"
)

func manual(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/signing.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The shell script in the manual makes a URL that verifies.
func TestShellScriptOfTheManual(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	_, rest, _ := strings.Cut(manual(t), "```sh\n")
	script, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the manual has no shell script")
	}
	v := mustNew(t, policy(signing.Key{ID: "key-1", Token: "secret-token"}), at(0))
	for _, path := range []string{"v2/demo/t.resize(w:320)/a.jpg", "v2/demo/original/my%20folder/%C3%BC.jpg", "v2/demo/original/my folder/ü.jpg"} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(script, "v2/demo/t.resize(w:320)/a.jpg", path)).Output()
		if err != nil {
			t.Fatal(err)
		}
		url := strings.TrimSpace(string(out))
		if !strings.HasPrefix(url, "http://127.0.0.1:8080/"+path+"?pbs=") {
			t.Errorf("the script prints %q", url)
		}
		if got := verify(t, v, url); got != "ok" {
			t.Errorf("%s: %s", url, got)
		}
	}
}

// The manual names the options that are free, and the messages of refusals.
func TestManualNamesWhatThereIs(t *testing.T) {
	names := slices.Concat(signing.DefaultFree(), []string{
		"signature missing", "malformed signature: …", "unknown key", "bad signature", "signature does not cover …", "signature expired",
	})
	text := manual(t)
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/signing.md does not name %q", name)
		}
	}
}
