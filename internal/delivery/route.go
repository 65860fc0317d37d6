package delivery

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"pixedge/internal/fault"
	"pixedge/internal/inspect"
	"pixedge/internal/media"
	"pixedge/internal/op"
	"pixedge/internal/signing"
	"pixedge/internal/transform"
	"pixedge/internal/urlparse"
)

// RouteMemory is how many bytes of routes are worth remembering. A route is one
// to two kilobytes, so that is some ten thousand URLs.
const RouteMemory = 16 << 20

// A Route is what a URL comes to: everything that depends neither on the rest
// of the request nor on time. It is remembered by the URL as it was sent, and
// only once its signature was found good.
type Route struct {
	Cloud    *Cloud
	Grant    signing.Grant // zero if the URL is not signed
	Download bool          // to be saved, not shown
	Preview  bool          // to be shown
	Name     string        // the file's own name, without its folders
	Vary     string        // headers that the answer depends on, as the Vary header has it
	Kept     atomic.Value  // room for what a caller works out of the route and wants again with its next answer

	request    urlparse.Request
	zone       Zone
	source     string      // what to fetch: the name of a picture, or a URL
	pipeline   op.Pipeline // what the request asks for, presets expanded
	plan       transform.Plan
	trusted    bool                      // may have what is private: no URL asks
	negotiates bool                      // f_auto chooses the format
	keys       [media.NumAccepted]string // of the cache, by what is accepted
}

// route returns the route of r, remembered or new, and how long it took to work
// out a new one.
func (s *Service) route(r Request) (*Route, time.Duration, error) {
	host := s.Clouds.OfHost(r.Host)
	text, _ := s.scratch.Get().(*bytes.Buffer)
	if text == nil {
		text = new(bytes.Buffer)
	}
	defer s.scratch.Put(text)
	text.Reset()
	if host != nil {
		text.WriteString(host.Name)
	}
	text.WriteByte(' ') // in no URI and in no name, so nothing else reads the same
	text.Write(r.URI)

	if route, ok := s.Routes.Get(text.Bytes()); ok {
		return route, 0, route.live()
	}
	began := time.Now()
	route, err := s.resolve(host, string(r.URI))
	if err == nil {
		s.Routes.Set(text.Bytes(), route, route.Cost())
	}
	return route, time.Since(began), err
}

// live holds a signature again to what can change: the time.
func (r *Route) live() error {
	if r.Grant == (signing.Grant{}) {
		return nil
	}
	return r.Cloud.Verifier.Live(r.Grant)
}

// resolve works out the route of a URI. With an error it returns as much of the
// route as is known: the cloud, or nil.
func (s *Service) resolve(host *Cloud, uri string) (*Route, error) {
	where, query, _ := strings.Cut(uri, "?")
	var hosted string
	if host != nil {
		hosted = host.Name
	}
	req, err := urlparse.Parse(where, query, hosted)
	if err != nil {
		return &Route{Cloud: host}, err
	}
	cloud, err := s.Clouds.Named(req.Cloud)
	if err != nil {
		return &Route{}, err
	}
	route := &Route{Cloud: cloud}
	asked := req // a signature is of the URL as it was asked
	req, zone, err := cloud.translate(req)
	if err != nil {
		return route, err
	}
	if route.Grant, err = cloud.authorize(asked, req.File); err != nil {
		return route, err
	}
	if route.pipeline, err = cloud.expand(req); err != nil {
		return route, err
	}
	plan, err := s.Compiler.Compile(route.pipeline, transform.Hints{DPR: req.Options.DPR})
	if err != nil {
		return route, err
	}
	// A signature covers the names of the other pictures: they are in its path, or
	// in a preset of the settings.
	if needy := slices.ContainsFunc(plan.Files(), cloud.Signed); needy && route.Grant == (signing.Grant{}) {
		return route, fault.Errorf(fault.Unauthorized, "a second picture needs a signed URL")
	}
	route.fill(req, zone, plan)
	return route, nil
}

