package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pixedge/internal/admit"
	"pixedge/internal/background"
	"pixedge/internal/cache"
	"pixedge/internal/config"
	"pixedge/internal/origin"
	"pixedge/internal/pixlab"
	"pixedge/internal/rendition"
	"pixedge/internal/transform"
	"pixedge/internal/web"
	"pixedge/internal/worker"
)

// settings gathers what each package declares. A field's flag is its name in
// kebab case; see package config for the other spellings.
type settings struct {
	Listen        string        `default:"127.0.0.1:8080" help:"Address to serve pictures on."`
	MetricsListen string        `default:"127.0.0.1:9090" help:"Address to serve Prometheus metrics on; empty: none."`
	PublicURL     string        `name:"public-url" help:"Address that clients know the edge by, for links it prints. Default: http:// and the address it listens on."`
	LogFormat     string        `default:"json" enum:"json,text" help:"Format of the log: json or text."`
	Isolation     string        `name:"render-isolation" default:"process" enum:"process,none" help:"Where pictures are rendered: in confined processes of their own (process), or in that of the server (none), which a hostile picture may end."`
	LogLevel      string        `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	DrainTimeout  time.Duration `default:"30s" help:"Longest time to wait for requests in flight when stopping."`
	DrainDelay    time.Duration `default:"0s" help:"How long to go on serving after /ready fails, so that balancers notice."`

	Misses       int         `name:"max-misses" default:"64" help:"Originals that may be fetched at once; more wait their turn. One client alone gets half of them, or a quarter where there are several clouds: see security.md."`
	SourceMemory config.Size `name:"source-memory" default:"0" help:"Memory for originals that are being fetched or rendered; more wait until there is room, for queue_timeout at most. It is shared among clients and clouds as max_misses is. 0: 48 MiB for each picture that is rendered at once, and at least three times max_bytes."`

	Server    web.Config        `embed:""`
	Cache     cache.Config      `embed:""`
	Origin    origin.Limits     `embed:""`
	Hosts     origin.HostLimits `embed:""`
	Render    transform.Config  `embed:""`
	Admit     admit.Config      `embed:""`
	Later     background.Config `embed:""`
	Idle      admit.IdleConfig  `embed:""`
	Worker    worker.Config     `embed:""`
	Rendition rendition.Config  `embed:""`
	Limits    transform.Limits  `embed:""`
	Storage   storage           `embed:""`
	API       pixlab.Config     `embed:""`
}

// check finds what the types of the settings let through.
func (s *settings) check() error {
	var errs []error
	need := func(ok bool, key, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %s", key, want))
		}
	}
	const address = "want a host and a port, such as 127.0.0.1:8080"
	need(canListen(s.Listen), "listen", address)
	need(s.MetricsListen == "" || canListen(s.MetricsListen), "metrics_listen", address)
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"read_timeout", s.Server.ReadTimeout},
		{"write_timeout", s.Server.WriteTimeout},
		{"idle_timeout", s.Server.IdleTimeout},
		{"upload_timeout", s.Server.UploadTimeout},
		{"request_timeout", s.Cache.FillTimeout},
		{"fetch_timeout", s.Origin.Timeout},
		{"queue_timeout", s.Admit.Wait},
	} {
		need(d.value > 0, d.key, "must be more than 0")
	}
	need(s.DrainTimeout >= 0, "drain_timeout", "must not be negative")
	need(s.DrainDelay >= 0, "drain_delay", "must not be negative")
	need(s.Cache.Size >= 1<<20, "cache_size", "must be at least 1MiB")
	need(s.Server.HeaderSize >= 20<<10 && s.Server.HeaderSize <= 1<<20, "header_size", "must be from 20KiB, so that a path and a query of 8KiB fit, to 1MiB")
	need(s.Server.MaxUpload >= 64<<10, "max_upload", "must be at least 64KiB")
	need(s.Server.Max >= 0, "max_connections", "must not be negative")
	need(s.Server.PerClient >= 0, "max_connections_per_client", "must not be negative")
	need(s.Misses > 0 && s.Misses <= 100_000, "max_misses", "must be from 1 to 100000")
	need(s.SourceMemory == 0 || s.SourceMemory >= 2*s.Origin.MaxBytes, "source_memory", "must be 0 or at least twice max_bytes")
	need(s.Origin.MaxBytes > 0 && s.Origin.MaxBytes <= 1<<31-1, "max_bytes", "must be from 1 to 2GiB")
	need(s.Hosts.Fetches > 0 && s.Hosts.Fetches <= 10_000, "max_fetches_per_host", "must be from 1 to 10000")
	need(s.Limits.MaxPixels > 0 && s.Limits.MaxPixels <= 1e9, "max_pixels", "must be from 1 to 1G")
	need(s.Limits.MaxSide > 0, "max_side", "must be more than 0")
	need(s.Limits.MaxFrames > 0, "max_frames", "must be more than 0")
	need(s.Limits.MaxMemory >= 16<<20, "max_decode_memory", "must be at least 16MiB")
	need(s.Limits.MaxRender >= 16<<20, "max_render_memory", "must be at least 16MiB")
	need(s.Render.Workers >= 0 && s.Render.Workers <= 1024, "render_workers", "must be from 0 to 1024")
	need(s.Admit.Queue >= 0, "render_queue", "must not be negative")
	need(s.Admit.Memory == 0 || s.Admit.Memory >= 64<<20, "render_memory", "must be 0 or at least 64MiB")
	need(s.Later.Workers > 0 && s.Later.Workers <= 1024, "background_workers", "must be from 1 to 1024")
	need(s.Later.Queue > 0 && s.Later.Queue <= 100_000, "background_queue", "must be from 1 to 100000")
	need(s.Idle.CPU > 0 && s.Idle.CPU <= 100, "background_cpu", "must be from 1 to 100")
	need(s.Storage.DataDir != "", "data_dir", "must not be empty")
	need(s.PublicURL == "" || isAddress(s.PublicURL), "public_url", "want an http or https address")
	need(s.MetricsListen == "" || s.MetricsListen != s.Listen || strings.HasSuffix(s.Listen, ":0"), "metrics_listen", "must not be the address that pictures are served on")
	return errors.Join(append(errs, s.Worker.Check(), s.Rendition.Check())...)
}

// canListen reports whether text looks like an address to listen on.
func canListen(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// public returns the address for links, without a slash at its end.
func (s *settings) public() string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return "http://" + s.local()
}

// address returns what links to a cloud's own pictures begin with, up to their paths. On
// a custom domain they do not name the cloud.
func (s *settings) address(clouds []config.Cloud, cloud string) (string, error) {
	public := s.public()
	_, host, _ := strings.Cut(strings.ToLower(public), "://")
	host, _, _ = strings.Cut(host, "/")
	name, _, _ := net.SplitHostPort(host)
	for _, other := range clouds {
		switch {
		case !slices.Contains(other.Hosts, host) && !slices.Contains(other.Hosts, name):
			continue
		case other.Name != cloud:
			return "", fmt.Errorf("public_url: %s is a custom domain of the cloud %s, where nothing of %s has an address", host, other.Name, cloud)
		}
		return public + "/v2/original/", nil
	}
	return public + "/v2/" + cloud + "/original/", nil
}

// local returns the address that this machine finds the edge at.
func (s *settings) local() string {
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return s.Listen // unreachable: check refuses it
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
