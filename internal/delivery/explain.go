package delivery

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/signing"
	"pixedge/internal/urlparse"
)

// An Explanation is what a URL comes to, for people.
type Explanation struct {
	Cloud     string           `json:"cloud"`
	Zone      string           `json:"zone,omitempty"`
	Canonical string           `json:"canonical"`
	File      string           `json:"file"`
	Remote    bool             `json:"remote"`
	Options   urlparse.Options `json:"options"`
	Signed    bool             `json:"signed"`
	Expires   int64            `json:"expires,omitempty"` // Unix seconds
	Plan      []string         `json:"plan"`
	Output    string           `json:"output"`
	Vary      string           `json:"vary"`
	CacheKeys []string         `json:"cache_keys"`
}

// Explain says what the URI asked of a host comes to. Its errors are those that
// Image would give before it looks for the picture.
func (s *Service) Explain(host, uri string) (Explanation, error) {
	route, err := s.resolve(s.Clouds.OfHost([]byte(host)), uri)
	if err != nil {
		return Explanation{}, err
	}
	keys := slices.Compact(slices.Clone(route.keys[:]))
	return Explanation{
		Cloud: route.Cloud.Name, Zone: route.request.Zone, Canonical: route.request.URI(),
		File: route.request.File, Remote: route.request.Remote(), Options: route.request.Options,
		Signed: route.Grant != signing.Grant{}, Expires: route.Grant.Expires,
		Plan: route.plan.Steps(), Output: route.plan.Encoding(), Vary: route.Vary, CacheKeys: keys,
	}, nil
}

// Checks says how the signature of a URI fares, check by check.
func (s *Service) Checks(host, uri string) ([]signing.Check, error) {
	cloud, req, err := s.parse(host, uri)
	if err != nil {
		return nil, err
	}
	picture, _, err := cloud.translate(req)
	if err != nil {
		return nil, err
	}
	if !req.Signature.Present() && !cloud.Signed(picture.File) {
		return nil, fault.Errorf(fault.Invalid, "the URL is not signed, and cloud %q does not ask for it", cloud.Name)
	}
	return cloud.Verifier.Explain(claim(req)), nil
}

// Sign signs a URI with a key of its cloud, until expires in Unix seconds, the
// way PixelBin's JavaScript SDK does, and returns it with the signature. keyID
// may be empty for the cloud's first key.
func (s *Service) Sign(host, uri, keyID string, expires int64) (string, error) {
	cloud, req, err := s.parse(host, uri)
	if err != nil {
		return "", err
	}
	if req.Signature.Present() {
		return "", fault.Errorf(fault.Invalid, "the URL has a signature already")
	}
	keyID = cmp.Or(keyID, cloud.SigningKey)
	where, query, _ := strings.Cut(uri, "?")
	pbs, err := cloud.Verifier.Sign(where, query, keyID, expires)
	if err != nil {
		return "", err
	}
	joint := "?"
	if query != "" {
		joint = "&"
	}
	return fmt.Sprintf("%s%spbs=%s&pbe=%d&pbt=%s", uri, joint, pbs, expires, url.QueryEscape(keyID)), nil
}

// CloudOf returns the cloud that a URI asked of a host is for, or nil.
func (s *Service) CloudOf(r Request) *Cloud {
	cloud, _, err := s.parse(string(r.Host), string(r.URI))
	if err != nil {
		return nil
	}
	return cloud
}

func (s *Service) parse(host, uri string) (*Cloud, urlparse.Request, error) {
	hosted := s.Clouds.OfHost([]byte(host))
	var name string
	if hosted != nil {
		name = hosted.Name
	}
	where, query, _ := strings.Cut(uri, "?")
	req, err := urlparse.Parse(where, query, name)
	if err != nil {
		return nil, req, err
	}
	cloud, err := s.Clouds.Named(req.Cloud)
	return cloud, req, err
}
