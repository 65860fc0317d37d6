# Everything a contributor does. make help lists the targets.

GO       ?= go
TOOLS    := $(CURDIR)/.tools
PHOTOS   := internal/demo/photos
SDK      := cmd/edge/testdata/sdk
PACKAGES := ./...

# Pinned: a tool that changes by itself changes what passes.
VERSITYGW    := github.com/versity/versitygw/cmd/versitygw@v1.8.0
GOLANGCI     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK  := golang.org/x/vuln/cmd/govulncheck@v1.2.0

.PHONY: run build photos test unit hostile lint fmt fuzz golden docs bench micro fidelity vuln docker dockerfile tools sdk clean help

run: ## install what is missing, build, and serve the sample pictures
	scripts/packages run
	$(MAKE) build
	MALLOC_ARENA_MAX=2 bin/edge serve

build: photos ## build bin/edge
	$(GO) build -trimpath -o bin/edge ./cmd/edge

photos: $(PHOTOS)/bird.jpg ## put the sample photographs where they are built in

# The photographs come with the module of bimg and are not ours to commit.
$(PHOTOS)/bird.jpg:
	$(GO) mod download github.com/h2non/bimg
	from=$$($(GO) list -m -f '{{.Dir}}' github.com/h2non/bimg)/testdata && \
	install -m 644 $$from/northern_cardinal_bird.jpg $(PHOTOS)/bird.jpg && \
	install -m 644 $$from/test_square.jpg $(PHOTOS)/square.jpg && \
	install -m 644 $$from/test_exif.jpg $(PHOTOS)/turned.jpg

test: ## install what the tests need and pass them all
	scripts/packages test
	$(MAKE) tools photos lint unit hostile dockerfile

unit: ## go test with the race detector, and count allocations and weigh renders without it
	$(GO) test -race -skip '^TestHostile(Pictures|Sizes)$$' $(PACKAGES)
	$(GO) test -run 'Alloc|Estimate' ./internal/...

hostile: ## give an edge the corpus of hostile pictures, whose memory the race detector would blur
	$(GO) test -run '^TestHostile(Pictures|Sizes)$$' ./cmd/edge

tools: $(TOOLS)/versitygw $(TOOLS)/golangci-lint sdk ## install the pinned tools into .tools

$(TOOLS)/versitygw:
	GOBIN=$(TOOLS) $(GO) install $(VERSITYGW)

sdk: $(TOOLS)/sdk/node_modules/.package-lock.json ## install PixelBin's SDK, which the tests sign URLs with

# npm writes this file last.
$(TOOLS)/sdk/node_modules/.package-lock.json: $(SDK)/package.json $(SDK)/package-lock.json
	mkdir -p $(TOOLS)/sdk
	cp $^ $(TOOLS)/sdk
	cd $(TOOLS)/sdk && npm ci --ignore-scripts --no-audit --no-fund

$(TOOLS)/golangci-lint:
	GOBIN=$(TOOLS) $(GO) install $(GOLANGCI)

$(TOOLS)/govulncheck:
	GOBIN=$(TOOLS) $(GO) install $(GOVULNCHECK)

lint: $(TOOLS)/golangci-lint ## check style and the import rules
	$(TOOLS)/golangci-lint run

fmt: $(TOOLS)/golangci-lint ## format the code
	$(TOOLS)/golangci-lint fmt

fuzz: ## fuzz every parser for a minute each
	scripts/fuzz 60s

golden: ## draw the golden pictures anew; look at what git says has changed
	$(GO) test ./internal/transform -run "TestGolden|TestExamples" -update
	$(GO) test ./cmd/edge -run TestScript -update

docs: ## write the generated pages anew
	$(GO) test ./cmd/edge -run TestPages -update

bench: build ## measure beside other servers (PEERS=, CORPUS=, CASES=, QUICK=1: see benchmarks/README.md)
	scripts/packages bench
	$(GO) build -trimpath -o bin/bench ./benchmarks/bench
	bin/bench

micro: photos ## measure whole requests in process
	$(GO) test ./benchmarks -run '^$$' -bench . -benchmem -count 6

fidelity: build ## compare every operation with sharp (CASES=text: those alone)
	scripts/packages test
	scripts/fidelity "$(CASES)"

vuln: $(TOOLS)/govulncheck ## look for known vulnerabilities (needs the network)
	$(TOOLS)/govulncheck ./...

docker: ## build the image with docker
	docker build --build-arg REVISION="$$(git describe --always --dirty --abbrev=40)" -t pixedge .

dockerfile: ## check the Dockerfile without an engine
	cd build/dockerfile && $(GO) test ./...

clean: ## remove what was built
	rm -rf bin .tools $(PHOTOS)/*.jpg

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
