# Jarvis: `make help` lists what can be made.

GO        ?= go
BIN       := $(CURDIR)/bin
TOOLS     := $(CURDIR)/.cache/tools
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Without debugging tables a program is a third smaller, and a plugin is hashed at each start.
LDFLAGS   := -s -w -X main.version=$(VERSION)
PROGRAMS  := jarvis jarvis-plugin-hangman jarvis-plugin-mcp jarvis-plugin-weather
PREFIX    ?= /usr/local
ARGS      ?=
LOCOMO    ?=

# How long each measurement of bench-host takes, how often floor and host take
# turns, and how many idle sockets are held.
BENCH_SECONDS ?= 2
BENCH_ROUNDS  ?= 3
BENCH_IDLE    ?= 10000
# Goals to measure, such as F1,F8; empty is all.
BENCH_ONLY    ?=

# The race detector needs cgo and a C compiler.
CC_FOUND  := $(shell command -v $(CC) 2>/dev/null)
RACE      := $(if $(CC_FOUND),-race,)
# One test limits memory, which the race detector cannot live under.
UNRACED   := ^TestAPluginThatGrowsIsEndedAlone$$
# The tests that only run when asked for are compiled, vetted and linted too.
TAGS      := soak,integration
TEST_ENV  := $(if $(CC_FOUND),CGO_ENABLED=1,)

.DEFAULT_GOAL := help
.PHONY: test-packages test-programs test-race soak fuzz integration bench-host bench-go bench-memory help build run test check e2e bench update generate report install clean fmt lint vet tidy cross tools generated

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the host and its plugins into ./bin
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ $(addprefix ./cmd/,$(PROGRAMS))

run: build ## build, start the host on 127.0.0.1:8080 with its data in ./data; MODEL=scripted shows it without a model
ifeq ($(MODEL),scripted)
	@$(GO) build -trimpath -o $(BIN)/ ./cmd/jarvis-model
	@exec $(BIN)/jarvis-model -- $(BIN)/jarvis serve $(ARGS)
else
	@exec $(BIN)/jarvis serve $(ARGS)
endif

test: ## run every Go test, end-to-end scripts with real plugin processes among them
	@$(if $(RACE),,echo "no C compiler found: the race detector is off")
	@$(MAKE) --no-print-directory -j2 test-packages test-programs

# The programs' tests wait for processes most of the time, and run beside the others.
test-packages:
	$(TEST_ENV) $(GO) test $(RACE) -timeout 15m $$($(GO) list ./... | grep -v '/cmd/jarvis$$')
	$(if $(RACE),$(GO) test -run '$(UNRACED)' ./host/supervisor)

test-programs:
	$(GO) test -timeout 15m ./cmd/jarvis

test-race: ## run the end-to-end tests with the race detector too; they take three times as long
	CGO_ENABLED=1 $(GO) test -race -timeout 60m ./cmd/jarvis

check: fmt vet lint generated tidy cross ## format, vet, lint, generated files, tidy, cross-builds

e2e: build ## the page in a real browser, third-party clients, nginx and Prometheus (installs chromium, nginx, prometheus and npm packages)
	@test/e2e/run

soak: ## kill hosts, cut their power, fill their disk, connect ten thousand times; about ten minutes; SOAK_KILLS=500 kills more
	$(GO) build -o $(BIN)/powercut ./test/powercut
	POWERCUT=$(BIN)/powercut $(GO) test -tags soak -count=1 -timeout 60m -v -run '^TestSoak' ./cmd/jarvis

fuzz: ## run every fuzz target, FUZZ_SECONDS (10) each
	.ci/fuzz

bench: bench-host bench-go ## measure, and print figures; BENCH_SECONDS=5 takes longer and is steadier

bench-host: build ## the host against bare floors, interleaved
	$(GO) run ./cmd/bench-host -host $(BIN)/jarvis -each $(BENCH_SECONDS)s -rounds $(BENCH_ROUNDS) -idle $(BENCH_IDLE) -only "$(BENCH_ONLY)"

bench-go: ## the benchmarks of single packages
	$(GO) test -run '^$$' -bench . -benchtime 200ms -benchmem ./...

bench-memory: ## how well memory finds, and how fast; LOCOMO=FILE measures on that too
	$(GO) run ./cmd/bench-memory -locomo "$(LOCOMO)"

integration: ## talk with real servers of language models (llama.cpp's, LLAMA_SERVER or from PyPI, and ollama's if it is there)
	$(GO) test -tags integration -count=1 -timeout 20m -v ./test/integration

update: ## rewrite golden files and generated documents
	$(GO) test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

generate: tools ## regenerate code from the contract
	PATH="$(TOOLS):$$PATH" $(TOOLS)/buf generate
	$(TOOLS)/buf build --exclude-source-info -o sdk/python/jarvis_plugin/contract.binpb

report: ## figures of the code's shape
	@$(GO) run ./cmd/report

install: build ## install into $(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 $(addprefix $(BIN)/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin/

clean: ## remove what was built
	rm -rf $(BIN) .cache

# ---- what check is made of

tools:
	@mkdir -p $(TOOLS)
	@cd .ci/tools && GOBIN=$(TOOLS) $(GO) install tool

fmt: tools
	@out="$$($(TOOLS)/golangci-lint fmt --diff)"; if [ -n "$$out" ]; then echo "$$out"; echo "not formatted: run .cache/tools/golangci-lint fmt"; exit 1; fi

vet:
	$(GO) vet -tags $(TAGS) ./...

lint: tools
	$(TOOLS)/golangci-lint run --build-tags $(TAGS) ./...
	$(TOOLS)/buf lint
	@if git rev-parse -q --verify "$$(git describe --tags --abbrev=0 2>/dev/null)^{commit}" >/dev/null 2>&1; then \
		$(TOOLS)/buf breaking --against ".git#tag=$$(git describe --tags --abbrev=0)"; \
	else echo "buf breaking: no tag yet to compare with"; fi

generated: generate
	@git diff --exit-code --stat -- sdk/wire/pluginpb sdk/wire/hostpb sdk/python/jarvis_plugin/contract.binpb || { echo "generated files changed: commit what make generate wrote"; exit 1; }

tidy:
	$(GO) mod tidy -diff

cross:
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null ./...
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null ./...
