# `make test` installs the components the tests need and runs all tests; `make lint` is everything else CI asks for.

CARGO ?= cargo
DENY_VERSION := 0.20.2

.PHONY: test lint fmt deny demo docs calibrate components peers peers-test

test: components peers-test
	@. target/components.env && \
	if $(CARGO) nextest --version >/dev/null 2>&1; then $(CARGO) nextest run --locked; else $(CARGO) test --locked -- --test-threads=1; fi

# Writes target/components.env: LOADGATE_COMPONENTS=required where everything could be installed.
components:
	@mkdir -p target
	@bash tests/components.sh target/components.env

lint: fmt deny
	$(CARGO) clippy --locked --all-targets -- --deny warnings

fmt:
	$(CARGO) fmt --check

deny:
	@$(CARGO) deny --version 2>/dev/null | grep -q . || $(CARGO) install cargo-deny --locked --version $(DENY_VERSION)
	$(CARGO) deny --locked check licenses bans sources

demo:
	$(CARGO) run --locked --release -- demo

docs:
	bash docs/refresh.sh

# How often the gate cries wolf and how often it sees one, on simulated services; some three quarters of an hour on two cores.
# CALIBRATE: other numbers (`--cases 50`, `--only queue`); without it 600 cases for each line, 2,000 where these leave it open whether a
# goal is met, into the page with its pictures.
CALIBRATE ?= --cases 600 --doubtful 2000 --write $(CURDIR)/docs/STATISTICS.md

calibrate:
	$(CARGO) bench --locked --bench calibrate -- $(CALIBRATE)
	python3 -B docs/pictures/draw.py

# loadgate beside other load generators. PEERS: phases and flags of benches/peers/run.py; without it all, into the page.
PEERS ?= --write docs/PERFORMANCE.md

peers:
	bash benches/peers/install.sh
	$(CARGO) build --locked --profile dist
	python3 -B benches/peers/run.py $(PEERS)

# The arithmetic of that script, without measuring anything.
peers-test:
	@if python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; \
	then python3 -B -m unittest discover -q -s benches/peers/tests -t benches/peers; \
	else echo "python3 (3.10 or later) is missing: skipping the tests of benches/peers"; fi
