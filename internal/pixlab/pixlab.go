// Package pixlab speaks PixLab's API, so that programs written for it run against
// an edge with nothing changed but the address.
//
// [New] returns the API for package web. An endpoint is a row of the catalog
// (catalog.go): its path, its methods, what it takes and what it does, from which
// the checks, the OpenAPI document (openapi.go) and docs/pixlab.md are made. Those
// that change a picture are a [recipe]: a translation into the operations of delivery
// URLs, which delivery then carries out as for a URL. The others (copy, store,
// delete, header, facedetect) are in assets.go and about.go.
//
// The package renders nothing, stores nothing itself and knows no HTTP beyond
// package web's calls and replies. Endpoints of PixLab's that need models of their
// own are not there, and say so.
package pixlab

import (
	"cmp"
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/apikey"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/form"
	"pixedge/internal/library"
	"pixedge/internal/media"
	"pixedge/internal/web"
)

// Config says who may use the API.
type Config struct {
	CORS []string `name:"api-cors" default:"*" help:"Origins whose scripts may use the API; *: all."`
}

// A Service is what the API needs of the rest. Every field must be set.
type Service struct {
	Keys   Keys
	Maker  Maker
	Clouds map[string]*Cloud // by name
	Public string            // address that clients know the edge by, without a slash at its end
	Form   form.Limits
	Bodies delivery.Gate // before the body of a call is read whose key is in it; nil: open
	CORS   []string
}

type (
	// Keys checks keys, and that they are not used too often.
	Keys interface {
		Authenticate(ctx context.Context, secret string) (apikey.Key, error)
		Allow(key apikey.Key, client string) error
	}

	// A Maker carries out tasks; see delivery.Service.
	Maker interface {
		Make(ctx context.Context, t delivery.Task) (media.Image, error)
	}
)

// A Cloud is one with a library.
type Cloud struct {
	Delivery *delivery.Cloud
	Address  string // what links to its own pictures begin with, up to their paths
	Shelf    *library.Shelf
	Stored   delivery.Fetcher // fetches the cloud's own pictures, by their paths
	Links    delivery.Fetcher // fetches pictures from the web, by their addresses
	// Upload fetches the bytes of r, which are so many.
	Upload      func(r io.ReaderAt, size int64) delivery.Fetcher
	Folder      string // of assets that the API makes
	KeepUploads time.Duration
	KeepResults time.Duration // zero: for ever
}

// New returns the API.
func New(s *Service) web.API {
	list := catalog()
	endpoints := make([]web.Endpoint, 0, len(list)+1)
	for _, e := range list {
		endpoints = append(endpoints, web.Endpoint{
			Name: "pixlab_" + e.name, Methods: e.methods(), Path: "/" + e.name, Doc: e.doc, Body: e.takesBody(),
			Serve: func(ctx context.Context, call *web.Call) (web.Reply, error) { return s.serve(ctx, e, call) },
		})
	}
	endpoints = append(endpoints, s.document(list))
	return web.API{Endpoints: endpoints, Loose: true, CORS: s.CORS, Fail: fail, Missing: missing(list)}
}

// A request is a call that may be made.
type request struct {
	*Service

	call  *web.Call
	form  *form.Form
	key   apikey.Key
	cloud *Cloud
}

// serve answers a call of an endpoint. The key may come behind the file, so the body
// is read first, to disk.
func (s *Service) serve(ctx context.Context, e endpoint, call *web.Call) (web.Reply, error) {
	leave, err := s.admit(ctx, call)
	if err != nil {
		return web.Reply{}, err
	}
	defer leave()
	f, err := form.Read(call.Query, call.ContentType, call.Body, call.Length, s.Form)
	if err != nil {
		return web.Reply{}, err
	}
	defer f.Close()
	r := &request{Service: s, call: call, form: f}
	if err := r.authorize(ctx, e); err != nil {
		return web.Reply{}, err
	}
	return e.serve(ctx, e, r)
}

// admit waits for a place to read the body of a call in, unless its query or headers
// have a good key: a few clients without one must not take all disk and memory.
func (s *Service) admit(ctx context.Context, call *web.Call) (leave func(), err error) {
	if call.Length == 0 || s.Bodies == nil {
		return func() {}, nil
	}
	query, err := url.ParseQuery(call.Query)
	secret := cmp.Or(query.Get("key"), strings.TrimSpace(call.Header("WWW-Authenticate")))
	if err == nil && secret != "" {
		if _, err := s.Keys.Authenticate(ctx, secret); err == nil {
			return func() {}, nil
		}
	}
	left, err := s.Bodies.Enter(ctx, admit.Ask{Client: call.Client})
	if err != nil {
		return nil, err
	}
	return func() { left(true) }, nil
}

// authorize finds the key of a request, and its cloud.
func (r *request) authorize(ctx context.Context, e endpoint) error {
	secret, err := first(r.form, "key")
	if err != nil {
		return err
	}
	if secret == "" {
		secret = strings.TrimSpace(r.call.Header("WWW-Authenticate"))
	}
	if r.key, err = r.Keys.Authenticate(ctx, secret); err != nil {
		return err
	}
	if err := r.Keys.Allow(r.key, r.call.Client); err != nil {
		return err
	}
	if !r.key.May(e.name) {
		return fault.Errorf(fault.Forbidden, "the key is not for %s", e.name)
	}
	if r.cloud = r.Clouds[r.key.Cloud]; r.cloud == nil {
		return fault.Errorf(fault.Unauthorized, "the key is for a cloud that is not served here")
	}
	return nil
}
