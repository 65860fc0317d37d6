package sandbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"pixedge/internal/sandbox"
	"pixedge/internal/transform"
	"pixedge/internal/transform/vips"
)

// Enter has no way back, so every test starts this binary again and has it play
// a part, named in this variable.
const partVariable = "SANDBOX_TEST_PART"

// A message is what a test tells a part, and the part the test.
type message struct {
	Jobs     []job             `json:",omitempty"`
	UID      int               `json:",omitempty"` // who to be before Enter, if not 0
	Free     bool              `json:",omitempty"` // do not enter
	Deed     string            `json:",omitempty"`
	Dir      string            `json:",omitempty"`
	Report   sandbox.Report    `json:",omitzero"`
	Outcomes map[string]string `json:",omitempty"` // by the name of the job or deed; the sum of the picture, or "done", or an error
}

func TestMain(m *testing.M) {
	if err := vips.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	part := parts()[os.Getenv(partVariable)]
	if part == nil {
		os.Exit(m.Run())
	}
	var in message
	err := json.NewDecoder(os.Stdin).Decode(&in)
	if err == nil {
		var out message
		if out, err = part(in); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parts() map[string]func(message) (message, error) {
	return map[string]func(message) (message, error){
		"render": render, "deeds": deeds, "deed": deed, "spin": spin, "memory": memory, "cost": cost, "hold": hold,
	}
}

// policy is that of the tests: a worker's, near enough.
func policy() sandbox.Policy {
	return sandbox.Policy{Memory: 512 << 20, File: 16 << 20, Files: 64, Read: fonts()}
}

func fonts() []string { return []string{"/usr/share/fonts", "/etc/fonts", "/var/cache/fontconfig"} }

// play has a process of its own play a part, and returns what it said.
func play(tb testing.TB, part string, in message) (out message, err error) {
	tb.Helper()
	data, err := json.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), partVariable+"="+part, "MALLOC_ARENA_MAX=2")
	cmd.Stdin = bytes.NewReader(data)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		tb.Logf("%s said %s", part, head(stderr.String()))
		return out, err
	}
	if err := json.NewDecoder(&stdout).Decode(&out); err != nil && !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	for _, missing := range out.Report.Missing {
		tb.Logf("missing here: %s", missing)
	}
	return out, nil
}

func mustPlay(tb testing.TB, part string, in message) message {
	tb.Helper()
	out, err := play(tb, part, in)
	if err != nil {
		tb.Fatalf("%s: %v", part, err)
	}
	return out
}

func head(text string) string {
	lines := strings.SplitN(text, "\n", 20)
	return strings.Join(lines[:min(len(lines), 19)], "\n")
}

// killedBy returns the signal that ended a process, 0 for none.
func killedBy(err error) syscall.Signal {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return status.Signal()
		}
	}
	return 0
}

// enter readies libvips as a worker must, and enters.
func enter(in message) (sandbox.Report, error) {
	if err := warm(); err != nil {
		return sandbox.Report{}, err
	}
	if in.UID != 0 {
		if err := errors.Join(syscall.Setresgid(in.UID, in.UID, in.UID), syscall.Setresuid(in.UID, in.UID, in.UID)); err != nil {
			return sandbox.Report{}, err
		}
	}
	if in.Free {
		return sandbox.Report{}, nil
	}
	return sandbox.Enter(policy())
}

// warm loads what libvips loads at first use: codecs that are plug-ins, the font
// configuration.
func warm() error {
	transform.Encodable()
	text, err := vips.Text("Ag", "sans 12", 0, []float64{0, 0, 0, 255})
	if err != nil {
		return err
	}
	text.Close()
	return nil
}
