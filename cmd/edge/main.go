// Edge serves pictures that look as their URLs say.
//
// edge --help lists the commands, edge serve starts the server; without any
// settings it serves a demo on 127.0.0.1:8080.
//
// The exit code is 0, 1 for a failure, and 2 for a wrong use or a wrong setting.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"pixedge/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the second one ends the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

// commands are what edge can be told to do.
type commands struct {
	Config configPath `short:"c" placeholder:"FILE" help:"Settings file. Default: edge.yaml in the working folder, if it is there."`
	settings

	Serve   serveCmd   `cmd:"" help:"Serve pictures. Without settings, a demo."`
	Sign    signCmd    `cmd:"" help:"Sign a URL with a key of its cloud."`
	Verify  verifyCmd  `cmd:"" help:"Check the signature of a URL."`
	Explain explainCmd `cmd:"" help:"Say what a URL comes to, as JSON."`
	Key     keyCmd     `cmd:"" help:"Make, list and revoke keys to the API."`
	Assets  assetsCmd  `cmd:"" help:"List, add, read and delete what is in a library."`
	Health  healthCmd  `cmd:"" help:"Ask a running edge whether it is well."`
	Conf    confCmd    `cmd:"" name:"config" help:"Check or print the settings."`
	Version versionCmd `cmd:"" help:"Print the versions of edge and its parts."`
	Worker  workerCmd  `cmd:"" hidden:"" help:"Render pictures for the edge that starts it."`
}

// configPath is the --config flag. It is read before kong runs, because what it
// names are kong's defaults; see configFlag.
type configPath string

// A program is what a command gets.
type program struct {
	ctx            context.Context //nolint:containedctx // a command is a call, and this its context
	stdout, stderr io.Writer
	settings       *settings
	clouds         []config.Cloud
	app            *kong.Application
}

// errUsage marks errors of the caller, which end with exit code 2.
var errUsage = errors.New("usage")

// run is main without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cmds commands
	file, err := readConfig(args)
	if err != nil {
		fmt.Fprintln(stderr, "edge:", err)
		return exitUsage
	}
	parser, err := newParser(&cmds, file, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "edge:", err)
		return exitFailure
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "edge:", err)
		return exitUsage
	}
	clouds, err := file.Clouds()
	if err == nil {
		err = cmds.check()
	}
	if err != nil {
		fmt.Fprintln(stderr, "edge:", err)
		return exitUsage
	}
	err = parsed.Run(&program{ctx: ctx, stdout: stdout, stderr: stderr, settings: &cmds.settings, clouds: clouds, app: parser.Model})
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "edge:", strings.TrimSuffix(err.Error(), ": "+errUsage.Error()))
		return exitUsage
	}
	fmt.Fprintln(stderr, "edge:", err)
	return exitFailure
}

func newParser(cmds *commands, file config.File, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(
		cmds,
		kong.Name("edge"),
		kong.Description("A self-hosted image CDN edge: the URL says how a picture should look."),
		kong.Writers(stdout, stderr),
		kong.DefaultEnvars("EDGE"),
		kong.Resolvers(file),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// readConfig reads the settings file that args, the environment or habit names.
func readConfig(args []string) (config.File, error) {
	path, named := configFlag(args)
	if !named {
		path, _ = os.LookupEnv("EDGE_CONFIG")
		named = path != ""
	}
	if named {
		return config.Read(path)
	}
	const habit = "edge.yaml"
	if _, err := os.Stat(habit); err != nil {
		return config.File{}, nil
	}
	return config.Read(habit)
}

// configFlag finds --config in args.
func configFlag(args []string) (path string, ok bool) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		for _, name := range []string{"--config", "-c"} {
			if rest, found := strings.CutPrefix(arg, name+"="); found {
				return rest, true
			}
			if arg == name && i+1 < len(args) {
				return args[i+1], true
			}
		}
	}
	return "", false
}
