# The image of edge; docs/docker.md tells how to run it.
#
# There is nothing here that only BuildKit knows, so docker, podman and buildah
# all build it.

# Go is pinned to the patch. Its image brings gcc, make and pkg-config.
FROM golang:1.26.8-trixie AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libdeflate-dev libvips-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The modules before the code: they change less often, and builders keep layers.
COPY go.mod go.sum ./
RUN go mod download
COPY Makefile ./
COPY cmd cmd
COPY internal internal
RUN make build

# Debian is pinned to the release and not to the day, so that a rebuild takes
# its security fixes.
FROM debian:trixie-slim
# Debian's libheif has its codecs in packages of their own: aomenc writes AVIF,
# dav1d reads it, libde265 reads HEIC.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    ca-certificates \
    fonts-dejavu-core \
    libdeflate0 \
    libheif-plugin-aomenc \
    libheif-plugin-dav1d \
    libheif-plugin-libde265 \
    libvips42t64 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/bin/edge /usr/local/bin/edge
# What libraries keep, if a cloud has one. A new named volume takes its owner over.
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/edge

# A container has a network of its own, so loopback would be heard by nobody.
# More than two malloc arenas cost memory and gain nothing measurable.
ENV EDGE_LISTEN=0.0.0.0:8080 \
    EDGE_METRICS_LISTEN=0.0.0.0:9090 \
    EDGE_DATA_DIR=/var/lib/edge \
    EDGE_UPLOAD_SPOOL=/var/lib/edge/spool \
    MALLOC_ARENA_MAX=2
EXPOSE 8080 9090

# edge reads edge.yaml in its working folder, if it is there.
WORKDIR /etc/edge
# A number, so that Kubernetes can see that it is not root. Nothing else belongs to it.
USER 65532:65532

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["edge", "health"]
ENTRYPOINT ["edge"]
CMD ["serve"]

ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Pixedge" \
      org.opencontainers.image.description="A self-hosted image CDN edge: the URL says how a picture should look" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim"
