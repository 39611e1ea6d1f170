# Every target works from a bare clone: the first one to need it makes .venv.
PYTHON ?= python3
# On Linux PyPI's torch brings CUDA along; without a GPU this saves gigabytes:
#   make demo TORCH="torch --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo test check fix docs bench bench-train bench-decode bench-gpu bench-pareto bench-serve corpus

demo: .venv/ready            ## train a translator on the sample corpus, score it, look inside
	$(BIN)/crosslight demo

test: .venv/ready            ## the whole test suite, a file a core
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: .venv/ready           ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: .venv/ready             ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/ready            ## write the generated pages: docs/cli.md, docs/config.md
	$(BIN)/python docs/generate.py

bench-gpu: .venv/ready       ## training speed of presets base and big on a GPU
	$(BIN)/python -m bench.gpu

bench: .venv/ready           ## speed and memory of this machine
	$(BIN)/python -m bench

bench-train:                 ## training speed beside other toolkits; MULTI30K=directory, ARGS="--rounds 5"
	$(PYTHON) -m bench.peers.run --torch "$(TORCH)" $(ARGS)

bench-decode:                ## decoding speed beside other toolkits; MULTI30K=directory, ARGS="--rounds 5"
	$(PYTHON) -m bench.decode.run --torch "$(TORCH)" $(ARGS)

bench-pareto: .venv/ready    ## speed against quality; ARGS="--src test.fr --ref test.en teacher=BUNDLE student=BUNDLE"
	$(BIN)/python -m bench.pareto $(ARGS)

bench-serve: .venv/ready    ## the service under load; ARGS="fr-en --soak 600 --fuzz 500 --out bench/results/serve.json"
	$(BIN)/python -m bench.serve $(ARGS)

corpus: .venv/ready          ## make the sample corpus from its sources
	$(BIN)/python corpus/handwritten.py
	$(BIN)/python corpus/grammar/generate.py

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) install -c constraints.txt $(TORCH)
	$(PIP) install -c constraints.txt -e '.[dev]'
	touch $@
