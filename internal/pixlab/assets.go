package pixlab

import (
	"bytes"
	"context"
	"path"
	"strings"

	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/library"
	"pixedge/internal/web"
)

func assets() []endpoint {
	comment := func(p *params) { p.Text(new(string), "comment", "Kept with the file.") }
	which := func(p *params) { p.Text(new(string), "link", "The link or the id of what was stored.") }
	return []endpoint{
		{name: "copy", doc: "Fetch a picture and keep it.", ways: both, picture: []string{"link", "img"}, reply: stored{}, serve: copyPicture},
		{name: "store", doc: "Keep a picture or a video.", ways: postOnly, fileOnly: true, reply: stored{}, takes: comment, serve: storeFile},
		{name: "delete", doc: "Delete what the key has stored.", ways: both, takes: which, reply: deletion{}, serve: deletePicture},
	}
}

// copyPicture fetches a picture and keeps it as it is.
func copyPicture(ctx context.Context, _ endpoint, r *request) (web.Reply, error) {
	original, err := r.picture(ctx, "link", "img")
	if err != nil {
		return web.Reply{}, err
	}
	picture, err := r.Maker.Make(ctx, delivery.Task{Cloud: r.cloud.Delivery, Original: original, Client: r.call.Client})
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	return r.keep(ctx, library.Upload{Expires: after(r.cloud.KeepUploads)}, bytes.NewReader(picture.Data))
}

// storeFile keeps a file that was uploaded.
func storeFile(ctx context.Context, _ endpoint, r *request) (web.Reply, error) {
	if kind, _, _ := strings.Cut(r.call.ContentType, ";"); !strings.EqualFold(strings.TrimSpace(kind), "multipart/form-data") {
		return web.Reply{}, fault.Errorf(fault.Unsupported, "store: the content type must be multipart/form-data")
	}
	f := r.form.File()
	if f == nil || f.Size == 0 {
		return web.Reply{}, fault.Errorf(fault.Invalid, "store: file is missing or empty")
	}
	comment, err := r.form.Text("comment")
	if err != nil {
		return web.Reply{}, err
	}
	return r.keep(ctx, library.Upload{Comment: comment, Expires: after(r.cloud.KeepUploads)}, f.Reader())
}

// deletion is the reply of delete.
type deletion struct {
	Status  int    `json:"status"`
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
	Error   string `json:"error,omitempty"`
}

// deletePicture deletes what the key's owner has stored. What is neither a link of ours
// nor an id of ours is not here.
func deletePicture(ctx context.Context, _ endpoint, r *request) (web.Reply, error) {
	text, err := first(r.form, "link", "img")
	if err != nil {
		return web.Reply{}, err
	}
	if text == "" {
		return web.Reply{}, fault.Errorf(fault.Invalid, "delete: link is missing")
	}
	err = r.remove(ctx, text)
	if err == nil {
		return answer(ok, deletion{Status: ok, ID: lastElement(text), Deleted: true})
	}
	if kind := fault.Of(err); kind == fault.NotFound || kind == fault.Invalid {
		return answer(notFound, deletion{Status: notFound, ID: lastElement(text), Error: "no such picture"})
	}
	return web.Reply{}, err
}

// lastElement returns what is the id at the end of a link.
func lastElement(link string) string {
	const most = 255 // bytes; base64 may be longer
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	id := path.Base(link)
	return strings.ToValidUTF8(id[:min(len(id), most)], "")
}

// remove deletes the asset that a link or an id refers to.
func (r *request) remove(ctx context.Context, text string) error {
	ref, err := refer("link", text, r.own())
	if err != nil {
		return err
	}
	if ref.path != "" {
		asset, err := r.cloud.Shelf.Find(ctx, ref.path)
		if err != nil {
			return err
		}
		ref.id = asset.ID
	}
	if ref.id == "" {
		return fault.Errorf(fault.NotFound, "it is not here")
	}
	_, err = r.cloud.Shelf.Delete(ctx, ref.id, r.key.ID)
	return err
}
