package urlparse

// Translate returns the request that a request for a URL translation worker
// stands for: its path, with prefix and a slash before it unless prefix is empty,
// is read as pattern and picture. PixelBin runs a program of the zone here and
// returns the path itself where there is none; a fixed pattern covers the uses
// that it documents. Errors are fault.Invalid.
func (r Request) Translate(prefix string) (Request, error) {
	text := r.File
	if prefix != "" {
		text = prefix + "/" + text
	}
	if err := r.readTarget(text, ""); err != nil {
		return Request{}, err
	}
	if r.Worker {
		return Request{}, invalid("a wrkr path may not lead to another")
	}
	return r, nil
}
