package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"

	"pixedge/internal/imgtest"
)

// An upload is a request to store a picture that is sent in two halves.
type upload struct {
	net.Conn
	second []byte
}

// begin sends the first half of an upload.
func (e *apiEdge) begin(t *testing.T) upload {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("key", e.key)
	file, err := form.CreateFormFile("file", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.Write(imgtest.PNG(t, imgtest.Card(64, 48, false)))
	_ = form.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	half := body.Len() / 2
	fmt.Fprintf(conn, "POST /store HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", form.FormDataContentType(), body.Len(), body.Next(half))
	e.becomes(t, "edge_connections", "1") // it has been let in
	return upload{conn, body.Bytes()}
}

// finish sends the rest and returns the answer.
func (u upload) finish(t *testing.T) reply {
	t.Helper()
	if _, err := u.Write(u.second); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(u), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return readReply(t, answer{res.StatusCode, res.Header, data})
}

// TestStopUploads tells an edge to stop while uploads are on their way: one that comes
// in time is kept, of one that does not nothing is.
func TestStopUploads(t *testing.T) {
	for timeout, inTime := range map[string]bool{"30s": true, "100ms": false} {
		e := startAPI(t, apiSetup{args: []string{"--drain-delay=500ms", "--drain-timeout=" + timeout}})
		u := e.begin(t)
		e.terminate(t)
		eventually(t, "closed", func() bool {
			conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		})
		want := exitFailure
		if inTime {
			r := u.finish(t)
			if _, err := e.shelf.Find(t.Context(), r.path()); r.Status != http.StatusOK || err != nil {
				t.Errorf("answered with %d %s, and kept: %v", r.Status, r.Error, err)
			}
			want = exitOK
		}
		if code := e.wait(t); code != want || strings.Contains(e.stderr.String(), "panic") {
			t.Errorf("in time %v: exit code %d\n%s", inTime, code, &e.stderr)
		}
		if n := len(e.assets(t)); n != 0 != inTime {
			t.Errorf("in time %v: %d assets", inTime, n)
		}
		e.wantSpoolEmpty(t)
	}
}
