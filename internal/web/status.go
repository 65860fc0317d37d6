package web

import (
	"encoding/json"

	"github.com/valyala/fasthttp"

	"pixedge/internal/fault"
)

// A failure is how a kind of failure looks from outside.
type failure struct {
	status    int
	code      string // as PixelBin numbers its errors; ours where it has none
	exception string
	retry     bool // a client may try the same again
}

// failures is the one place that knows which HTTP status a kind gets.
func failures(k fault.Kind) failure {
	return [...]failure{
		fault.Internal:      {fasthttp.StatusInternalServerError, "JR-0500", "InternalError", false},
		fault.Invalid:       {fasthttp.StatusBadRequest, "JR-0400", "BadRequestError", false},
		fault.Unauthorized:  {fasthttp.StatusUnauthorized, "JR-0401", "SignatureError", false},
		fault.Forbidden:     {fasthttp.StatusForbidden, "JR-0403", "ForbiddenError", false},
		fault.NotFound:      {fasthttp.StatusNotFound, "JR-0404", "NotFoundError", false},
		fault.NotAllowed:    {fasthttp.StatusMethodNotAllowed, "JR-0405", "MethodNotAllowedError", false},
		fault.TooLong:       {fasthttp.StatusRequestURITooLong, "JR-0414", "URITooLongError", false},
		fault.TooLarge:      {fasthttp.StatusRequestEntityTooLarge, "JR-0413", "TooLargeError", false},
		fault.Unsupported:   {fasthttp.StatusUnsupportedMediaType, "JR-0415", "UnsupportedFormatError", false},
		fault.Unprocessable: {fasthttp.StatusUnprocessableEntity, "JR-0422", "UnprocessableImageError", false},
		fault.Overloaded:    {fasthttp.StatusServiceUnavailable, "JR-0503", "OverloadedError", true},
		fault.Upstream:      {fasthttp.StatusBadGateway, "JR-0502", "OriginError", false},
		fault.Timeout:       {fasthttp.StatusGatewayTimeout, "JR-0504", "TimeoutError", false},
	}[k]
}

// errorBody is the shape of PixelBin's errors. Its services write code, its
// documents errorCode; clients of both kinds are about.
type errorBody struct {
	Message   string `json:"message"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	ErrorCode string `json:"errorCode"`
	Exception string `json:"exception"`
	RequestID string `json:"requestId"`
}

// fail writes err as JSON. Only the text that fault.Message lets through is
// shown.
func (x *exchange) fail(err error) {
	f := failures(fault.Of(err))
	body, jsonErr := json.Marshal(errorBody{
		Message: fault.Message(err), Status: f.status, Code: f.code, ErrorCode: f.code,
		Exception: f.exception, RequestID: string(x.id),
	})
	if jsonErr != nil {
		body = []byte("{}") // unreachable: the fields are strings and a number
	}
	x.c.Response.ResetBody()
	x.c.SetStatusCode(f.status)
	x.c.SetContentType("application/json")
	x.c.Response.Header.Set("Cache-Control", "no-store")
	x.c.Response.Header.Set("X-Content-Type-Options", "nosniff")
	if f.retry {
		x.c.Response.Header.Set("Retry-After", "1")
	}
	x.c.SetBody(body)
	x.err = err
}
