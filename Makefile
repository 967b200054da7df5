# Everything a newcomer types. `make help` lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --progress-bar off
MUTMUT := build/mutants/venv
TORCH := $(shell grep '^torch==' requirements.lock)
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE  # tests start the package many times

.PHONY: help setup demo test test-slow fuzz audit check format serve bench-quality bench-cold bench-queries bench-understanding bench-features bench-calibration bench-refusals bench-control bench-peers bench-lists bench-tuning bench-value bench-explanations bench-words bench-consume bench-zoo mutants bench-index bench-scale bench-serve bench-serve-long soak api-docs readme picture vendor check-deploy wheel lock clean bench-trust bench-groups bench-privacy bench-erasures bench-failover bench-database bench-modalities bench-trades bench-reviews

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: $(VENV)/.ready ## the virtual environment with every pinned dependency; quick when nothing changed

$(VENV)/.ready: requirements.lock pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
		{ echo "Foretaste needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2> /dev/null || echo 'no Python')." \
		"Install one and name it, e.g. make $(or $(MAKECMDGOALS),setup) PYTHON=python3.11"; exit 1; } >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV): about 2 GB, a few minutes"
	$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) $(TORCH))
	$(PIP) --no-deps -r requirements.lock
	@$(BIN)/python -c 'import torch' 2> /dev/null || \
		{ echo "This build of PyTorch wants its CUDA packages: some GB more"; $(PIP) $(TORCH); }
	$(PIP) --no-deps --no-build-isolation --editable . --editable clients/python
	@touch $@

demo: setup ## the main job, start to end, on the bundled film ratings
	$(BIN)/foretaste demo --workspace demo

test: setup ## the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: setup ## the tests that take longer than a few seconds
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

fuzz: setup ## 20,000 made-up requests against the OpenAPI document, and hostile values in all its fields
	$(BIN)/python -m pytest -q -s -m slow tests/faults/test_fuzz.py tests/faults/test_hostile.py

audit: setup ## known vulnerabilities of the pinned packages
	$(BIN)/python tools/audit.py

check: setup ## format, lint, types, imports between stages, size budgets, names, written figures, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_budgets.py tests/test_names.py tests/test_figures.py
	$(BIN)/python tools/audit.py

format: setup ## put the code in the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

serve: setup ## the service on the demo's workspace
	$(BIN)/foretaste serve --workspace demo

bench-quality: setup ## how good the lists are, on the data sets of ../shared/data
	$(BIN)/python -m benchmarks.quality

bench-cold: setup ## new items, new people, a new domain
	$(BIN)/python -m benchmarks.cold

bench-modalities: setup ## what pictures add, warm and cold; whether a picture finds its item
	nice -n 10 $(BIN)/python -m benchmarks.modalities

bench-queries: setup ## queries alone, histories alone, both
	$(BIN)/python -m benchmarks.queries

bench-understanding: setup ## whether what people say in a talk is understood, in four languages; and search by meaning and facets
	$(BIN)/python -m benchmarks.understanding

bench-features: setup ## genres, directors and cast of the next film
	$(BIN)/python -m benchmarks.features

bench-calibration: setup ## whether probabilities are what happens
	$(BIN)/python -m benchmarks.calibration

bench-refusals: setup ## whether hides push down what is like the hidden
	$(BIN)/python -m benchmarks.refusals

bench-control: setup ## whether mutes, boosts and wishes act
	$(BIN)/python -m benchmarks.control

bench-peers: setup ## Foretaste and its peers in one run, each peer in an environment of its own
	nice -n 10 $(BIN)/python -m benchmarks.peers

bench-tuning: setup ## whether an encoder tuned on behaviour pays
	$(BIN)/python -m benchmarks.tuning

bench-lists: setup ## what a list costs besides its experts
	$(BIN)/python -m benchmarks.lists

bench-index: setup ## searching a million item vectors: recall, latency, memory, build time
	nice -n 10 $(BIN)/python -m benchmarks.index

bench-scale: setup ## cost against size, to a million items and ten million events
	$(BIN)/python -m benchmarks.scale

bench-serve: setup ## the service under load against its targets; WORKSPACE=... is one trained on Beauty
	$(BIN)/python -m benchmarks.serve $(if $(WORKSPACE),--workspace $(WORKSPACE))

