package main

import (
	"cmp"
	"fmt"
	"io"

	"golang.org/x/sync/semaphore"

	"pixedge/internal/config"
	"pixedge/internal/delivery"
	"pixedge/internal/fault"
	"pixedge/internal/form"
	"pixedge/internal/origin"
	"pixedge/internal/pixlab"
	"pixedge/internal/web"
)

// apis returns the APIs of the clouds that have a library.
func (b builder) apis(service *delivery.Service, kept *archive, clouds []config.Cloud) ([]web.API, error) {
	if len(clouds) == 0 {
		return nil, nil
	}
	s := &pixlab.Service{
		Keys: kept.keys, Maker: service, Clouds: make(map[string]*pixlab.Cloud),
		Public: b.settings.public(), CORS: b.settings.API.CORS, Form: b.forms(clouds), Bodies: b.bodies,
	}
	for _, conf := range clouds {
		c, err := b.api(service, conf)
		if err != nil {
			return nil, err
		}
		s.Clouds[conf.Name] = c
	}
	return []web.API{pixlab.New(s)}, nil
}

// api is what the API needs of a cloud.
func (b builder) api(service *delivery.Service, conf config.Cloud) (*pixlab.Cloud, error) {
	cloud, err := service.Clouds.Named(conf.Name)
	if err != nil {
		return nil, err
	}
	address, err := b.settings.address(b.all, conf.Name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	links, err := linksOf(conf, b.hosts)
	if err != nil {
		return nil, fmt.Errorf("cloud %s: library.%w: %w", conf.Name, err, errUsage)
	}
	return &pixlab.Cloud{
		Delivery: cloud,
		Address:  address,
		Shelf:    b.shelves[conf.Name],
		Stored:   cloud.Zones[""].Fetcher,
		Links:    b.fetch(conf.Name, conf.Limits, links),
		Upload: func(r io.ReaderAt, size int64) delivery.Fetcher {
			return b.fetch(conf.Name, conf.Limits, origin.Given(r, size))
		},
		Folder:      apiFolder(conf.Library),
		KeepUploads: conf.Library.KeepUploads,
		KeepResults: conf.Library.KeepResults,
	}, nil
}

// linksOf is where the API fetches pictures from for a cloud's clients.
func linksOf(conf config.Cloud, hosts *origin.Hosts) (origin.Source, error) {
	links, err := origin.Remote(hosts, orAll(conf.Library.Fetch), origin.NewGuard(conf.AllowNetworks))
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return links, nil
}

// apiFolder is the folder of a library that the API stores in.
func apiFolder(l *config.Library) string { return cmp.Or(l.Folder, "api") }

// forms limits requests to the API: a picture may be as large as one that is fetched.
func (b builder) forms(clouds []config.Cloud) form.Limits {
	most := b.settings.Origin.MaxBytes
	for _, conf := range clouds {
		most = max(most, conf.Limits.MaxBytes)
	}
	return form.Limits{
		MaxFile: int64(most),
		Large:   []string{"img", "link", "src", "cord"},
		Spool:   b.settings.Storage.Library.Spool,
		Memory:  textMemory{semaphore.NewWeighted(textRequests * int64(most))},
	}
}

// textRequests is how many times the largest picture there is memory for pictures
// that come as text. One such request holds its text up to three times, each a third
// larger than the picture.
const textRequests = 8

// textMemory is for requests whose pictures are text.
type textMemory struct{ room *semaphore.Weighted }

// Take never waits: who would have to is sent away.
func (m textMemory) Take(n int64) (release func(), err error) {
	if !m.room.TryAcquire(n) {
		return nil, fault.Errorf(fault.Overloaded, "too many pictures are sent as text at once; send files instead")
	}
	return func() { m.room.Release(n) }, nil
}
