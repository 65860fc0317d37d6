package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/media"
	"pixedge/internal/op"
)

// A history is the JSON of PixelBin's context endpoint, as far as its SDKs let
// one see and there is something to say: what was made, and by which steps.
type history struct {
	Context struct {
		Steps    []step         `json:"steps"`
		Metadata metadata       `json:"metadata"`
		Headers  map[string]any `json:"headers"`
		Params   map[string]any `json:"params"`
	} `json:"context"`
}

// A step is an operation that was carried out.
type step struct {
	Name       string         `json:"name"`       // "t.resize"
	Operation  string         `json:"operation"`  // "resize"
	Identifier string         `json:"identifier"` // of the plugin, "t"
	Data       map[string]any `json:"data"`       // what it found out: nothing, here
}

// metadata is about the finished picture. Where sharp has a name for something,
// so has PixelBin.
type metadata struct {
	Format      string `json:"format"`
	Size        int    `json:"size"` // of the file, in bytes
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Pages       int    `json:"pages"`
	HasAlpha    bool   `json:"hasAlpha"`
	Orientation int    `json:"orientation"`
}

// Context describes the picture that r asks for, and how it is made. It is the
// road of the picture itself and a description at its end: who may not have the
// picture is refused in the same words, and the description is cached as long.
func (s *Service) Context(ctx context.Context, r Request) (Answer, error) {
	answer, err := s.Image(ctx, r)
	if err != nil {
		return answer, err
	}
	route, picture := answer.Route, answer.Picture
	answer.Picture = nil
	if route.request.Info {
		return answer, fault.Errorf(fault.Invalid, "url asks for information and not for a picture")
	}
	t := turn{cloud: route.Cloud.Name}
	if r.Client != nil {
		t.client = r.Client.Address()
	}
	// No picture's key has a space before its first slash. The tag is that of the bytes
	// described: this picture may have been purged since the cache was asked.
	key := "context " + picture.ETag + " " + route.pipeline.String() + " " + answer.key
	answer.Picture, answer.Outcome, err = s.Cache.Get(ctx, key, func(ctx context.Context) (*Picture, error) {
		return s.remember(ctx, t, route, picture)
	}, route.tags()...)
	if errors.Is(err, context.Canceled) {
		err = fault.Wrap(err, fault.Overloaded, "the server is stopping")
	}
	return answer, err
}

// remember describes a finished picture and the steps of its route.
func (s *Service) remember(ctx context.Context, t turn, route *Route, picture *Picture) (*Picture, error) {
	began := time.Now()
	info, err := s.inspect(ctx, t, picture.Image, route.Cloud.Limits)
	if err != nil {
		return nil, err
	}
	var h history
	h.Context.Steps = steps(route.pipeline)
	h.Context.Metadata = metadata{
		Format: info.Format, Size: info.Size, Width: info.Width, Height: info.Height,
		Pages: info.Frames, HasAlpha: info.Alpha, Orientation: info.Orientation,
	}
	h.Context.Headers, h.Context.Params = map[string]any{}, map[string]any{}
	data, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	return &Picture{Image: media.Image{Data: data, Format: media.JSON, ETag: etag(data)}, Rendered: time.Since(began), private: picture.private, expires: picture.expires}, nil
}

// steps names the operations of a pipeline without their arguments, which a
// preset may keep to itself.
func steps(p op.Pipeline) []step {
	list := make([]step, 0, len(p))
	for _, call := range p {
		plugin, operation, _ := strings.Cut(call.Name, ".")
		list = append(list, step{Name: call.Name, Operation: operation, Identifier: plugin, Data: map[string]any{}})
	}
	return list
}