bench-serve-long: setup ## 200,000 mixed requests, for errors and memory
	$(BIN)/python -m benchmarks.serve $(if $(WORKSPACE),--workspace $(WORKSPACE)) --only mixed

soak: setup ## half an hour beside a slow reader, a blocked writer and a visitor of 100,000 events; MINUTES=, WORKSPACE=
	nice -n 0 $(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(WORKSPACE),--workspace $(WORKSPACE))

bench-value: setup ## whether lists are better liked where ratings count by their stars
	nice -n 10 $(BIN)/python -m benchmarks.value

bench-explanations: setup ## whether the events that reasons name are what made the score
	$(BIN)/python -m benchmarks.explanations

bench-words: setup ## how much of what a small language model writes is said
	$(BIN)/python -m benchmarks.words

bench-trust: setup ## what it costs to correct lists for popularity, and to keep them to a person's own mix
	nice -n 10 $(BIN)/python -m benchmarks.trust

bench-groups: setup ## whether people of a group who count for more in a training get better lists
	nice -n 10 $(BIN)/python -m benchmarks.groups

bench-privacy: setup ## whether it can be told who was learnt from, and what a privacy budget costs
	nice -n 10 $(BIN)/python -m benchmarks.privacy

bench-erasures: setup ## whether anything is left of 200 people erased under load, and what lists wait for it
	$(BIN)/python -m benchmarks.erasures

bench-failover: setup ## a primary of PostgreSQL killed under lists and events: what is lost, and for how long
	$(BIN)/python -m benchmarks.failover

bench-database: setup ## PostgreSQL shared by several hosts: freshness, and what grows with the store
	$(BIN)/python -m benchmarks.database

bench-consume: setup ## events from a queue and a folder: how fast, and none lost or doubled by kills
	nice -n 10 $(BIN)/python -m benchmarks.consume

bench-zoo: setup ## whether lists are ever worse than the parts they are made of; QUICK=1 for a few sets
	nice -n 10 $(BIN)/python -m benchmarks.zoo $(if $(QUICK),--quick)

bench-trades: setup ## what each setting of a trade does to its lists, on invented data
	nice -n 10 $(BIN)/python -m benchmarks.trades

bench-reviews: setup ## whether items of which there are reviews alone are found
	$(BIN)/python -m benchmarks.reviews

mutants: $(MUTMUT)/.ready ## faults put into the riskiest modules, which the tests must see; ALL=1 for all, MISSING=1 to go on, SURVIVORS=1 for those
	PYTHONPATH=src nice -n 10 $(MUTMUT)/bin/python -m benchmarks.mutants $(if $(ALL),--all) $(if $(MISSING),--missing) $(if $(SURVIVORS),--survivors) $(MODULES)

$(MUTMUT)/.ready: $(VENV)/.ready
	$(BIN)/python -m venv --clear $(MUTMUT)
	cd $(MUTMUT)/lib/python*/site-packages && $(abspath $(BIN))/python -c 'import site; print(*site.getsitepackages())' > project.pth
	$(MUTMUT)/bin/python -m pip install --quiet --progress-bar off mutmut==3.8.1
	@touch $@

api-docs: setup ## write docs/api.md, docs/python.md and docs/settings.md from the code
	$(BIN)/python -m foretaste.serve.docs.reference docs/api.md
	$(BIN)/python -m tools.reference

readme: setup ## write the measured figures into README.md and docs/
	$(BIN)/python -m benchmarks.readme

picture: setup ## take the pictures of the pages in docs/images, on the demo's workspace
	PICTURES=docs/images $(BIN)/python -m pytest -q -n 0 -m slow tests/serve/pages -k picture

vendor: setup ## fetch the files of others that the pages carry anew, from npm
	$(BIN)/python tools/vendor.py

check-deploy: setup ## the files of deploy/ by hadolint, promtool, Helm, the schemas of Kubernetes and Compose
	deploy/check.sh $(BIN)/python

wheel: setup ## the package and its client, in dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . ./clients/python

lock: ## write requirements.lock from what is installed in .venv
	{ sed -n '/^#/p' requirements.lock; \
	  $(BIN)/python -m pip freeze --all --exclude foretaste --exclude foretaste-client --exclude pip | sed -E 's/\+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock
	$(BIN)/python -m tools.runtime_requirements deploy/requirements.txt

clean: ## remove what make made
	rm -rf $(VENV) demo dist .mypy_cache .pytest_cache .ruff_cache
