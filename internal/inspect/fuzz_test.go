package inspect_test

import "testing"

// FuzzRead must not panic, must end, and must read headers that make sense. The
// beginning of a file may be read as well as all of it.
func FuzzRead(f *testing.F) {
	for _, data := range samplesOfAll() {
		f.Add(data)
	}
	f.Add(grid().file())
	f.Add(bigTIFF())
	f.Add(jxlOf(9, 8, 0, 1, 1, 1, 5, 3, 0, 1, 0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1))
	f.Add(jxlParts(jxlOf(9, 8), 3))
	f.Add(jxlParts(jxlOf(9, 8, 0, 1, 0, 1, 0, 1, 0, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1), 1))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="8"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkSane(t, "all of it", data)
		checkSane(t, "half of it", data[:len(data)/2])
	})
}
