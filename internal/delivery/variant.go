package delivery

import (
	"math"
	"strconv"
	"strings"

	"pixedge/internal/media"
	"pixedge/internal/transform"
)

// A Negotiation says what besides the URL may change a cloud's answers.
type Negotiation struct {
	Formats media.Accepted // that f_auto may choose
	Defer   bool           // do not make people wait for an AVIF: see later.go
	Hints   bool           // look at client hints
}

// Headers are those of a request.
type Headers interface{ Peek(name string) []byte }

// A variant is what matters of a request's headers, reduced to a few classes so
// that their many values do not multiply what is cached.
type variant struct {
	accepts media.Accepted
	hints   transform.Hints
}

// variant returns which of the route's answers a request gets.
func (r *Route) variant(q Request) variant {
	var v variant
	if r.negotiates {
		v.accepts = media.ParseAccept(q.Accept) & r.Cloud.Negotiation.Formats
	}
	if !r.Cloud.Negotiation.Hints || q.Hints == nil {
		return v
	}
	if r.request.Options.DPRAuto {
		v.hints.DPR = density(first(q.Hints, "Sec-CH-DPR", "DPR"))
	}
	if r.plan.TakesWidth() {
		v.hints.Width = width(first(q.Hints, "Sec-CH-Width", "Width"))
	}
	v.hints.SaveData = !r.plan.Original() && strings.EqualFold(string(q.Hints.Peek("Save-Data")), "on")
	return v
}

// vary lists the headers that a route's answers depend on, as the Vary header
// has it.
func (r *Route) vary() string {
	var names []string
	if r.negotiates && r.Cloud.Negotiation.Formats != 0 {
		names = append(names, "Accept")
	}
	if r.Cloud.Negotiation.Hints {
		if r.request.Options.DPRAuto {
			names = append(names, "Sec-CH-DPR", "DPR")
		}
		if r.plan.TakesWidth() {
			names = append(names, "Sec-CH-Width", "Width")
		}
		if !r.plan.Original() {
			names = append(names, "Save-Data")
		}
	}
	return strings.Join(names, ", ")
}

// key returns the cache key of a variant. It does not allocate where there are
// no hints.
func (r *Route) key(v variant) string {
	if v.hints == (transform.Hints{}) {
		return r.keys[v.accepts]
	}
	key := r.keys[v.accepts] + " dpr=" + strconv.FormatFloat(v.hints.DPR, 'g', -1, 64) + " w=" + strconv.Itoa(v.hints.Width)
	if v.hints.SaveData {
		key += " save"
	}
	return key
}

func first(h Headers, names ...string) string {
	for _, name := range names {
		if value := h.Peek(name); len(value) > 0 {
			return strings.TrimSpace(string(value))
		}
	}
	return ""
}

// density reads a DPR hint and rounds it to one of a few steps: screens have many
// ratios, and nobody sees the difference between 2.6 and 3.
func density(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0) {
		return 0
	}
	for _, step := range []float64{1, 1.5, 2, 3, 4} {
		if f <= step {
			return step
		}
	}
	return 5
}

// ladder is the step, in pixels, that widths are rounded up to.
const ladder = 100

// width reads a width hint, in device pixels.
func width(text string) int {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 1 && f <= 10000) {
		return 0
	}
	return min(10000, int(math.Ceil(f/ladder))*ladder)
}
