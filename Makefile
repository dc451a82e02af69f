.DEFAULT_GOAL := help
.PHONY: help run demo build web test fuzz chaos hostile fmt lint bench engine kafka sdk clients

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Of the whole workspace: what is built of a selection of its packages has other features, and is built again.
RELEASE_BUILD := cargo build --release --locked --workspace

run: web ## Build and run Millrace here: page and API on 8080 (API_PORT), data in ./data (MILLRACE_DATA)
	$(RELEASE_BUILD) --bin millrace
	@exec scripts/run.sh

demo: web ## The same with a made-up shop in it, of the last 30 days and of now: data in ./data/demo
	$(RELEASE_BUILD) --bin millrace
	@exec scripts/run.sh demo

build: web ## Build all binaries for release
	$(RELEASE_BUILD) --bins

web: ## Build the web page, if it has changed, for the binaries to embed
	@scripts/build-page.sh

test: ## Fetch what the tests need and run them all
	@scripts/test.sh

fuzz: ## Fuzz every decoder for SECONDS_EACH (10) seconds
	@scripts/fuzz.sh

chaos: ## Kill, freeze and cut off everything under load, then audit (SECONDS, OPERATIONS, SEED, ONLY, PROFILE)
	@scripts/chaos.sh

hostile: ## Let rude clients loose and measure what good ones see (PROFILE=release judges times, FULL, ONLY)
	@scripts/hostile.sh

sdk: ## Check and test the Python client alone (MILLRACE_TEST_EVENTS_PER_THREAD=5000 kills the API under 80,000 events)
	@scripts/lint-python.sh
	cargo build --workspace --bins --locked
	@scripts/test-python.sh

clients: ## Let the official clients of Segment, RudderStack and Jitsu send, and look in the table
	cargo build --workspace --bins --locked
	@scripts/test-sdks.sh

fmt: ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path fuzz/Cargo.toml

lint: ## Check format, lints, documentation and dependencies
	@scripts/lint-python.sh
	@scripts/build-page.sh packages
	@npm --prefix web run lint
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	@for tool in deny machete; do cargo $$tool --version >/dev/null || \
		{ echo "lint: scripts/install-lint-tools.sh installs cargo-$$tool" >&2; exit 1; }; done
	cargo machete
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

bench: ## Measure everything on this machine, beside what is wanted (ROWS="api standard" SCALE=0.1 for less)
	@scripts/bench.sh

engine: ## Fetch the embedded ClickHouse engine and print its path
	@scripts/fetch-engine.sh

kafka: ## Fetch Apache Kafka for the tests and print its folder
	@scripts/fetch-kafka.sh
