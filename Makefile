# otakit. `make help` lists the targets. Everything that a target needs is installed on the way.

.DEFAULT_GOAL := help
INSTALLED := node_modules/.installed
BUILT := dist/.built

$(INSTALLED): package-lock.json
	npm ci --loglevel=error
	@touch $@

$(BUILT): $(INSTALLED) package.json tsconfig.json .bundle.mjs $(shell find src -type f)
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

# What `make serve-ota` can be told, as `otakit serve` has it. HOST counts only where it was given to
# make itself: some shells have it in the environment, as the name of this machine.
SAMPLE_IMAGE := firmware-samples/images/hello-esp32-1.0.0.bin
SAMPLE_PARTITIONS := partitions/ota-primer-4mb.csv
SERVE_IMAGE = $(or $(IMAGE),$(SAMPLE_IMAGE))
SERVE_PARTITIONS = $(or $(PARTITIONS),$(if $(IMAGE),,$(SAMPLE_PARTITIONS)))
SERVE_HOST = $(if $(filter command,$(origin HOST)),$(HOST))
option = $(if $($(1)), --$(2) '$($(1))')
flag = $(if $(filter-out 0 no off false,$($(1))), --$(2))
serve_options = $(call option,SERVE_PARTITIONS,partitions)$(call option,CHIP,chip)$(call option,FOR,for)$(call option,PORT,port)$(call option,BIND,bind)$(call option,SERVE_HOST,host)$(call option,TAG,tag)$(call option,TTL,ttl)$(call option,DATA,data)$(call flag,NO_AUTH,no-auth)$(call flag,WATCH,watch)$(call flag,ONCE,once)$(call flag,FORCE,force)$(call flag,NO_ANNOUNCE,no-announce)$(call flag,JSON,json)
dev_options = $(call option,CONFIG,file)$(call option,PART,part)$(call option,FRAGMENT,fragment)$(call option,CLOUD,cloud)$(call option,API_KEY_FILE,api-key-file)$(call option,SERVICE,service)$(call option,MONITOR,monitor)$(call option,LOG,log)$(call option,EXPECT,expect)$(call option,SILENCE,silence)$(call flag,RESTORE,restore)

.PHONY: serve-ota
serve-ota: $(BUILT) ## serve IMAGE= PARTITIONS= on the LAN [PORT= HOST= TAG= TTL= CHIP= WATCH=1 …]; the sample image by default
	@node_modules/.bin/node dist/bin/main.js serve '$(SERVE_IMAGE)'$(serve_options)

# `make dev` takes the same, and names the machine config by CONFIG (a file) or PART (in the Viam app).
.PHONY: dev
dev: $(BUILT) ## every finished build of IMAGE= onto the device of CONFIG= or PART= [PARTITIONS= MONITOR= LOG= HOST= DATA= …]
	@node_modules/.bin/node dist/bin/main.js dev '$(SERVE_IMAGE)'$(dev_options)$(serve_options)

.PHONY: bench
bench: $(BUILT) ## benchmarks beside the peers
	@npm run --silent bench

.PHONY: clean
clean: ## remove what was built and installed
	rm -rf dist coverage docs node_modules
