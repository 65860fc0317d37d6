package form

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"pixedge/internal/fault"
)

// A Form holds the parameters of a request.
type Form struct {
	values   map[string]value
	files    []*File
	releases []func() // of memory
}

// A value is text, or JSON as it was written.
type value struct {
	text string
	json json.RawMessage // nil: it is text
}

// Close lets go of files and memory.
func (f *Form) Close() {
	for _, file := range f.files {
		_ = file.data.Close() // nothing is lost with it
	}
	for _, release := range f.releases {
		release()
	}
	f.files, f.releases = nil, nil
}

// Has reports whether there is a parameter of that name, other than null.
func (f *Form) Has(name string) bool {
	_, ok := f.values[name]
	return ok
}

// Text returns a parameter as text: a number or a boolean as it was written, and "" if
// there is none.
func (f *Form) Text(name string) (string, error) {
	v := f.values[name]
	switch {
	case v.json == nil:
		return v.text, nil
	case v.json[0] == '[' || v.json[0] == '{':
		return "", fault.Errorf(fault.Invalid, "%s: must be text or a number", name)
	case v.json[0] != '"':
		return string(v.json), nil
	}
	var text string
	err := json.Unmarshal(v.json, &text)
	return text, fault.Wrap(err, fault.Invalid, "%s: must be text", name)
}

// Int returns a parameter that is a whole number from least to most, or fallback
// if it is missing or empty.
func (f *Form) Int(name string, fallback, least, most int) (int, error) {
	text, err := f.Text(name)
	if err != nil || text == "" {
		return fallback, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fault.Errorf(fault.Invalid, "%s: must be a whole number, not %s", name, shown(text))
	}
	if n < least || n > most {
		return 0, fault.Errorf(fault.Invalid, "%s: %d is outside %d..%d", name, n, least, most)
	}
	return n, nil
}

// Float returns a parameter that is a decimal number from least to most, or
// fallback if it is missing or empty.
func (f *Form) Float(name string, fallback, least, most float64) (float64, error) {
	text, err := f.Text(name)
	if err != nil || text == "" {
		return fallback, err
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789.eE+-") != "" {
		return 0, fault.Errorf(fault.Invalid, "%s: must be a number, not %s", name, shown(text))
	}
	if n < least || n > most {
		return 0, fault.Errorf(fault.Invalid, "%s: %v is outside %v..%v", name, n, least, most)
	}
	return n, nil
}

// Bool returns a parameter that is true, True or 1, or false, False or 0, or
// fallback if it is missing or empty.
func (f *Form) Bool(name string, fallback bool) (bool, error) {
	text, err := f.Text(name)
	if err != nil || text == "" {
		return fallback, err
	}
	switch text {
	case "true", "True", "TRUE", "1":
		return true, nil
	case "false", "False", "FALSE", "0":
		return false, nil
	}
	return false, fault.Errorf(fault.Invalid, "%s: must be true or false, not %s", name, shown(text))
}

// JSON reads a parameter into what into points to; a parameter that came as text is
// read as JSON too. Numbers become a json.Number where into does not say. A missing
// one leaves into as it is.
func (f *Form) JSON(name string, into any) error {
	v, ok := f.values[name]
	if !ok {
		return nil
	}
	raw := []byte(v.json)
	if v.json == nil {
		raw = []byte(v.text)
	}
	if depth, _ := measure(raw); depth > maxDepth {
		return errDepth(name)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fault.Wrap(err, fault.Invalid, "%s: is not JSON, or not of the right shape", name)
	}
	if _, err := d.Token(); err != io.EOF {
		return fault.Errorf(fault.Invalid, "%s: has something behind its JSON", name)
	}
	return nil
}

// shown returns text as an error quotes it.
func shown(text string) string {
	const most = 40
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strconv.Quote(text)
}

// A File is a file of a multipart body. It is on disk and has no name there.
type File struct {
	Field string // name of its part
	Name  string // as the client calls it, without folders; may be ""
	Size  int64  // bytes

	data *os.File
}

// Reader returns a reader of the file from its beginning, good until the Form is
// closed.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f.data, 0, f.Size) }

// File returns the file in the field called file, or else the first; nil if there
// is none.
func (f *Form) File() *File {
	for _, file := range f.files {
		if file.Field == fileField {
			return file
		}
	}
	if len(f.files) > 0 {
		return f.files[0]
	}
	return nil
}

// Files returns all files, in the order in which they came.
func (f *Form) Files() []*File { return f.files }
