package urlparse_test

import (
	"strings"
	"testing"

	"pixedge/internal/fault"
)

func TestRemoteLinks(t *testing.T) {
	const at = "/v2/demo/original/"
	tests := []struct{ sent, file, path, link string }{
		{
			"https://host/a.jpg",
			"https://host/a.jpg", "https://host/a.jpg", "https://host/a.jpg",
		},
		{
			"http:/host/a.jpg",
			"http://host/a.jpg", "http://host/a.jpg", "http://host/a.jpg",
		},
		{
			"https://host",
			"https://host", "https://host", "https://host",
		},
		{
			"https://host//a//b/",
			"https://host//a//b/", "https://host//a//b/", "https://host//a//b/",
		},
		{
			"https:/host//a.jpg",
			"https://host//a.jpg", "https://host//a.jpg", "https://host//a.jpg",
		},
		{
			"https://host/a%20b.jpg",
			"https://host/a b.jpg", "https://host/a%20b.jpg", "https://host/a%20b.jpg",
		},
		{
			"https://host/a%3Fx=1&y=b%20c",
			"https://host/a?x=1&y=b c", "https://host/a%3Fx=1&y=b%20c", "https://host/a?x=1&y=b%20c",
		},
		{
			"https://host/100%25.jpg",
			"https://host/100%.jpg", "https://host/100%25.jpg", "https://host/100%25.jpg",
		},
		{
			"https://host/日.jpg",
			"https://host/日.jpg", "https://host/%E6%97%A5.jpg", "https://host/%E6%97%A5.jpg",
		},
		{
			"https://127.0.0.1:9100/a.jpg",
			"https://127.0.0.1:9100/a.jpg", "https://127.0.0.1:9100/a.jpg", "https://127.0.0.1:9100/a.jpg",
		},
		{
			"https://[::1]:9100/a.jpg",
			"https://[::1]:9100/a.jpg", "https://[::1]:9100/a.jpg", "https://[::1]:9100/a.jpg",
		},
		{
			"https://host/http://other/a.jpg",
			"https://host/http://other/a.jpg", "https://host/http://other/a.jpg", "https://host/http://other/a.jpg",
		},
		{
			"https%3A%2F%2Fhost%2Fa.jpg%3Fx%3D1",
			"https://host/a.jpg?x=1", "https://host/a.jpg%3Fx=1", "https://host/a.jpg?x=1",
		},
		{
			"http%3a%2F%2fhost%3A8080%2fa%2520b.jpg",
			"http://host:8080/a%20b.jpg", "http%3A%2F%2Fhost%3A8080%2Fa%2520b.jpg", "http://host:8080/a%20b.jpg",
		},
		{
			"https%3A%2F%2Fhost%2Fa%252Fb%253Fc%2523.jpg%3Fd",
			"https://host/a%2Fb%3Fc%23.jpg?d", "https%3A%2F%2Fhost%2Fa%252Fb%253Fc%2523.jpg%3Fd", "https://host/a%2Fb%3Fc%23.jpg?d",
		},
		{
			"https%3A%2F%2Fhost%2F%25E9.jpg", // Latin-1, as old servers name their files
			"https://host/%E9.jpg", "https%3A%2F%2Fhost%2F%25E9.jpg", "https://host/%E9.jpg",
		},
		{
			"https%3A%2F%2Fhost%2Fa.jpg%3Fu%3Dhttps%253A%252F%252Fother%252Fb",
			"https://host/a.jpg?u=https%3A%2F%2Fother%2Fb",
			"https%3A%2F%2Fhost%2Fa.jpg%3Fu%3Dhttps%253A%252F%252Fother%252Fb",
			"https://host/a.jpg?u=https%3A%2F%2Fother%2Fb",
		},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			r, err := parse(at+tt.sent, "")
			if err != nil {
				t.Fatal(err)
			}
			if r.File != tt.file || !r.Remote() {
				t.Errorf("File = %q, Remote %t; want %q", r.File, r.Remote(), tt.file)
			}
			if got := r.Path(); got != at+tt.path {
				t.Errorf("Path = %s, want %s", got, at+tt.path)
			}
			if got := r.Link(); got != tt.link {
				t.Errorf("Link = %s, want %s", got, tt.link)
			}
		})
	}
}