// translate returns the request that req stands for, which is another one for
// wrkr URLs, and its zone.
func (c *Cloud) translate(req urlparse.Request) (urlparse.Request, Zone, error) {
	zone, ok := c.Zones[req.Zone]
	if !ok {
		return req, zone, fault.Errorf(fault.NotFound, "no zone %q", req.Zone)
	}
	if !req.Worker {
		return req, zone, nil
	}
	req, err := req.Translate(zone.Worker)
	return req, zone, err
}

// authorize checks the signature of req, and that there is one if file needs it.
func (c *Cloud) authorize(req urlparse.Request, file string) (signing.Grant, error) {
	if !req.Signature.Present() {
		if c.Verifier.Required(file) && (req.Zone != "" || !c.open(file)) {
			return signing.Grant{}, fault.Errorf(fault.Unauthorized, "this picture needs a signed URL")
		}
		return signing.Grant{}, nil
	}
	return c.Verifier.Verify(claim(req))
}

// claim is what the URL of req says about its signature.
func claim(req urlparse.Request) signing.Claim {
	return signing.Claim{
		Raw: req.Spelling.Raw, Canonical: req.Path(), Decoded: req.Spelling.Decoded,
		Query: req.Spelling.Query, Keys: req.Spelling.Keys,
		PBS: req.Signature.PBS, PBE: req.Signature.PBE, PBT: req.Signature.PBT,
	}
}

func (r *Route) fill(req urlparse.Request, zone Zone, plan transform.Plan) {
	r.request, r.zone, r.plan = req, zone, plan
	r.negotiates = req.Options.FormatAuto && plan.Format() == media.None && !req.Info
	r.Vary = r.vary()
	r.Download, r.Preview = req.Options.Download, req.Options.Preview
	r.source = cmp.Or(req.Link(), req.File)
	name := req.File
	if req.Remote() {
		name, _, _ = strings.Cut(name, "?")
	}
	r.Name = path.Base(name)
	prefix := r.Cloud.Name + "/" + req.Zone + "/"
	if req.Info {
		prefix += "info "
	}
	for class := range r.keys {
		r.keys[class] = prefix + plan.Key() + "/" + r.source
		if r.negotiates && class != 0 {
			r.keys[class] = prefix + "f_auto=" + media.Accepted(class).String() + "/" + plan.Key() + "/" + r.source
		}
	}
}

// planFor settles the plan of a variant for an original. What moves is never made
// AVIF: browsers play it badly.
func (s *Service) planFor(r *Route, v variant, original media.Image) (transform.Plan, error) {
	plan := r.plan
	if v.hints != (transform.Hints{}) {
		hints := v.hints
		hints.DPR = cmp.Or(hints.DPR, r.request.Options.DPR)
		var err error
		if plan, err = s.Compiler.Compile(r.pipeline, hints); err != nil {
			return plan, err
		}
	}
	accepts := v.accepts
	if moves(original) {
		accepts &^= media.AcceptsAVIF
	}
	best := accepts.Best(media.None)
	// A drawing as it is beats a picture of it, and of a video there is none.
	asIs := plan.Recoding() && (original.Format == best || original.Format == media.SVG || !original.Format.CanDecode())
	if best == media.None || asIs {
		return plan, nil
	}
	return plan.In(best), nil
}

// moves reports whether an original is an animation. One that is broken is not.
func moves(original media.Image) bool {
	if original.Format != media.GIF && original.Format != media.WebP {
		return false
	}
	header, err := inspect.Read(original.Data)
	return err == nil && header.Animated()
}

// Cost is about how many bytes a remembered route holds, with what a caller keeps
// in it.
func (r *Route) Cost() int64 {
	n := len(r.request.Spelling.Raw) + len(r.request.Spelling.Decoded) + len(r.request.Spelling.Query)
	for _, k := range r.keys {
		n += len(k)
	}
	return int64(n) + 1024
}
