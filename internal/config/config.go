// Package config reads edge.yaml and knows the kinds of value that settings
// have.
//
// A setting has one declaration, a field of a Config struct beside the code it
// steers, with its default and its help in the field's tags. Package kong makes
// flags and EDGE_… variables of those fields; [File] adds the third spelling,
// the key in edge.yaml; [Reference] writes docs/configuration.md. The clouds,
// which only a file can describe, are declared in cloud.go.
//
// The package holds no settings of the program, reads no flags and starts
// nothing: cmd/edge gathers the declarations and builds the parts.
package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// A File is what edge.yaml holds. Its zero value is an empty file.
type File struct {
	path   string
	values map[string]any // every key but clouds
	clouds []Cloud
}

// Read reads the file at path. Its errors name the key, and show no value, as a
// value may be a secret.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return File{}, fmt.Errorf("--config: %w", err)
	}
	f := File{path: path}
	if err := f.parse(data); err != nil {
		return File{}, fmt.Errorf("%s: %s", path, plain(err))
	}
	return f, nil
}

const cloudsKey = "clouds"

func (f *File) parse(data []byte) error {
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return err
	}
	if len(doc.Docs) > 1 {
		return errors.New("more than one document, and only the first would be read")
	}
	if err := yaml.Unmarshal(data, &f.values); err != nil {
		return err
	}
	if _, ok := f.values[cloudsKey]; !ok {
		return nil
	}
	delete(f.values, cloudsKey)
	path, err := yaml.PathString("$." + cloudsKey)
	if err != nil {
		return err
	}
	node, err := path.FilterFile(doc)
	if err != nil {
		return err
	}
	return read(node, &f.clouds)
}

// Clouds returns the clouds of the file, checked and with their secrets read.
func (f File) Clouds() ([]Cloud, error) {
	if err := check(f.clouds); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return f.clouds, nil
}

// Validate refuses keys that are no setting. It is a method of kong.Resolver.
func (f File) Validate(app *kong.Application) error {
	known := make([]string, 0, 1+len(app.Flags))
	known = append(known, cloudsKey)
	for _, flag := range app.Flags {
		if name, ok := KeyOf(flag); ok {
			known = append(known, name)
		}
	}
	var errs []error
	for name, value := range f.values {
		switch {
		case !slices.Contains(known, name):
			errs = append(errs, fmt.Errorf("%s: unknown key %q", f.path, name))
		case value == nil:
			errs = append(errs, fmt.Errorf("%s: %s has no value", f.path, name))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// Resolve gives a flag the value of its key, unless its variable is set. It is a
// method of kong.Resolver.
func (f File) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil //nolint:nilnil // kong's way to say: not from here
		}
	}
	name, _ := KeyOf(flag) // without one it is "", which Validate lets no file have
	switch value := f.values[name].(type) {
	case nil:
		return nil, nil //nolint:nilnil // kong's way to say: not from here
	case []any:
		words := make([]string, len(value))
		for i, v := range value {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, ","), nil
	default:
		return fmt.Sprint(value), nil
	}
}

// KeyOf returns the spelling of a flag in edge.yaml. Flags about how the program
// is called have none.
func KeyOf(flag *kong.Flag) (key string, ok bool) {
	if flag.Name == "help" || flag.Name == "config" {
		return "", false
	}
	return strings.ReplaceAll(flag.Name, "-", "_"), true
}
