package pixlab

import (
	"bytes"
	"context"
	"io"
	"path"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/library"
	"pixedge/internal/web"
)

// change carries out a recipe, and keeps the result or sends it.
func change(ctx context.Context, e endpoint, r *request) (web.Reply, error) {
	with, blob := e.recipe(), false
	if err := declare(with, &blob).bind(e.name, r.form); err != nil {
		return web.Reply{}, err
	}
	task, err := r.task(ctx, e, with)
	if err != nil {
		return web.Reply{}, err
	}
	made, err := r.Maker.Make(ctx, task)
	if err != nil {
		return web.Reply{}, e.reword(err)
	}
	if blob {
		return web.Reply{ContentType: made.Format.MIME(), Body: made.Data}, nil
	}
	return r.keep(ctx, library.Upload{Expires: after(r.cloud.KeepResults)}, bytes.NewReader(made.Data))
}

// blobName is what all endpoints with a recipe call the same wish.
const blobName = "blob"

// declare declares what an endpoint with a recipe takes.
func declare(with recipe, blob *bool) *params {
	var p params
	with.params(&p)
	p.Bool(blob, blobName, false, "Answer with the picture itself, and keep nothing.")
	return &p
}

// task is what a recipe comes to.
func (r *request) task(ctx context.Context, e endpoint, with recipe) (delivery.Task, error) {
	o := order{endpoint: e.name}
	if err := with.write(&o); err != nil {
		return delivery.Task{}, err
	}
	if err := o.check(); err != nil {
		return delivery.Task{}, err
	}
	t := delivery.Task{Cloud: r.cloud.Delivery, Pipeline: o.calls, Client: r.call.Client, Others: make(map[string]delivery.Input)}
	var err error
	if t.Original, err = e.original(ctx, r); err != nil {
		return t, err
	}
	for i, img := range o.others {
		if t.Others[otherName(i)], err = r.refer(ctx, "cord: img", img); err != nil {
			return t, err
		}
	}
	return t, nil
}

// keep puts bytes into the cloud's library and answers with their link.
func (r *request) keep(ctx context.Context, u library.Upload, bytes io.Reader) (web.Reply, error) {
	u.Folder, u.Owner = r.cloud.Folder, r.key.ID
	asset, err := r.cloud.Shelf.Put(ctx, u, bytes)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	link := r.link(asset)
	return answer(ok, stored{ok, path.Base(asset.Path), link, link})
}

// after returns the moment that is so long from now, or never.
func after(keep time.Duration) time.Time {
	if keep == 0 {
		return time.Time{}
	}
	return time.Now().Add(keep)
}
