package library

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"pixedge/internal/fault"
	"pixedge/internal/media"
)

// Lengths of names, in characters. The first is PixelBin's; a name in a path leaves
// room for a dot and the longest format.
const (
	maxName      = 255
	maxAssetName = maxName - len(".webm")
	maxFolders   = 32 // in each other
)

// Clean returns the name as it is stored: letters with their marks, digits and
// . _ - ( ) of any script stay, any other character becomes "_", and what is longer
// than 255 characters is cut off. A name of dots alone would mean a folder, so they
// become "_" too. An empty name stays empty.
func Clean(name string) string { return cleanTo(name, maxName) }

func cleanTo(name string, length int) string {
	name = strings.Map(func(r rune) rune {
		if r != utf8.RuneError && (unicode.In(r, unicode.L, unicode.M, unicode.Nd) || strings.ContainsRune("._-()", r)) {
			return r
		}
		return '_'
	}, norm.NFC.String(name)) // one spelling of é, whatever the client's file system likes
	if utf8.RuneCountInString(name) > length {
		name = string([]rune(name)[:length])
	}
	if strings.Trim(name, ".") == "" {
		return strings.Repeat("_", len(name))
	}
	return name
}

// CleanFolder cleans every name in a path of folders and leaves empty ones out. More
// than 32 folders in each other are Invalid.
func CleanFolder(folder string) (string, error) {
	var names []string
	for name := range strings.SplitSeq(folder, "/") {
		if name != "" {
			names = append(names, Clean(name))
		}
	}
	if len(names) > maxFolders {
		return "", fault.Errorf(fault.Invalid, "more than %d folders in each other", maxFolders)
	}
	return strings.Join(names, "/"), nil
}

// place gives a its path, from a folder and a name that are not clean.
func (a *Asset) place(folder, name string) error {
	folder, err := CleanFolder(folder)
	if err != nil {
		return err
	}
	a.Folder, a.Name = folder, cleanTo(name, maxAssetName)
	a.Path = path.Join(folder, a.Name+"."+a.Format)
	return nil
}

// withoutEnding takes the ending of a format off a file's name: what the file is, its
// bytes say. Other endings belong to the name.
func withoutEnding(name string) string {
	ending := path.Ext(name)
	if known := strings.ToLower(ending); slices.Contains(endings(), known) && known != name {
		return strings.TrimSuffix(name, ending)
	}
	return name
}

func endings() []string {
	list := []string{".jpe", ".jfif", ".tiff", ".heif", ".mp4", ".m4v", ".webm", ".mov"}
	for _, f := range media.Formats(func(media.Format) bool { return true }) {
		list = append(list, "."+f.String(), f.Ext())
	}
	return list
}

// storable reports whether both databases can keep and compare the text:
// PostgreSQL refuses what is no UTF-8, and the character 0.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
