// Bare is the yardstick of scripts/load: a fasthttp server that gives every
// request the answer that a running edge gave to one URL.
//
//	bare [-headers] [-revalidate] URL
//
// It listens on a free port of 127.0.0.1 and prints the address, the length of
// the body and the ETag of the edge's answer. It serves until it is killed.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"pixedge/benchmarks"
)

func main() {
	headers := flag.Bool("headers", false, "write the edge's headers too, and not the type of the body alone")
	revalidate := flag.Bool("revalidate", false, "give the answer for a client that has the picture: 304")
	flag.Parse()
	if err := run(flag.Arg(0), *headers, *revalidate); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(url string, headers, revalidate bool) error {
	answer, err := hit(url, "")
	if err != nil {
		return err
	}
	tag := string(answer.Header.Peek("ETag"))
	if revalidate {
		if answer, err = hit(url, tag); err != nil {
			return err
		}
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, ln.Addr(), len(answer.Body()), tag)
	server := &fasthttp.Server{Handler: benchmarks.Bare(answer, headers), Name: "pixedge"}
	return server.Serve(ln)
}

// hit asks twice and returns the second answer, which comes out of the cache.
// With a tag it asks for a picture that the client has already.
func hit(url, tag string) (*fasthttp.Response, error) {
	request, answer := new(fasthttp.Request), new(fasthttp.Response)
	request.SetRequestURI(url)
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	for range 2 {
		if err := fasthttp.DoTimeout(request, answer, 30*time.Second); err != nil {
			return nil, err
		}
	}
	want := fasthttp.StatusOK
	if tag != "" {
		want = fasthttp.StatusNotModified
	}
	if got := answer.StatusCode(); got != want || string(answer.Header.Peek("X-Cache")) != "HIT" {
		return nil, fmt.Errorf("%s: status %d, want %d out of the cache", url, got, want)
	}
	return answer, nil
}
