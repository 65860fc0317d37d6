package dockerfile_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"pixedge/build/dockerfile"
)

// project is the folder that the image is built from.
func project() fs.FS { return os.DirFS("../..") }

func TestDockerfile(t *testing.T) {
	if err := dockerfile.Check(project()); err != nil {
		t.Error(err)
	}
}

// TestBroken breaks one thing of the project's own files at a time, so that a
// check that has stopped to bite is noticed.
func TestBroken(t *testing.T) {
	const docker, ignore = "Dockerfile", ".dockerignore"
	tests := []struct{ name, file, old, new, want string }{
		{"an unknown instruction", docker, "EXPOSE", "EXPOES", "unknown instruction"},
		{"an unknown option", docker, "--retries", "--retry", "unknown flag"},
		{"a broken list", docker, `["edge", "health"]`, `["edge", health]`, "HEALTHCHECK"},
		{"an old maintainer", docker, "STOPSIGNAL", "MAINTAINER me\nSTOPSIGNAL", "MaintainerDeprecated"},
		{"a loud stage", docker, "AS build", "AS Build", "StageNameCasing"},
		{"a mixed case", docker, "AS build", "as build", "FromAsCasing"},
		{"an empty line inside", docker, "MALLOC", "\n    MALLOC", "Empty continuation"},
		{"no stages", docker, "*", "ARG A", "no stage"},
		{"a base without a tag", docker, ":trixie-slim\n#", "\n#", "want a tag"},
		{"the newest base", docker, ":1.26.8-trixie", ":latest", "not latest"},
		{"a stage that is not there", docker, "--from=build", "--from=builder", "no stage before it"},
		{"an image in place of a stage", docker, "--from=build", "--from=golang:1.26.8", "no stage before it"},
		{"a cache", docker, "RUN make", "RUN --mount=type=cache,target=/root/.cache make", "only BuildKit"},
		{"a file that is not there", docker, "COPY Makefile", "COPY makefile", "makefile is not there"},
		{"a file left out", ignore, "!Makefile", "", ".dockerignore leaves out Makefile"},
		{"a folder left out", ignore, "!internal", "", ".dockerignore leaves out internal"},
		{"no user", docker, "USER 65532:65532", "", "USER"},
		{"root", docker, "USER 65532:65532", "USER 0:0", "USER"},
		{"root by name", docker, "USER 65532:65532", "USER root", "USER"},
		{"the group of root", docker, "USER 65532:65532", "USER 65532", "USER"},
		{"root after all", docker, "ENTRYPOINT", "USER 0:0\nENTRYPOINT", "USER"},
		{"no health check", docker, "HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD", "#", "HEALTHCHECK"},
		{"a health check in a shell", docker, `["edge", "health"]`, "edge health", "HEALTHCHECK"},
		{"an entry point in a shell", docker, `ENTRYPOINT ["edge"]`, "ENTRYPOINT edge", "ENTRYPOINT"},
		{"no entry point", docker, `ENTRYPOINT ["edge"]`, "", "ENTRYPOINT"},
		{"a command in a shell", docker, `CMD ["serve"]`, "CMD serve", "CMD"},
		{"a signal that kills", docker, "SIGTERM", "SIGKILL", "STOPSIGNAL"},
		{"a volume", docker, "WORKDIR /etc/edge", "WORKDIR /etc/edge\nVOLUME /cache", "VOLUME"},
		{"data elsewhere", docker, "EDGE_DATA_DIR=/var/lib/edge", "EDGE_DATA_DIR=/data", "EDGE_DATA_DIR"},
		{"uploads elsewhere", docker, "EDGE_UPLOAD_SPOOL=/var/lib/edge/spool", "EDGE_UPLOAD_SPOOL=/tmp", "EDGE_UPLOAD_SPOOL"},
		{"data of root", docker, "install -d -o 65532", "install -d -o 0", "RUN: want install -d -o 65532 -g 65532"},
		{"data for a user that is another", docker, "USER 65532:65532", "USER 65533:65532", "RUN: want install -d -o 65533"},
		{"many arenas", docker, "MALLOC_ARENA_MAX=2", "MALLOC_ARENA_MAX=8", "MALLOC_ARENA_MAX"},
		{"a deaf server", docker, "EDGE_LISTEN=0.0.0.0", "EDGE_LISTEN=127.0.0.1", "EDGE_LISTEN"},
		{"another port", docker, "EXPOSE 8080", "EXPOSE 8081", "port of EDGE_LISTEN"},
		{"settings that are not there", docker, "ENV ", "ENV EDGE_CONFIG=/edge.yaml ", "EDGE_CONFIG"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			context := copied(t)
			context[tt.file].Data = broken(t, context[tt.file].Data, tt.old, tt.new)
			err := dockerfile.Check(context)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestSecretsStayOut holds .dockerignore to letting nothing in but the code.
func TestSecretsStayOut(t *testing.T) {
	for _, path := range []string{".git", "edge.yaml", ".env", "bin", "media", "docs"} {
		t.Run(path, func(t *testing.T) {
			context := copied(t)
			context[path] = &fstest.MapFile{}
			context["Dockerfile"].Data = broken(t, context["Dockerfile"].Data, "COPY Makefile", "COPY "+path)
			err := dockerfile.Check(context)
			if err == nil || !strings.Contains(err.Error(), ".dockerignore leaves out "+path) {
				t.Errorf("got %v, want an error about .dockerignore", err)
			}
		})
	}
}

// copied returns the files Check reads, and what stands for the others.
func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{"Makefile": {}, "go.mod": {}, "go.sum": {}, "cmd/edge/main.go": {}, "internal/op/op.go": {}}
	for _, name := range []string{"Dockerfile", ".dockerignore"} {
		data, err := fs.ReadFile(project(), name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

// broken returns src with the first old replaced; the old "*" is all of it.
func broken(t *testing.T, src []byte, old, replacement string) []byte {
	t.Helper()
	if old == "*" {
		return []byte(replacement)
	}
	if !strings.Contains(string(src), old) {
		t.Fatalf("there is no %q to break", old)
	}
	return []byte(strings.Replace(string(src), old, replacement, 1))
}
