# The commands of this repository. `make` alone lists them.
# Every target sets up what it needs in .venv; see scripts/setup.sh.

PYTHON ?=
export PYTHON
VENV := .venv/bin
SEEDS ?= 2000
RUNS ?= 50
SEED ?=
PROMPT ?= Cinematic photo, black panther, trending on artstation

.PHONY: help setup demo test check format simulate faults bench bench-quota screenshots requirements clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the bot needs into .venv, the sana-bot command included
	@scripts/setup.sh run

demo: setup ## use the bot in a browser, without credentials, until Ctrl-C (PROMPT="a red fox" for its first picture)
	@$(VENV)/sana-bot demo --serve --prompt "$$PROMPT"
# The words as they were given: make is not to read its own signs into them.
demo: override export PROMPT := $(value PROMPT)

test: check ## every check and every test, several files of tests at once
	@scripts/chromium.sh
# One process more than there are cores: half of the tests' time is waiting.
	@$(VENV)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile

check: ## format, lint, types and import rules, without the tests
	@scripts/setup.sh dev
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo

format: ## put the code into the project's format
	@scripts/setup.sh dev
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

simulate: ## try the promises on simulated worlds (SEEDS=100000), or see what happens in one of them (SEED=17)
	@scripts/setup.sh dev
	@$(VENV)/python -m simulation $(if $(SEED),--seed $(SEED),--seeds $(SEEDS))

faults: setup ## kill the real bot again and again, and check what is promised (RUNS=200, SEED=7 to begin there)
	@$(VENV)/python -m faults --runs "$(RUNS)" --seed "$(or $(SEED),0)"

bench: setup ## measure the bot side by side with the floor (QUICK=1 within two minutes, STRICT=1 fails)
	@$(VENV)/python -m bench $(if $(QUICK),--quick) $(if $(STRICT),--strict)

bench-quota: setup ## measure the check and reservation of a /sana on a million ledger entries
	@$(VENV)/python -m bench.quota_check

screenshots: ## make the pictures of the sandbox's page in docs/pictures anew (needs Chromium)
	@scripts/setup.sh dev
	@$(VENV)/python -m tests.browser.screenshots

requirements: ## compile the pinned requirements anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade pyproject.toml --extra build -o requirements.txt
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade pyproject.toml --extra build --extra dev -o requirements-dev.txt

clean: ## remove everything that was made here, but never a database
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build demo-output bench-output *.egg-info
