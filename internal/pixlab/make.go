package pixlab

import (
	"bytes"
	"context"
	"io"
	"path"
	"strconv"
	"time"

	"pixedge/internal/delivery"
	"pixedge/internal/library"
	"pixedge/internal/media"
	"pixedge/internal/web"
)

// change carries out a recipe, and keeps the result or sends it.
func change(ctx context.Context, e endpoint, r *request) (web.Reply, error) {
	task, err := r.task(ctx, e)
	if err != nil {
		return web.Reply{}, err
	}
	blob, err := r.form.Bool("blob", false)
	if err != nil {
		return web.Reply{}, err
	}
	made, err := r.Maker.Make(ctx, task)
	if err != nil {
		return web.Reply{}, undecodable(err)
	}
	if blob {
		return web.Reply{ContentType: made.Format.MIME(), Body: made.Data}, nil
	}
	return r.keepResult(ctx, made)
}

// task is what a recipe comes to.
func (r *request) task(ctx context.Context, e endpoint) (delivery.Task, error) {
	var p params
	recipe := e.recipe()
	recipe.params(&p)
	if err := p.bind(e.name, r.form); err != nil {
		return delivery.Task{}, err
	}
	o := order{endpoint: e.name}
	if err := recipe.write(&o); err != nil {
		return delivery.Task{}, err
	}
	t := delivery.Task{Cloud: r.cloud.Delivery, Pipeline: o.calls, Client: r.call.Client, Others: make(map[string]delivery.Input)}
	var err error
	if t.Original, err = e.original(ctx, r); err != nil {
		return t, err
	}
	for i, img := range o.others {
		if t.Others[strconv.Itoa(i+1)], err = r.refer(ctx, "img", img); err != nil {
			return t, err
		}
	}
	return t, nil
}

// keepResult keeps a picture that was made.
func (r *request) keepResult(ctx context.Context, made media.Image) (web.Reply, error) {
	u := library.Upload{Expires: after(r.cloud.KeepResults)}
	return r.keep(ctx, u, bytes.NewReader(made.Data))
}

// keep puts bytes into the cloud's library and answers with their link.
func (r *request) keep(ctx context.Context, u library.Upload, bytes io.Reader) (web.Reply, error) {
	u.Folder, u.Owner = r.cloud.Folder, r.key.ID
	asset, err := r.cloud.Shelf.Put(ctx, u, bytes)
	if err != nil {
		return web.Reply{}, err
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
