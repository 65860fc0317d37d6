package pixlab

import (
	"encoding/json"
	"strings"

	"pixedge/internal/fault"
	"pixedge/internal/web"
)

// contentType is compared with all its letters by PixLab's PHP class: with a charset
// behind it, it takes the reply for a picture.
const contentType = "application/json"

// stored is the reply of an endpoint that keeps something.
type stored struct {
	Status int    `json:"status"`
	ID     string `json:"id"`
	Link   string `json:"link"`
	Secure string `json:"ssl_link"` // clients in Swift fail without it
}

// failed is the reply to a call that went wrong.
type failed struct {
	Status int    `json:"status"`
	Error  string `json:"error"`
}

// answer writes v as the reply with a status.
func answer(status int, v any) (web.Reply, error) {
	body, err := json.Marshal(v)
	return web.Reply{Status: status, ContentType: contentType, Body: append(body, '\n')}, err
}

// ok is the status of a call that went well, on the status line and in the reply.
const ok = 200

// fail writes what went wrong as PixLab does: the status line and the reply have the
// same status.
func fail(_ error, status int, text, _ string) web.Reply {
	reply, err := answer(status, failed{status, text})
	if err != nil {
		return web.Reply{Status: status, ContentType: contentType, Body: []byte("{}")} // unreachable: a number and a text
	}
	return reply
}

// undecodable says of what cannot be decoded that it is of no supported format, which
// is how PixLab's clients know it.
func undecodable(err error) error {
	if fault.Of(err) == fault.Unprocessable {
		return fault.Wrap(err, fault.Unsupported, "%s", fault.Message(err))
	}
	return err
}

// reword says of what an operation found wrong what it is of the endpoint.
func (e endpoint) reword(err error) error {
	operation, text, ok := strings.Cut(fault.Message(err), ": ")
	if fault.Of(err) != fault.Invalid || !ok || !strings.HasPrefix(operation, "t.") {
		return undecodable(err)
	}
	param, rest, ok := strings.Cut(text, ": ")
	names := map[string]string{"bboxes": "cord", "l": "lines", "c": "color", "bc": "color", "s": "size", "t": "text", "w": "width", "h": "height"}
	if name := names[param]; ok && name != "" {
		text = name + ": " + rest
	}
	return fault.Wrap(err, fault.Invalid, "%s: %s", e.name, text)
}
