package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"pixedge/internal/blob"
)

// TestPassing asks once each for what a server may answer.
func TestPassing(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   bool
	}{
		{"error", status(500, "<Error><Code>InternalError</Code></Error>"), true},
		{"slow down", status(503, "<Error><Code>SlowDown</Code></Error>"), true},
		{"reset", reset, true},
		{"truncated", truncated, true},
		{"refused", status(403, "<Error><Code>AccessDenied</Code></Error>"), false},
		{"absent", status(404, "<Error><Code>NoSuchKey</Code></Error>"), false},
		{"garbage", status(400, "\x00\xff<<<"), false},
		{"wrong checksum", wrongChecksum, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				tt.answer(w, r)
			}))
			t.Cleanup(server.Close)
			s := newS3(t, blob.S3Config{
				Bucket: "media", Endpoint: server.URL, PathStyle: true, AccessKey: "a", SecretKey: "s", MaxAttempts: 1,
			})
			err := readAll(t.Context(), s, blob.Range{})
			if err == nil || blob.Passing(err) != tt.want || requests.Load() != 1 {
				t.Errorf("after %d requests, Passing(%v) = %t; want %t after 1", requests.Load(), err, blob.Passing(err), tt.want)
			}
		})
	}
	for _, err := range []error{fs.ErrNotExist, context.Canceled, errors.New("disk is broken")} {
		if blob.Passing(err) {
			t.Errorf("Passing(%v) = true", err)
		}
	}
	if !blob.Passing(fmt.Errorf("read: %w", io.ErrUnexpectedEOF)) {
		t.Error("a body that broke off does not pass")
	}
}

// TestPassingTLS asks a server whose certificate nobody signed.
func TestPassingTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(reset))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newS3(t, blob.S3Config{
		Bucket: "media", Endpoint: server.URL, PathStyle: true, AccessKey: "a", SecretKey: "s", MaxAttempts: 1,
	})
	if err := readAll(t.Context(), s, blob.Range{}); err == nil || blob.Passing(err) {
		t.Errorf("Passing(%v) = true, want an error that stays", err)
	}
}
