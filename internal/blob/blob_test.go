package blob_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"pixedge/internal/blob"
	"pixedge/internal/blob/blobtest"
)

func TestMem(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return blob.NewMem() })
}

func TestDir(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		t.Helper()
		return newDir(t, t.TempDir())
	})
}

func TestFS(t *testing.T) {
	blobtest.RunReadOnly(t, func(_ *testing.T, objects map[string]string) blob.Store {
		files := fstest.MapFS{}
		for key, data := range objects {
			files[key] = &fstest.MapFile{Data: []byte(data), ModTime: time.Now()}
		}
		return blob.NewFS(files)
	})
}

func TestS3(t *testing.T) {
	server := blobtest.StartS3(t)
	stores := 0
	blobtest.Run(t, func(t *testing.T) blob.Store {
		t.Helper()
		stores++
		return newS3(t, server.Config(fmt.Sprintf("store/%d", stores)))
	})
}

func newDir(t *testing.T, name string) blob.Store {
	t.Helper()
	s, err := blob.NewDir(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newS3(t *testing.T, c blob.S3Config) blob.Store {
	t.Helper()
	s, err := blob.NewS3(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
