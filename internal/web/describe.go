package web

import "pixedge/internal/fault"

// A Failure describes a kind of failure as clients see it, for the manual.
type Failure struct {
	Kind      fault.Kind
	Status    int
	Code      string
	Exception string
	Doc       string
}

// Failures describes every kind of failure, in the order of fault.Kinds.
func Failures() []Failure {
	var list []Failure
	for _, k := range fault.Kinds() {
		f := failures(k)
		list = append(list, Failure{k, f.status, f.code, f.exception, meaning(k)})
	}
	return list
}

// meaning says when clients meet a kind of failure.
func meaning(k fault.Kind) string {
	return [...]string{
		fault.Internal:      "A bug. The log has the rest, under the same request id.",
		fault.Invalid:       "The URL cannot be read, or an operation or one of its parameters is not right. It will never work.",
		fault.Unauthorized:  "The signature is missing, wrong or expired.",
		fault.Forbidden:     "A link, or a redirect on its way, leads to a host or an address that is not allowed.",
		fault.NotFound:      "There is no such picture, cloud or zone.",
		fault.NotAllowed:    "The method is not one of those that the header `Allow` lists.",
		fault.TooLong:       "The path or the query is longer than 8 KiB.",
		fault.TooLarge:      "The original has more bytes than `max_bytes`, or the request's body than it may.",
		fault.Unsupported:   "What the source has is no picture, or is in a format that cannot be read; or the format asked for cannot be made.",
		fault.Unprocessable: "The original is damaged, or over the limits of `max_pixels`, `max_side`, `max_frames`, `max_decode_memory` or `max_render_memory`; or its result could not be encoded.",
		fault.TooMany:       "More requests than the rate of the API key allows. `Retry-After` says when to come back.",
		fault.Overloaded:    "Too many pictures wait to be made, or the server is stopping. `Retry-After` says when to come back.",
		fault.Upstream:      "A source failed.",
		fault.Timeout:       "A source, or the making of the picture, took too long.",
		fault.Loop:          "The request came from this very edge: a source of the cloud leads back to it. `CDN-Loop` says so.",
		fault.Storage:       "There is no room to keep what was sent.",
	}[k]
}
