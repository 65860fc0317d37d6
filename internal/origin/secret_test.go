package origin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"pixedge/internal/origin"
)

// TestErrorsHoldNoQuery has links with a key in them fail in every way: what an
// error says is logged.
func TestErrorsHoldNoQuery(t *testing.T) {
	const key = "hunter2"
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "ftp://127.0.0.1/?"+key, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop?"+key, http.StatusFound)
		case "/slow":
			<-r.Context().Done()
		case "/hang-up":
			panic(http.ErrAbortHandler)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	gone := serve(t, nil)
	gone.Close()
	fetcher := remote(t, origin.Limits{MaxBytes: 1000, Timeout: 200 * time.Millisecond}, server.URL, gone.URL)
	for _, link := range []string{
		server.URL + "/error", server.URL + "/redirect", server.URL + "/loop", server.URL + "/slow", server.URL + "/hang-up",
		gone.URL + "/a.jpg", "http://10.255.255.1/a.jpg", "http://[::1/a.jpg", "http://127.0.0.1:x/a.jpg",
	} {
		_, err := fetcher.Fetch(t.Context(), link+"?token="+key)
		if err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, want an error without the query", link, err)
		}
	}
}
