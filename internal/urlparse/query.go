package urlparse

import (
	"net/url"
	"slices"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/op"
)

// readQuery reads the options and the signature. Parameters that it does not
// know change nothing, but it lists them: a signature must not be stretched over
// them.
func (r *Request) readQuery(query string) error {
	if len(query) > maxQuery {
		return fault.Errorf(fault.TooLong, "the query is longer than %d bytes", maxQuery)
	}
	if query == "" {
		return nil
	}
	n := strings.Count(query, "&") + 1
	if n > maxOptions {
		return invalid("more than %d parameters in the query", maxOptions)
	}
	names, kept := make([]string, 0, n), make([]string, 0, n)
	for piece := range strings.SplitSeq(query, "&") {
		name, value, err := parsePair(piece)
		if err != nil {
			return err
		}
		if isKnown(name) && slices.Contains(names, name) {
			return invalid("%s is given twice in the query", name)
		}
		names = append(names, name)
		if err := r.set(name, value); err != nil {
			return err
		}
		if isSignature(name) {
			continue // dropped by its place, so nothing that looks like it is
		}
		kept = append(kept, piece)
		if piece != "" {
			r.Spelling.Keys = append(r.Spelling.Keys, name)
		}
	}
	r.Spelling.Query = strings.Join(kept, "&")
	return nil
}

func parsePair(piece string) (name, value string, err error) {
	name, value, _ = strings.Cut(piece, "=")
	if name, err = decode(name, url.QueryUnescape); err != nil {
		return "", "", err
	}
	if value, err = decode(value, url.QueryUnescape); err != nil {
		return "", "", err
	}
	return name, value, nil
}

func isSignature(name string) bool { return name == "pbs" || name == "pbe" || name == "pbt" }

// isKnown reports whether the parameter has a meaning here. That of v is to make
// a URL that no cache has seen.
func isKnown(name string) bool {
	switch name {
	case "dpr", "f_auto", "preview", "download", "v":
		return true
	}
	return isSignature(name)
}

// set sets what the parameter is for. Of a parameter without '=', the value is
// empty.
func (r *Request) set(name, value string) (err error) {
	o, s := &r.Options, &r.Signature
	s.given = s.given || isSignature(name)
	switch name {
	case "dpr":
		o.DPR, o.DPRAuto, err = parseDPR(value)
	case "f_auto":
		o.FormatAuto, err = parseAuto(value)
	case "preview":
		o.Preview, err = parseFlag(name, value)
	case "download":
		o.Download, err = parseFlag(name, value)
	case "pbs":
		s.PBS = value
	case "pbe":
		s.PBE = value
	case "pbt":
		s.PBT = value
	}
	return err
}

// parseDPR reads a device pixel ratio. Its range is that of the SDKs, its number
// has the grammar of an operation's parameters.
func parseDPR(text string) (ratio float64, auto bool, err error) {
	if text == "auto" {
		return 0, true, nil
	}
	var set op.ParamSet
	set.Float(&ratio, "dpr", 1, 0.1, 5, "")
	if err := set.Bind(op.Call{Args: []op.Arg{{Name: "dpr", Value: text}}}); err != nil {
		return 0, false, fault.Wrap(err, fault.Invalid, "dpr is %.40q; want auto or a number in 0.1..5", text)
	}
	return ratio, false, nil
}

// parseAuto reads the value of f_auto. The SDKs disagree about the case of its
// letters, so any will do; ToLower and not EqualFold, which takes ſ for s.
func parseAuto(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, invalid("f_auto is %.40q; want true or false", text)
}

// parseFlag reads the value of a parameter that says all by being there.
func parseFlag(name, text string) (bool, error) {
	switch text {
	case "", "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, invalid("%s is %.40q; want no value, true or false", name, text)
}
