package library

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"pixedge/internal/fault"
)

// Bounds of what is said of an asset.
const (
	maxTags     = 100
	maxTag      = 255      // characters
	maxComment  = 4096     // characters
	maxMetadata = 64 << 10 // bytes
)

// clean holds what clients say of an asset to its bounds, and gives it one form.
func (a *Asset) clean() error {
	if a.Access == "" {
		a.Access = Public
	}
	if a.Access != Public && a.Access != Private {
		return fault.Errorf(fault.Invalid, "access: neither %s nor %s", Public, Private)
	}
	if utf8.RuneCountInString(a.Comment) > maxComment || !storable(a.Comment) {
		return fault.Errorf(fault.Invalid, "comment: more than %d characters, or no text", maxComment)
	}
	if !storable(a.Owner) {
		return fault.Errorf(fault.Invalid, "owner: no text")
	}
	if err := a.cleanTags(); err != nil {
		return err
	}
	return a.cleanMetadata()
}

func (a *Asset) cleanTags() error {
	tags := []string{}
	for _, tag := range a.Tags {
		if tag == "" || utf8.RuneCountInString(tag) > maxTag || !storable(tag) {
			return fault.Errorf(fault.Invalid, "tags: one is empty, has more than %d characters, or is no text", maxTag)
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		if len(tags) > maxTags {
			return fault.Errorf(fault.Invalid, "tags: more than %d", maxTags)
		}
	}
	a.Tags = tags
	return nil
}

func (a *Asset) cleanMetadata() error {
	if len(a.Metadata) == 0 || string(a.Metadata) == "null" {
		a.Metadata = json.RawMessage("{}")
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, a.Metadata)
	if err != nil || compact.Bytes()[0] != '{' || !utf8.Valid(compact.Bytes()) {
		return fault.Errorf(fault.Invalid, "metadata: no JSON object")
	}
	if compact.Len() > maxMetadata {
		return fault.Errorf(fault.Invalid, "metadata: more than %d bytes", maxMetadata)
	}
	a.Metadata = compact.Bytes()
	return nil
}
