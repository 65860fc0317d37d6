package form_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"

	"pixedge/internal/fault"
	"pixedge/internal/form"
)

// TestMemoryStaysFlat uploads a gigabyte and looks at the heap on the way.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a gigabyte")
	}
	const size, most = 1 << 30, 16 << 20
	l := limits(t)
	l.MaxFile = 2 * size
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	in, out := io.Pipe()
	peak := uint64(0)
	go func() {
		fmt.Fprint(out, "--b\r\nContent-Disposition: form-data; name=file; filename=zeros\r\n\r\n")
		for zeros, sent := make([]byte, 1<<20), 0; sent < size; sent += len(zeros) {
			out.Write(zeros)
			if sent%(32<<20) == 0 {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
		fmt.Fprint(out, "\r\n", part("name=key", "k"), end)
		out.Close()
	}()
	f, err := form.Read("", multi, in, -1, l)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if key, _ := f.Text("key"); f.File().Size != size || key != "k" {
		t.Errorf("the file has %d bytes, the key is %q", f.File().Size, key)
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > most {
		t.Errorf("the heap has grown by %d bytes, at most %d are allowed", grown, most)
	} else {
		t.Logf("the heap has grown by %d KiB", grown>>10)
	}
}

// TestNothingIsLeft looks at what is left of uploads that fail: no file, and none
// open.
func TestNothingIsLeft(t *testing.T) {
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(list)
	}
	before := open()
	for range 20 {
		l := limits(t)
		body := part("name=file", "12345") + part("name=file", "12345") + "--b\r\n"
		_, err := read(t, "", multi, body, l)
		if fault.Of(err) != fault.Invalid {
			t.Errorf("%v, want an invalid form", err)
		}
		if left, err := os.ReadDir(l.Spool); err != nil || len(left) > 0 {
			t.Errorf("left in the spool folder: %v, %v", left, err)
		}
	}
	if n := open(); n > before+5 {
		t.Errorf("%d open files, %d before", n, before)
	}
}