func TestRemoteLinkRefused(t *testing.T) {
	tests := []struct{ sent, message string }{
		{"https:/", "is not the host"},
		{"https://", "is not the host"},
		{"https:///host/a", "is not the host"},
		{"https://:80/a", "is not the host"},
		{"https://host:80x/a", "is not the host"},
		{"https://[::1/a", "is not the host"},
		{"https://user@host/a", "is not the host"},
		{"https://user:word@host/a", "is not the host"},
		{"https://good.example%40evil.example/a", "is not the host"},
		{"https://h%20ost/a", "is not the host"},
		{"https://h%25ost/a", "is not the host"},
		{"https://ｈｏｓｔ/a", "is not the host"},
		{"https://%3Fa/b", "is not the host"},
		{"https%3A%2F%2F", "is not the host"},
		{"https%3A%2F%2Fuser%40host%2Fa", "is not the host"},
		{"https%3A%2F%2Fh%252Eost%2Fa", "is not the host"},
		{"HTTPS://host/a", "lower case"},
		{"Http:/host/a", "lower case"},
		{"HTTPS%3A%2F%2Fhost%2Fa", "lower case"},
		{"https://host/a%23b", "fragment"},
		{"https%3A%2F%2Fhost%2Fa%23b", "fragment"},
		{"https://host%5C@evil/a", "backslash"},
		{"https%3A%2F%2Fhost%2Fa%255Cb", "backslash"},
		{"https://host/a%0Ab", "control character"},
		{"https%3A%2F%2Fhost%2Fa%0Ab", "control character"},
		{"https%3A%2F%2Fhost%2Fa%250D%250Ab", "control character"},
		{"https://host/../a", "a segment . or .."},
		{"https://host/..%3Fb", "a segment . or .."},
		{"https%3A%2F%2Fhost%2F..%2Fa", "a segment . or .."},
		{"https%3A%2F%2Fhost%2F%252e%252E%2Fa", "a segment . or .."},
		{"https%3A%2F%2Fhost%2F%252e%252E%252Fa", "a segment . or .."},
		{"https://host/a%2520b", "percent-encoded twice"},
		{"https%3A%2F%2Fhost%2Fa%252520b", "percent-encoded twice"},
		{"https%3A%2F%2Fhost%2Fa%2520%25zz", "not followed by two hexadecimal digits"},
		{"https%3A%2F%2Fhost%2Fa%zz", "not followed by two hexadecimal digits"},
		{"https%3A%2F%2Fhost%2Fa/b", "encoded slash"},
		{"https:%2F%2Fhost%2Fa", "encoded slash"},
		{"%68ttps%3A%2F%2Fhost%2Fa", "encoded slash"},
		{"folder/https%3A%2F%2Fhost%2Fa", "encoded slash"},
		{"https://host/https%3A%2F%2Fother%2Fa", "encoded slash"},
		{"ftp://host/a", "empty segment"},
		{"file:///etc/passwd", "empty segment"},
	}
	for _, tt := range tests {
		t.Run(tt.sent, func(t *testing.T) {
			r, err := parse("/v2/demo/original/"+tt.sent, "")
			if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), tt.message) {
				t.Errorf("Parse: File %q, %v; want an Invalid error with %q", r.File, err, tt.message)
			}
		})
	}
}

// A path for the worker is text for its translation, which may read it as a link
// or not.
func TestWorkerPathIsNoLink(t *testing.T) {
	r, err := parse("/v2/demo/wrkr/https:/host/a.jpg", "")
	if err != nil || r.Remote() || r.File != "https:/host/a.jpg" || r.Link() != "" {
		t.Errorf("Parse = %s, %v; want a worker's path", fields(r), err)
	}
	for _, sent := range []string{"https://host/a.jpg", "https%3A%2F%2Fhost%2Fa.jpg"} {
		if r, err := parse("/v2/demo/wrkr/"+sent, ""); fault.Of(err) != fault.Invalid {
			t.Errorf("Parse(%s) = %s, %v; want an Invalid error", sent, fields(r), err)
		}
	}
}
