package pixlab

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"slices"
	"strings"

	"pixedge/internal/delivery"
	"pixedge/internal/media"
	"pixedge/internal/origin"
	"pixedge/internal/web"
)

// An endpoint is a row of the catalog.
type endpoint struct {
	name, doc string
	ways      ways
	picture   []string // names of the parameter that has the picture; none: the endpoint is not about one
	fileOnly  bool     // the picture must be uploaded
	reply     any      // its shape
	recipe    func() recipe
	takes     func(*params) // without a recipe: what it takes besides
	serve     func(ctx context.Context, e endpoint, r *request) (web.Reply, error)
}

// ways are the methods that an endpoint answers.
type ways int

const (
	getOnly ways = iota
	postOnly
	both
)

func (e endpoint) methods() []string {
	return [][]string{getOnly: {"GET"}, postOnly: {"POST"}, both: {"GET", "POST"}}[e.ways]
}

func (e endpoint) takesBody() bool { return e.ways != getOnly }

// original returns the picture that a recipe begins with.
func (e endpoint) original(ctx context.Context, r *request) (delivery.Input, error) {
	if len(e.picture) == 0 {
		return delivery.Input{Fetcher: blank{}}, nil
	}
	return r.picture(ctx, e.picture...)
}

// parameters declares what the endpoint takes besides the key and the picture.
func (e endpoint) parameters() *params {
	if e.recipe != nil {
		return declare(e.recipe(), new(bool))
	}
	var p params
	if e.takes != nil {
		e.takes(&p)
	}
	return &p
}

// makes is the row of an endpoint that changes a picture.
func makes[R any, P interface {
	*R
	recipe
}](name, doc string, w ways, with R) endpoint {
	return endpoint{
		name: name, doc: doc, ways: w, picture: images(), reply: stored{}, serve: change,
		recipe: func() recipe { own := with; return P(&own) },
	}
}

// images are the names of the parameter that most endpoints have the picture in.
func images() []string { return []string{"img", "link"} }

// A blank is the picture that newimage begins with: one clear pixel.
type blank struct{}

// Fetch makes it.
func (blank) Fetch(context.Context, string) (origin.Original, error) {
	var b bytes.Buffer
	err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 1, 1)))
	return origin.Original{Data: b.Bytes(), Format: media.PNG}, err
}

// missing answers for paths that could be endpoints of PixLab's.
func missing(list []endpoint) func(path string) (web.Reply, bool) {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.name
	}
	text := "there is no such endpoint; there are " + strings.Join(names, ", ")
	return func(path string) (web.Reply, bool) {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
		return fail(nil, notFound, text, ""), name != "" && !strings.ContainsAny(name, "/.:")
	}
}

const notFound = 404

// catalog lists the endpoints by name.
func catalog() []endpoint {
	list := slices.Concat(assets(), abouts(), sizes(), shapes(), looks(), layers())
	slices.SortFunc(list, func(a, b endpoint) int { return strings.Compare(a.name, b.name) })
	return list
}
