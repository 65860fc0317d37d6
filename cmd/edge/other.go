package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/valyala/fasthttp"

	"pixedge/internal/config"
	"pixedge/internal/transform/vips"
)

type healthCmd struct{}

// Run asks the edge that listens where these settings say. A container's health
// check needs no other program.
func (healthCmd) Run(p *program) error {
	status, _, err := fasthttp.GetTimeout(nil, "http://"+p.settings.local()+"/health", 3*time.Second)
	if err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	if status != fasthttp.StatusOK {
		return fmt.Errorf("not healthy: status %d", status)
	}
	fmt.Fprintln(p.stdout, "healthy")
	return nil
}

type confCmd struct {
	Check confCheckCmd `cmd:"" help:"Say whether the settings are good, without serving."`
	Print confPrintCmd `cmd:"" help:"Print the settings that are in force, without secrets."`
}

type confCheckCmd struct{}

// Run builds everything that serving would but libraries, which it looks at.
func (confCheckCmd) Run(p *program) error {
	e, err := build(p.ctx, p.settings, p.clouds, nil)
	if err != nil {
		return err
	}
	e.close()
	if err := checkLibraries(p.ctx, p.settings, p.clouds); err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	fmt.Fprintf(p.stdout, "good: %d clouds\n", len(p.clouds))
	return nil
}

type confPrintCmd struct{}

// Run prints a file that edge.yaml could be.
func (confPrintCmd) Run(p *program) error {
	var out yaml.MapSlice
	for _, f := range p.app.Flags {
		if key, ok := config.KeyOf(f); ok {
			out = append(out, yaml.MapItem{Key: key, Value: f.Target.Interface()})
		}
	}
	out = append(out, yaml.MapItem{Key: "clouds", Value: p.clouds})
	text, err := yaml.Marshal(out)
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(text)
	return err
}

type versionCmd struct{}

// Run prints what a bug report needs.
func (versionCmd) Run(p *program) error {
	version := "development"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	fmt.Fprintf(p.stdout, "edge %s\nlibvips %s\n%s %s/%s\n", version, vips.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
