package delivery

import (
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/origin"
	"pixedge/internal/signing"
)

// Purge forgets every picture that was made of one that a cloud had, also where it
// is only laid over another; without a name, all that were made of what may be
// deleted. Whoever asks from now on gets what is there now.
func (s *Service) Purge(cloud, name string) {
	s.originals.forgetAll()
	if name == "" {
		s.Cache.Drop(mutable)
		return
	}
	s.Cache.Drop(tag(cloud, name))
}

// mutable is the tag of all pictures that are made of what may be deleted.
const mutable = "mutable"

func tag(cloud, name string) string { return cloud + "/" + name }

// tags returns those that a route's pictures are dropped by: the names of what they
// are made of, where that may be deleted.
func (r *Route) tags() []string {
	if !r.zone.Mutable {
		return nil
	}
	list := []string{mutable}
	for _, name := range append([]string{r.source}, r.plan.Files()...) {
		if !strings.Contains(name, "://") {
			list = append(list, tag(r.Cloud.Name, name))
		}
	}
	return list
}

// mayHave returns an error unless the route's request may have a picture that is
// private, if it is.
func (r *Route) mayHave(private bool) error {
	if private && !r.trusted && r.Grant == (signing.Grant{}) {
		return fault.Errorf(fault.Unauthorized, "this picture needs a signed URL")
	}
	return nil
}

// private reports whether one of the pictures is.
func private(originals []origin.Original) bool {
	for _, o := range originals {
		if o.Private {
			return true
		}
	}
	return false
}
