package inspect

// exifOrientation returns the orientation in EXIF data, which has the form of a
// TIFF, or 1 if it says nothing of use. Loops and lengths do not matter: only the
// entries of the first directory are looked at.
func exifOrientation(data []byte) int {
	t, first, ok := openTIFF(data)
	if !ok {
		return 1
	}
	d, ok := t.directory(first)
	if !ok {
		return 1
	}
	for i := range d.entries {
		if e := t.entry(d, i); e.tag == tagOrientation {
			return t.orientation(e)
		}
	}
	return 1
}
