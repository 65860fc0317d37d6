package pixlab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"pixedge/internal/delivery"
	"pixedge/internal/inspect"
	"pixedge/internal/op"
	"pixedge/internal/transform"
	"pixedge/internal/web"
)

func abouts() []endpoint {
	return []endpoint{
		{name: "header", doc: "What a picture is.", ways: both, picture: images(), reply: header{}, serve: describe},
		{name: "facedetect", doc: "Where the faces of a picture are.", ways: both, picture: images(), reply: faces{}, serve: findFaces, takes: func(p *params) { *p = *declareCount(new(bool)) }},
	}
}

// declareCount declares what facedetect takes.
func declareCount(count *bool) *params {
	var p params
	p.Bool(count, "count", false, "Only how many there are.")
	return &p
}

// faces is the reply of facedetect.
type faces struct {
	Status int    `json:"status"`
	Count  int    `json:"count"`
	Faces  []face `json:"faces"`
}

// A face is where one is, in pixels of the picture as it is stored: what crop takes.
type face struct {
	ID     int `json:"face_id"`
	Left   int `json:"left"`
	Top    int `json:"top"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// findFaces finds faces in the picture as it is seen, and says where they are in the
// picture as it is stored.
func findFaces(ctx context.Context, e endpoint, r *request) (web.Reply, error) {
	var count bool
	if err := declareCount(&count).bind(e.name, r.form); err != nil {
		return web.Reply{}, err
	}
	original, err := e.original(ctx, r)
	if err != nil {
		return web.Reply{}, err
	}
	t := delivery.Task{Cloud: r.cloud.Delivery, Original: original, Client: r.call.Client}
	picture, err := r.Maker.Make(ctx, t)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	h, err := inspect.Read(picture.Data)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	t.Original = r.given(bytes.NewReader(picture.Data), int64(len(picture.Data)))
	t.Pipeline = op.Pipeline{{Name: "t.faces"}}
	found, err := r.Maker.Make(ctx, t)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	var all transform.Faces
	if err := json.Unmarshal(found.Data, &all); err != nil {
		return web.Reply{}, err
	}
	reply := faces{Status: ok, Count: len(all.Faces), Faces: []face{}}
	for i, f := range all.Faces {
		if !count {
			f = asStored(f, h.Orientation, all.Width, all.Height)
			reply.Faces = append(reply.Faces, face{i, f.Left, f.Top, f.Width, f.Height})
		}
	}
	return answer(ok, reply)
}

// asStored returns where a rectangle of an upright picture of w by h pixels is before
// an orientation of EXIF is applied (CIPA DC-008, 4.6.5.1.6).
func asStored(f transform.Face, orientation, w, h int) transform.Face {
	right, below := w-f.Left-f.Width, h-f.Top-f.Height
	switch orientation {
	case 2:
		f.Left = right
	case 3:
		f.Left, f.Top = right, below
	case 4:
		f.Top = below
	case 5:
		f.Left, f.Top = f.Top, f.Left
	case 6:
		f.Left, f.Top = f.Top, right
	case 7:
		f.Left, f.Top = below, right
	case 8:
		f.Left, f.Top = below, f.Left
	}
	if orientation >= 5 {
		f.Width, f.Height = f.Height, f.Width
	}
	return f
}

// header is the reply of the endpoint of that name.
type header struct {
	Status   int    `json:"status"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Type     string `json:"type"`
	Size     int    `json:"size"` // bytes
	MIME     string `json:"mime"`
	Channels int    `json:"channels"`
	Bits     int    `json:"bits"` // of a channel
	HTML     string `json:"html_attr"`
	CSS      string `json:"css_prop"`
}

// describe says what a picture is by its header.
func describe(ctx context.Context, e endpoint, r *request) (web.Reply, error) {
	original, err := e.original(ctx, r)
	if err != nil {
		return web.Reply{}, err
	}
	picture, err := r.Maker.Make(ctx, delivery.Task{Cloud: r.cloud.Delivery, Original: original, Client: r.call.Client})
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	h, err := inspect.Read(picture.Data)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	return answer(ok, header{
		Status: ok, Width: h.Width, Height: h.Height, Type: h.Format.String(), Size: len(picture.Data),
		MIME: h.Format.MIME(), Channels: h.Bands, Bits: h.Depth,
		HTML: fmt.Sprintf(`width="%d" height="%d"`, h.Width, h.Height),
		CSS:  fmt.Sprintf("width: %dpx; height: %dpx;", h.Width, h.Height),
	})
}
