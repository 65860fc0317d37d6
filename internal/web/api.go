package web

import (
	"context"
	"io"
)

// An API has paths of its own, and its own way to say what went wrong.
type API struct {
	Endpoints []Endpoint

	// Loose takes capital letters and small ones in a path for the same, and lets
	// it end in a slash.
	Loose bool

	// CORS lists the origins whose scripts may read the answers. "*": all.
	CORS []string

	// Fail returns how err reads to a client: status and text are those that any
	// other route would answer with, and a Reply without a Status has that. nil:
	// PixelBin's way.
	Fail func(err error, status int, text, requestID string) Reply

	// Missing returns what to answer for a path, as sent and without the query,
	// that no endpoint has. ok is false if it is not below the API's. It is
	// not asked about /v2/. nil: the API has no paths but those of its endpoints.
	Missing func(path string) (r Reply, ok bool)
}

// An Endpoint is a path of an API. Several may share one if their methods differ.
type Endpoint struct {
	Name    string // in metrics
	Methods []string
	Path    string
	Doc     string
	Body    bool // requests may have one of at most Config.MaxUpload bytes; not those of GET and HEAD

	// Serve answers a call. ctx ends when the client leaves or the server stops.
	// Neither call nor its Body may be used after Serve has returned.
	Serve func(ctx context.Context, call *Call) (Reply, error)
}

// A Call is a request to an API.
type Call struct {
	Method      string
	Host        string
	Path        string // as sent, without the query
	Query       string // as sent, without the question mark
	Client      string // its IP address, as the log has it; "" if it has none
	RequestID   string
	ContentType string

	// Body is never nil. Reading it fails, with a fault, when it is too large, too
	// slow or not framed as it should be. What is left of it is not the
	// endpoint's concern.
	Body   io.Reader
	Length int64 // of Body in bytes; -1 if only its end will tell

	Header func(name string) string // returns a header of the request, or ""
}

// A Reply is the answer to a call.
type Reply struct {
	Status      int    // 0: 200
	ContentType string // as written here, with nothing added
	Headers     map[string]string
	Body        []byte // not written to any more

	// Stream, if not nil, has the body instead. It is closed once it is sent.
	Stream io.ReadCloser
	Length int64 // of Stream in bytes; -1: to its end
}
