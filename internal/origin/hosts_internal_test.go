package origin

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestHostsAreForgotten asks for more hosts than are remembered.
func TestHostsAreForgotten(t *testing.T) {
	h := NewHosts("edge-1", HostLimits{Fetches: 1})
	first := h.at(KindRemote, "0.example.com:80")
	for i := range 2 * maxHosts {
		h.at(KindRemote, fmt.Sprintf("%d.example.com:80", i))
	}
	if n := h.known.Len(); n != maxHosts {
		t.Errorf("%d hosts are remembered, want %d", n, maxHosts)
	}
	if h.at(KindRemote, "0.example.com:80") == first {
		t.Error("the first is still remembered")
	}
	if h.at(KindHTTP, "a.example.com:80") == h.at(KindRemote, "a.example.com:80") {
		t.Error("links and folders share a host")
	}
	if last := h.at(KindHTTP, "a.example.com:80"); h.at(KindHTTP, "a.example.com:80") != last {
		t.Error("a host is forgotten at once")
	}
}

func TestRetryAfterHeader(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "-1": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0,
		"Tue, 15 Nov 1994 12:45:26 GMT": 0,
	} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
	in := time.Now().Add(time.Hour)
	if got := retryAfter(in.UTC().Format(http.TimeFormat)); got < 59*time.Minute || got > time.Hour {
		t.Errorf("a date in an hour is in %v", got)
	}
}
