// Package benchmarks measures what a request costs.
//
// edge_bench_test.go measures whole requests in process, and the program bench
// measures servers over real sockets; README.md says how to read both. Either
// holds the edge against [Bare], which is why that is here, and likeness by [SSIM]:
// the yardsticks should be one.
// Nothing in the package passes or fails by time, because time belongs to the
// machine.
package benchmarks

import "github.com/valyala/fasthttp"

// Bare returns the least that a fasthttp handler can do to give an answer that
// a server of ours gave: the same status, type and body, without a copy. With
// headers it writes the other headers of the answer too, so that the same bytes
// go over the wire.
func Bare(answer *fasthttp.Response, headers bool) fasthttp.RequestHandler {
	status, body := answer.StatusCode(), append([]byte(nil), answer.Body()...)
	kind := string(answer.Header.ContentType())
	var keys, values []string
	for k, v := range answer.Header.All() {
		if headers && !own(string(k)) {
			keys, values = append(keys, string(k)), append(values, string(v))
		}
	}
	return func(c *fasthttp.RequestCtx) {
		c.SetStatusCode(status)
		c.SetContentType(kind)
		for i, k := range keys {
			c.Response.Header.Set(k, values[i])
		}
		c.Response.SetBodyRaw(body)
	}
}

// own reports whether fasthttp writes the header by itself.
func own(key string) bool {
	switch key {
	case "Content-Type", "Content-Length", "Connection", "Date", "Server":
		return true
	}
	return false
}
