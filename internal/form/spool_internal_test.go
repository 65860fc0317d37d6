package form

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"pixedge/internal/fault"
)

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	_, err = fill(full, strings.NewReader("x"), 10)
	if fault.Of(err) != fault.Storage || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v (%v), want no room", err, fault.Of(err))
	}
	m := new(meter)
	if got := m.judge(err); fault.Of(got) != fault.Storage || strings.Contains(fault.Message(got), "/dev") {
		t.Errorf("%v (%s), want no room", got, fault.Message(got))
	}
}

func TestMeasure(t *testing.T) {
	for text, want := range map[string][2]int{
		``: {0, 1}, `1`: {0, 1}, `{}`: {1, 1}, `{"a":1,"b":[1,2,3]}`: {2, 2}, `{"a":"\"[[,"}`: {1, 1}, `[[`: {2, 1}, `]]]`: {0, 1}, `"\`: {0, 1},
	} {
		if depth, members := measure([]byte(text)); depth != want[0] || members != want[1] {
			t.Errorf("measure(%s) = %d, %d; want %v", text, depth, members, want)
		}
	}
}
