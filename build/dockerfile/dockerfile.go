// Package dockerfile holds the Dockerfile to what docs/docker.md promises of
// the image, by reading it with BuildKit's own parser.
//
// [Check] is all there is. It builds nothing, needs no engine and asks no
// registry; scripts/docker-proof is what really builds the image and runs it.
// The package is a module of its own so that BuildKit is no dependency of edge.
package dockerfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Check reads Dockerfile and .dockerignore in context, which is the folder that
// the image is built from, and returns all that is wrong with them, a line each.
func Check(context fs.FS) error {
	stages, err := parse(context)
	if err != nil {
		return err
	}
	ignored, err := ignore(context)
	if err != nil {
		return err
	}
	c := checker{context: context, ignored: ignored}
	for i, stage := range stages {
		c.stage(stage, stages[:i])
	}
	c.image(stages[len(stages)-1])
	return errors.Join(c.found...)
}

// parse returns the stages of the Dockerfile, of which there is at least one. A
// warning of the parser or the linter is an error.
func parse(context fs.FS) ([]instructions.Stage, error) {
	src, err := fs.ReadFile(context, "Dockerfile")
	if err != nil {
		return nil, err
	}
	file, err := parser.Parse(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	var found []error
	for _, w := range file.Warnings {
		found = append(found, errors.New(w.Short))
	}
	stages, _, err := instructions.Parse(file.AST, linter.New(&linter.Config{
		Warn: func(rule, _, _, text string, _ []parser.Range) {
			found = append(found, fmt.Errorf("%s: %s", rule, text))
		},
	}))
	if err == nil && len(stages) == 0 {
		err = errors.New("no stage")
	}
	return stages, errors.Join(append(found, err)...)
}

// ignore returns what .dockerignore keeps out of the context.
func ignore(context fs.FS) (*patternmatcher.PatternMatcher, error) {
	src, err := fs.ReadFile(context, ".dockerignore")
	if err != nil {
		return nil, err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	return patternmatcher.New(patterns)
}

// A checker gathers what is wrong.
type checker struct {
	context fs.FS
	ignored *patternmatcher.PatternMatcher
	found   []error
}

func (c *checker) need(ok bool, format string, args ...any) {
	if !ok {
		c.found = append(c.found, fmt.Errorf(format, args...))
	}
}

// stage checks what every stage must keep to; earlier are those before it.
func (c *checker) stage(s instructions.Stage, earlier []instructions.Stage) {
	_, known := instructions.HasStage(earlier, s.BaseName)
	_, tag, tagged := strings.Cut(s.BaseName, ":")
	c.need(known || tagged && tag != "latest", "FROM %s: want a tag, and not latest", s.BaseName)
	for _, command := range s.Commands {
		switch command := command.(type) {
		case *instructions.CopyCommand:
			c.copy(command, earlier)
		case *instructions.RunCommand:
			c.need(len(command.FlagsUsed) == 0, "%s: only BuildKit knows the option", command)
		}
	}
}

// copy checks that what is copied is there.
func (c *checker) copy(command *instructions.CopyCommand, earlier []instructions.Stage) {
	if command.From != "" {
		_, known := instructions.HasStage(earlier, command.From)
		c.need(known, "%s: no stage before it has this name", command)
		return
	}
	for _, path := range command.SourcePaths {
		_, err := fs.Stat(c.context, path)
		c.need(err == nil, "%s: %s is not there", command, path)
		ignored, err := c.ignored.MatchesOrParentMatches(path)
		c.need(err == nil && !ignored, "%s: .dockerignore leaves out %s", command, path)
	}
}

// image checks the stage that becomes the image.
func (c *checker) image(s instructions.Stage) {
	user := last[*instructions.UserCommand](s)
	c.need(user != nil && unprivileged(user.User), "USER: want the numbers of a user and a group that are not root")

	health := last[*instructions.HealthCheckCommand](s)
	c.need(health != nil && slices.Equal(health.Health.Test, []string{"CMD", "edge", "health"}), "HEALTHCHECK: want edge health, without a shell")

	entry := last[*instructions.EntrypointCommand](s)
	c.need(entry != nil && !entry.PrependShell && slices.Equal(entry.CmdLine, []string{"edge"}), "ENTRYPOINT: want edge, without a shell")

	command := last[*instructions.CmdCommand](s)
	c.need(command != nil && !command.PrependShell && slices.Equal(command.CmdLine, []string{"serve"}), "CMD: want serve, without a shell")

	signal := last[*instructions.StopSignalCommand](s)
	c.need(signal != nil && signal.Signal == "SIGTERM", "STOPSIGNAL: want SIGTERM, which edge drains on")

	c.need(last[*instructions.VolumeCommand](s) == nil, "VOLUME: the image must need nothing that can be written")
	c.environment(s)
	c.data(s)
}

// data checks that a new volume in the place of the folder for data is the user's, as
// engines give it the owner that the folder has in the image.
func (c *checker) data(s instructions.Stage) {
	const folder = "/var/lib/edge"
	env := variables(s)
	for name, want := range map[string]string{"EDGE_DATA_DIR": folder, "EDGE_UPLOAD_SPOOL": folder + "/spool"} {
		c.need(env[name] == want, "ENV: want %s=%s", name, want)
	}
	user := last[*instructions.UserCommand](s)
	if user == nil {
		return
	}
	uid, gid, _ := strings.Cut(user.User, ":")
	made := "install -d -o " + uid + " -g " + gid + " -m 0700 " + folder
	c.need(slices.ContainsFunc(s.Commands, func(command instructions.Command) bool {
		run, ok := command.(*instructions.RunCommand)
		return ok && slices.Equal(run.CmdLine, []string{made})
	}), "RUN: want %s", made)
}

// variables returns what ENV sets.
func variables(s instructions.Stage) map[string]string {
	env := make(map[string]string)
	for _, command := range s.Commands {
		if command, ok := command.(*instructions.EnvCommand); ok {
			for _, v := range command.Env {
				env[v.Key] = v.Value
			}
		}
	}
	return env
}

// environment checks the variables, and that the ports they name are exposed.
func (c *checker) environment(s instructions.Stage) {
	env := variables(s)
	var ports []string
	for _, command := range s.Commands {
		if command, ok := command.(*instructions.ExposeCommand); ok {
			ports = append(ports, command.Ports...)
		}
	}
	c.need(env["MALLOC_ARENA_MAX"] == "2", "ENV: want MALLOC_ARENA_MAX=2")
	for _, name := range []string{"EDGE_LISTEN", "EDGE_METRICS_LISTEN"} {
		port, ok := strings.CutPrefix(env[name], "0.0.0.0:")
		c.need(ok, "ENV: want %s on 0.0.0.0", name)
		c.need(slices.Contains(ports, port), "EXPOSE: want the port of %s", name)
	}
	_, config := env["EDGE_CONFIG"]
	c.need(!config, "ENV: EDGE_CONFIG would make the image need a file")
}

// unprivileged reports whether user is UID:GID, both numbers and neither 0.
func unprivileged(user string) bool {
	uid, gid, _ := strings.Cut(user, ":")
	u, errU := strconv.ParseUint(uid, 10, 31)
	g, errG := strconv.ParseUint(gid, 10, 31)
	return errU == nil && errG == nil && u > 0 && g > 0
}

// last returns the last command of its kind, which is the one that counts, or
// the zero value if there is none.
func last[T instructions.Command](s instructions.Stage) (command T) {
	for _, c := range s.Commands {
		if c, ok := c.(T); ok {
			command = c
		}
	}
	return command
}
