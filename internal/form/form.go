// Package form reads the parameters of a request to an API: those of its query and
// of its body, which may be urlencoded, multipart or JSON.
//
// [Read] bounds everything: pairs, parts, the headers of a part, fields, files,
// the depth of JSON. Files go to disk while they come, so that memory does not grow
// with them, and are gone with the process. Text is held in memory, and the caller
// is asked first where that is more than a little.
//
// The package does not know which parameters there should be, what a file holds or
// how a body comes from the network; and it keeps nothing.
package form

import (
	"errors"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"

	"pixedge/internal/fault"
)

// Bounds of every request. Browsers' forms and the clients of image APIs stay far
// below them.
const (
	maxPairs      = 1000
	maxParts      = 100
	maxName       = 256      // bytes
	maxField      = 64 << 10 // bytes of a field that is not one of Limits.Large
	maxPartHeader = 16 << 10 // bytes
	maxDepth      = 32       // of JSON
	maxBoundary   = 70       // bytes; RFC 2046, 5.1.1
	maxText       = 1 << 20  // bytes of a body without files and pictures
)

// Limits are what the caller allows a request.
type Limits struct {
	MaxFile int64    // bytes of its files in sum, and of a picture that is text
	Large   []string // fields that may hold a picture as base64
	Spool   string   // folder for files
	Memory  Memory   // nil: there is enough
}

// Memory is asked for n bytes before they are taken, again and again while more than
// 64 KiB of text come in. It should not wait, since two requests could wait for each
// other, and may fail with a fault. Form.Close calls each release.
type Memory interface {
	Take(n int64) (release func(), err error)
}

// held is how often a text is in memory at once at the most: as it came, as a value of its
// own, and decoded.
const held = 3

// text returns the bytes that a field may have.
func (l *Limits) text(name string) int64 {
	if slices.Contains(l.Large, name) {
		return l.large()
	}
	return maxField
}

// large returns the bytes of base64 of MaxFile (RFC 4648, 4), and some for the
// beginning of a data: URI.
func (l *Limits) large() int64 { return (l.MaxFile+2)/3*4 + 1<<10 }

// body returns the bytes that a body of text may have, in which a character may
// take so many.
func (l *Limits) body(escaped int64) int64 {
	if len(l.Large) == 0 {
		return maxText
	}
	return maxText + escaped*l.large()
}

// Read returns the parameters of a query and of a body, of which contentType says
// what it is and length how many bytes it has, or -1. Of several with one name the
// last counts, and one in the body before one in the query. A body that is too
// large, or has too large a part, is left as soon as that is known.
//
// Errors are faults: Invalid, TooLarge, Unsupported (the content type), Storage
// (no room for a file), or what body and Limits.Memory return. The caller must
// close the Form.
func Read(query, contentType string, body io.Reader, length int64, l Limits) (*Form, error) {
	r := &reader{limits: l, length: length, files: l.MaxFile, form: &Form{values: make(map[string]value)}}
	err := r.pairs(query)
	if err == nil && body != nil && length != 0 {
		err = r.body(contentType, body)
	}
	if err != nil {
		r.form.Close()
		return nil, err
	}
	return r.form, nil
}

// A reader reads one request.
type reader struct {
	limits Limits
	length int64 // of the body; -1: unknown
	count  int   // pairs so far
	files  int64 // bytes that files may still have
	large  int64 // bytes that large fields have
	texts  int64 // bytes of text that are held
	given  int64 // bytes of memory
	denied error // memory
	form   *Form
}

func (r *reader) body(contentType string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		kind = ""
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		text, err := r.slurp(body, r.length, r.limits.body(3), "the body") // %2B
		if err != nil {
			return err
		}
		return r.pairs(string(text))
	case "application/json":
		text, err := r.slurp(body, r.length, r.limits.body(2), "the body") // \/
		if err != nil {
			return err
		}
		return r.json(text)
	case "multipart/form-data":
		return r.multipart(body, params["boundary"])
	}
	return fault.Errorf(fault.Unsupported, "the content type of the body must be multipart/form-data, application/x-www-form-urlencoded or application/json")
}

// pairs reads text as URLs' queries have it. A semicolon is no separator, and a
// character that should have been escaped stands for itself.
func (r *reader) pairs(text string) error {
	for len(text) > 0 {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, content, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			content, err = url.QueryUnescape(content)
		}
		if err != nil {
			return fault.Errorf(fault.Invalid, "the parameters have a %% that no two hexadecimal digits follow")
		}
		if err := r.set(name, value{text: content}, len(content)); err != nil {
			return err
		}
	}
	return nil
}

// set adds a value of so many bytes.
func (r *reader) set(name string, v value, size int) error {
	r.count++
	switch {
	case r.count > maxPairs:
		return fault.Errorf(fault.Invalid, "there are more than %d parameters", maxPairs)
	case len(name) > maxName:
		return fault.Errorf(fault.Invalid, "the name of a parameter is longer than %d bytes", maxName)
	case int64(size) > r.limits.text(name):
		return errField(name, r.limits.text(name))
	}
	r.form.values[name] = v
	return nil
}

func errField(what string, most int64) error {
	return fault.Errorf(fault.TooLarge, "%s is larger than %d bytes", what, most)
}

// firstRead is how many bytes of text are read without asking for memory.
const firstRead = maxField

// slurp reads all of from, which should have size bytes, or -1, and may have most.
// Memory is asked for as the text grows and not for what was announced: who sends
// slowly, or nothing, keeps nobody else from sending.
func (r *reader) slurp(from io.Reader, size, most int64, what string) ([]byte, error) {
	if size > most {
		return nil, errField(what, most)
	}
	text, err := io.ReadAll(io.LimitReader(from, min(firstRead, most)+1))
	if err != nil || int64(len(text)) <= min(firstRead, most) {
		r.texts += int64(len(text))
		return text, err
	}
	err = r.ask(int64(cap(text)))
	for err == nil && int64(len(text)) <= most {
		if text, err = r.grow(text, most); err != nil {
			break
		}
		var n int
		n, err = from.Read(text[len(text):min(int64(cap(text)), most+1)])
		text = text[:len(text)+n]
	}
	switch {
	case errors.Is(err, io.EOF) && int64(len(text)) <= most:
		r.texts += int64(len(text))
		return text, nil
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	return nil, errField(what, most)
}

// grow returns text with room for more, up to most bytes and one.
func (r *reader) grow(text []byte, most int64) ([]byte, error) {
	if len(text) < cap(text) {
		return text, nil
	}
	room := min(2*int64(len(text)), most+1)
	if err := r.ask(room); err != nil {
		return nil, err
	}
	return slices.Grow(text, int(room)-len(text)), nil
}

// ask asks for the memory that a text of so many bytes needs beside those that were
// read before, as far as it has not been given yet.
func (r *reader) ask(size int64) error {
	more := held*(r.texts+size) - r.given
	if r.limits.Memory == nil || more <= 0 {
		return nil
	}
	release, err := r.limits.Memory.Take(more)
	if err != nil {
		r.denied = err
		return err
	}
	r.given += more
	r.form.releases = append(r.form.releases, release)
	return nil
}
