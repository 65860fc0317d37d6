package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"pixedge/internal/fault"
)

type signCmd struct {
	URL     string        `arg:"" help:"The URL, or its path."`
	Expires time.Duration `default:"1h" help:"How long the signature is good for."`
	Key     string        `help:"Id of the key. Default: the cloud's first."`
}

// Run prints the URL with its signature.
func (c signCmd) Run(p *program) error {
	return withURL(p, c.URL, func(e *edge, base, host, uri string) error {
		signed, err := e.service.Sign(host, uri, c.Key, time.Now().Add(c.Expires).Unix())
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, base+signed)
		return nil
	})
}

type verifyCmd struct {
	URL string `arg:"" help:"The signed URL."`
	Why bool   `help:"Say which checks were made and what each found."`
}

// Run says whether the signature holds, and fails if not.
func (c verifyCmd) Run(p *program) error {
	return withURL(p, c.URL, func(e *edge, _, host, uri string) error {
		checks, err := e.service.Checks(host, uri)
		if err != nil {
			return err
		}
		good := true
		for _, check := range checks {
			good = good && check.OK
			if c.Why {
				fmt.Fprintf(p.stdout, "%-4s %s: %s\n", map[bool]string{true: "ok", false: "FAIL"}[check.OK], check.Name, check.Text)
			}
		}
		if !good {
			return fault.Errorf(fault.Unauthorized, "the signature is not valid")
		}
		fmt.Fprintln(p.stdout, "valid")
		return nil
	})
}

type explainCmd struct {
	URL string `arg:"" help:"The URL, or its path."`
}

// Run prints what the URL comes to.
func (c explainCmd) Run(p *program) error {
	return withURL(p, c.URL, func(e *edge, _, host, uri string) error {
		explanation, err := e.service.Explain(host, uri)
		if err != nil {
			return err
		}
		out := json.NewEncoder(p.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(explanation)
	})
}

// withURL builds an edge that does not serve and gives f the parts of a URL:
// what stands before the path, the host and what follows.
func withURL(p *program, text string, f func(e *edge, base, host, uri string) error) error {
	base, host, uri, err := splitURL(text, p.settings.public())
	if err != nil {
		return err
	}
	e, err := build(p.ctx, p.settings, p.clouds, nil)
	if err != nil {
		return err
	}
	defer e.close()
	return f(e, base, host, uri)
}

// splitURL takes a URL apart without changing a byte of its path and query.
func splitURL(text, public string) (base, host, uri string, err error) {
	if strings.HasPrefix(text, "/") {
		text = public + text
	}
	scheme, rest, ok := strings.Cut(text, "://")
	slash := strings.IndexByte(rest, '/')
	if !ok || slash <= 0 {
		return "", "", "", fmt.Errorf("%q is neither a URL nor a path: %w", text, errUsage)
	}
	host = rest[:slash]
	uri, _, _ = strings.Cut(rest[slash:], "#")
	return scheme + "://" + host, host, escapeTyped(uri), nil
}

// escapeTyped escapes what people type into URLs and HTTP clients escape before
// they send: spaces and letters beyond ASCII.
func escapeTyped(uri string) string {
	var b strings.Builder
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7f {
			b.WriteString(strings.ReplaceAll(url.QueryEscape(string([]byte{c})), "+", "%20"))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
