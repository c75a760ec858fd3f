# `make up` runs it, `make test` proves it. GNU make and a POSIX shell; every path is relative, so that the folder may lie
# anywhere and have spaces in its name. PYTHON=… names an interpreter, ARGS="…" is passed on.

SHELL = /bin/sh
.DEFAULT_GOAL = help
.PHONY: help up stop test lint bench faults mutate-fence lock clean environment environment-dev chromium

RUN = .venv/bin/python
ARGS =

help:
	@printf '%s\n' \
	  'make up                      run everything; Ctrl-C stops it (PORT=8000, DESKFLEET_DEMO=0)' \
	  'make stop                    stop what runs in this folder' \
	  'make test  ARGS="-k …"       the whole suite, with its browser tests' \
	  'make lint                    ruff, mypy, migrations' \
	  'make bench NAME=intake       a measurement; ARGS="…" are its options' \
	  'make faults                  chats while everything is killed; ARGS="--minutes 10 --seed 7"' \
	  'make mutate-fence            switches off one part of the fence at a time: which test notices?' \
	  'make lock                    pin the newest packages that pyproject.toml allows' \
	  'make clean                   remove what make made; the data in .data stays'

up: environment
	@$(RUN) manage.py up $(ARGS)

stop:
	@if [ -x $(RUN) ]; then $(RUN) manage.py up --stop; else echo 'Nothing was ever started here.'; fi

test: environment-dev chromium
	@$(RUN) -m pytest $(ARGS)

lint: environment-dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy .
	@$(RUN) -m config.embedded .data/test $(RUN) manage.py makemigrations --check --dry-run

bench: environment-dev
	@test -n "$(NAME)" || { echo 'Which one? make bench NAME=…, of: '"$$(cd benchmarks && ls *.py | sed 's/\.py$$//' | grep -v '^_' | tr '\n' ' ')" >&2; exit 1; }
	@test -f "benchmarks/$(NAME).py" || { echo 'There is no benchmarks/$(NAME).py.' >&2; exit 1; }
	@$(RUN) -m benchmarks.$(NAME) $(ARGS)

faults: environment-dev
	@$(RUN) -m tests.faults.run $(ARGS)

mutate-fence: environment-dev
	@$(RUN) -m tests.mutations $(ARGS)

# ---------------------------------------------------------------- the environment
# A stamp holds the hash of the lock file and of the interpreter that were installed. What tests need contains what running
# needs, so installing the former stamps both.

environment:
	@$(call install,requirements.lock,.venv/run.stamp)

environment-dev:
	@$(call install,requirements-dev.lock,.venv/dev.stamp)

define install
set -eu; \
say() { printf '%s\n' "deskfleet: $$*" >&2; }; \
good() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; \
mark() { { cat "$$1"; $(RUN) -VV; } | cksum; }; \
if good $(RUN) && [ -f $(2) ] && [ "$$(cat $(2))" = "$$(mark $(1))" ]; then exit 0; fi; \
if ! good $(RUN); then \
  python=; \
  for each in $(if $(PYTHON),'$(PYTHON)',python3 python3.14 python3.13 python3.12 python3.11); do \
    if good "$$each"; then python="$$each"; break; fi; \
  done; \
  if [ -z "$$python" ]; then \
    say "Python 3.11 or newer is needed and $(if $(PYTHON),$(PYTHON) is not that,none was found ($$(python3 -V 2>/dev/null || echo 'no python3 at all'))): install it, or name one with PYTHON=/path/to/python3.12."; \
    exit 1; \
  fi; \
  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
    version=$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(call apt,$$version); \
    else say "$$python cannot make environments: install its package $$version (as root: apt-get install $$version)."; exit 1; fi; \
  fi; \
  echo "Making .venv with $$("$$python" -V)"; \
  rm -rf .venv; "$$python" -m venv .venv; \
fi; \
$(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip >/dev/null; \
rm -f .venv/run.stamp .venv/dev.stamp; \
{ PIP_ROOT_USER_ACTION=ignore $(RUN) -m pip install --no-input --disable-pip-version-check --progress-bar off \
    --require-hashes -r $(1) && touch .venv/installed; } | awk -v all="$$(grep -c '^[^ #].*==' $(1))" ' \
  /^Collecting|^Requirement already/ { done++ } \
  /^Collecting|^Requirement already/ && done % 10 == 0 { printf "Installing: %d of %d packages\n", done, all; fflush() } \
  /^Installing collected/ { print "Installing: unpacking"; fflush() }'; \
if [ ! -f .venv/installed ]; then say "installing $(1) failed; pip says above why."; exit 1; fi; \
rm .venv/installed; \
mark requirements.lock > .venv/run.stamp; \
if [ $(1) = requirements-dev.lock ]; then mark $(1) > .venv/dev.stamp; fi
endef

# Debian's packages, as root. The list of packages is fetched only if it is too old to install from.
define apt
echo "Installing $(1) by apt-get" && export DEBIAN_FRONTEND=noninteractive && \
  { apt-get install -y -qq --no-install-recommends $(1) >.venv-apt.log 2>&1 || \
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1); } >.venv-apt.log 2>&1 || \
    { tail -5 .venv-apt.log >&2; echo 'deskfleet: apt-get could not install $(1).' >&2; exit 1; }; } && rm -f .venv-apt.log
endef

# ---------------------------------------------------------------- the browser
# Chinese letters without a font are boxes, and boxes have other widths than letters.
chromium: environment-dev
	@if ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(call apt,chromium); \
	  else echo 'Installing Chromium by playwright' && $(RUN) -m playwright install chromium; fi; \
	fi
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! ls /usr/share/fonts/opentype/noto/*CJK* >/dev/null 2>&1; then \
	  $(call apt,fonts-noto-cjk); \
	fi

# ---------------------------------------------------------------- housekeeping
lock:
	@command -v uv >/dev/null || { echo 'deskfleet: make lock needs uv: pip install uv' >&2; exit 1; }
	@uv pip compile -q --upgrade $(UNIVERSAL) pyproject.toml -o requirements.lock
	@uv pip compile -q --upgrade $(UNIVERSAL) -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock
	@echo 'requirements.lock and requirements-dev.lock are new: run make test, then commit them.'

UNIVERSAL = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

clean: stop
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results .data/static .data/static.stamp .data/test* .data/bench
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
