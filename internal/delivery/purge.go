package delivery

import (
	"slices"
	"strings"
)

// Purge forgets every picture that was made of one that a cloud had, also where it
// is only laid over another; without a name, all that were made of what may be
// deleted. Whoever asks from now on gets what is there now.
//
// Fetches are forgotten first: what is begun between the two steps is dropped although
// it need not be, and nothing is kept that should not be. Renditions stay: they are
// found by what the original's bytes are, not by its name, and so is the JSON of Context
// by those of its picture.
func (s *Service) Purge(cloud, name string) {
	if name == "" {
		s.originals.forget(func(string, []string) bool { return true })
		s.Cache.Drop(mutable)
		return
	}
	s.originals.forget(func(c string, names []string) bool { return c == cloud && slices.Contains(names, name) })
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
	for _, name := range r.names() {
		if !strings.Contains(name, "://") {
			list = append(list, tag(r.Cloud.Name, name))
		}
	}
	return list
}
