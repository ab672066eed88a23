# otakit. `make help` lists the targets. Everything that a target needs is installed on the way.

.DEFAULT_GOAL := help
INSTALLED := node_modules/.installed
BUILT := dist/.built

$(INSTALLED): package-lock.json
	npm ci --loglevel=error
	@touch $@

$(BUILT): $(INSTALLED) package.json tsconfig.json $(shell find src -type f)
	npm run --silent build
	@touch $@

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: build
build: $(BUILT) ## install and build

.PHONY: test
test: $(BUILT) ## install, build, and run the tests
	@npm run --silent test

.PHONY: lint
lint: $(BUILT) ## types, lint, format, unused code, package
	@npm run --silent types
	@npm run --silent lint
	@npm run --silent format:check
	@npm run --silent unused
	@npm run --silent publint

.PHONY: check
check: lint test ## all of `make lint`, then the tests

.PHONY: bench
bench: $(BUILT) ## benchmarks beside the peers
	@npm run --silent bench

.PHONY: clean
clean: ## remove what was built and installed
	rm -rf dist coverage node_modules
