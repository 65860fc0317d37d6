package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"strconv"
	"time"

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
		fault.TooMany:       {fasthttp.StatusTooManyRequests, "JR-0429", "TooManyRequestsError", true},
		fault.Overloaded:    {fasthttp.StatusServiceUnavailable, "JR-0503", "OverloadedError", true},
		fault.Upstream:      {fasthttp.StatusBadGateway, "JR-0502", "OriginError", false},
		fault.Timeout:       {fasthttp.StatusGatewayTimeout, "JR-0504", "TimeoutError", false},
		fault.Loop:          {fasthttp.StatusLoopDetected, "JR-0508", "LoopError", false},
		fault.Storage:       {fasthttp.StatusInsufficientStorage, "JR-0507", "StorageError", false},
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

// unread is the route of what could not be read as a request.
const unread = "unread"

// refusal says how an error in reading a request looks from outside. The faults
// of connections have statuses that no other failure has.
func refusal(err error) (f failure, message string) {
	if _, small := errors.AsType[*fasthttp.ErrSmallBuffer](err); small {
		return headersTooLarge(), "the request line and headers are too long"
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return tooSlow(), "the request did not arrive in time"
	}
	return failures(fault.Invalid), "not an HTTP request"
}

func headersTooLarge() failure {
	return failure{fasthttp.StatusRequestHeaderFieldsTooLarge, "JR-0431", "HeadersTooLargeError", false}
}

func tooSlow() failure {
	return failure{fasthttp.StatusRequestTimeout, "JR-0408", "RequestTimeoutError", false}
}

// fail answers with err, in the way its kind asks for. To a client that has left
// the answer is for the log, with nginx's status.
func (x *exchange) fail(err error) {
	switch {
	case errors.Is(err, errLeft):
		x.c.SetConnectionClose()
		x.answerWith(failure{499, "JR-0499", "ClientLeftError", false}, err)
	case errors.Is(err, errHeaders):
		x.answerWith(headersTooLarge(), err)
	case errors.Is(err, errSlow):
		x.answerWith(tooSlow(), err)
	default:
		x.answerWith(failures(fault.Of(err)), err)
	}
}

// answerWith writes err as the API has it whose path was asked for, or else as
// PixelBin does. Only the text that fault.Message lets through is shown.
func (x *exchange) answerWith(f failure, err error) {
	x.c.Response.ResetBody()
	if f.retry {
		x.set("Retry-After", strconv.Itoa(retryAfter(err)))
	}
	r := x.dialect(f, err)
	r.Status = cmp.Or(r.Status, f.status)
	x.reply(r)
	x.err = err
}

// dialect returns how err reads to a client. An API that cannot say it has it said
// in PixelBin's way.
func (x *exchange) dialect(f failure, err error) (r Reply) {
	if x.api == nil || x.api.Fail == nil {
		return x.standard(f, err)
	}
	defer func() {
		if recover() != nil {
			r = x.standard(f, err)
		}
	}()
	return x.api.Fail(err, f.status, fault.Message(err), string(x.id))
}

// standard returns err as PixelBin writes it.
func (x *exchange) standard(f failure, err error) Reply {
	body, jsonErr := json.Marshal(errorBody{
		Message: fault.Message(err), Status: f.status, Code: f.code, ErrorCode: f.code,
		Exception: f.exception, RequestID: string(x.id),
	})
	if jsonErr != nil {
		body = []byte("{}") // unreachable: the fields are strings and a number
	}
	return Reply{Status: f.status, ContentType: "application/json", Body: body}
}

// retryAfter returns for how many whole seconds a client should stay away: what
// err says, and at least one.
func retryAfter(err error) int {
	return max(1, int((fault.RetryAfter(err)+time.Second-1)/time.Second))
}
