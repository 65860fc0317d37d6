package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"pixedge/internal/apikey"
	"pixedge/internal/config"
	"pixedge/internal/fault"
	"pixedge/internal/pixlab"
)

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make a key, and print its secret, this once."`
	List   keyListCmd   `cmd:"" help:"List the keys, with those that were revoked."`
	Revoke keyRevokeCmd `cmd:"" help:"Make a key useless, on every edge within a second."`
}

// A cloudFlag says whose library or keys a command is about.
type cloudFlag struct {
	Cloud string `help:"The cloud. May be left out where only one has a library."`
}

// pick returns the cloud of the flag, or the only one that has a library.
func (c cloudFlag) pick(clouds []config.Cloud) (config.Cloud, error) {
	having, err := withLibrary(clouds)
	if err != nil {
		return config.Cloud{}, err
	}
	var names []string
	for _, conf := range having {
		if conf.Name == c.Cloud || c.Cloud == "" && len(having) == 1 {
			return conf, nil
		}
		names = append(names, conf.Name)
	}
	if c.Cloud == "" {
		return config.Cloud{}, fmt.Errorf("--cloud: is missing, and %s have a library: %w", strings.Join(names, ", "), errUsage)
	}
	return config.Cloud{}, fmt.Errorf("--cloud: no cloud %q has a library; there are %s: %w", c.Cloud, strings.Join(names, ", "), errUsage)
}

// withKeys gives f the keys in the database. No store is opened: a key can be revoked
// whatever has become of the bytes.
func withKeys(p *program, f func(*apikey.Keys) error) error {
	if _, err := withLibrary(p.clouds); err != nil {
		return err
	}
	db, err := openDatabase(p.ctx, &p.settings.Storage)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what was written is committed
	keys, err := apikey.New(db)
	if err != nil {
		return err
	}
	return f(keys)
}

type keyCreateCmd struct {
	cloudFlag

	Scopes  []string    `required:"" placeholder:"NAME" help:"Endpoints of the API that the key is for, such as store,delete,crop; *: all."`
	Rate    apikey.Rate `default:"600/min" help:"Most requests of one client, per s, min or h; empty: no limit."`
	Comment string      `help:"What the key is for, to be told from others."`
}

// Run prints the secret alone on stdout, so that scripts can keep it.
func (c keyCreateCmd) Run(p *program) error {
	cloud, err := c.pick(p.clouds)
	if err != nil {
		return err
	}
	if err := checkScopes(c.Scopes); err != nil {
		return err
	}
	return withKeys(p, func(keys *apikey.Keys) error {
		key, secret, err := keys.Create(p.ctx, apikey.Spec{Cloud: cloud.Name, Scopes: c.Scopes, Rate: c.Rate, Comment: c.Comment})
		if fault.Of(err) == fault.Invalid {
			return fmt.Errorf("--%w: %w", err, errUsage)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, secret)
		fmt.Fprintf(p.stderr, "This is the secret of the key %s, and is not shown again.\n", key.ID)
		return nil
	})
}

// checkScopes returns an error unless each scope is an endpoint, or all are meant.
func checkScopes(scopes []string) error {
	names := pixlab.Scopes()
	for _, scope := range scopes {
		if scope != apikey.Any && !slices.Contains(names, scope) {
			return fmt.Errorf("--scopes: there is no endpoint %q; there are %s, and * for all: %w", scope, strings.Join(names, ", "), errUsage)
		}
	}
	return nil
}

type keyListCmd struct {
	Cloud string `help:"The cloud. Default: all."`
}

// Run prints a line for each key, the oldest first.
func (c keyListCmd) Run(p *program) error {
	if c.Cloud != "" {
		if _, err := cloudFlag(c).pick(p.clouds); err != nil {
			return err
		}
	}
	return withKeys(p, func(keys *apikey.Keys) error {
		list, err := keys.List(p.ctx, c.Cloud)
		if err != nil {
			return err
		}
		return printKeys(p.stdout, list)
	})
}

func printKeys(w io.Writer, list []apikey.Key) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tCLOUD\tSCOPES\tRATE\tCREATED\tREVOKED\tCOMMENT")
	for _, k := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%q\n",
			k.ID, k.Cloud, strings.Join(k.Scopes, ","), orDash(k.Rate.String()), minute(k.Created), minute(k.Revoked), k.Comment)
	}
	return table.Flush()
}

// minute writes a moment for tables.
func minute(t time.Time) string {
	if t.IsZero() {
		return orDash("")
	}
	return t.UTC().Format("2006-01-02T15:04Z")
}

// orDash writes text that may be missing for tables.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

type keyRevokeCmd struct {
	ID string `arg:"" help:"The key's id, as key list has it."`
}

// Run revokes the key.
func (c keyRevokeCmd) Run(p *program) error {
	return withKeys(p, func(keys *apikey.Keys) error { return keys.Revoke(p.ctx, c.ID) })
}
