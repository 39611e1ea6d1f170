"""The training benchmark: counting and formula against independent ones, and two systems end to end."""

import doctest
import json
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.peers import batches, flops, limit, prepare, probe, settings, table, venvs
from bench.peers.batches import Padded, padded_batches, read_ids
from bench.peers.ours import config
from bench.peers.probe import WARM_UPDATES, Count, Options, Probe
from crosslight.data.batch import Batch
from crosslight.models.build import build_model
from crosslight.nn.attention import attend_written_out

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [(f"a cat number {i} sits on mat {i % 7}", f"eine Katze {i} sitzt") for i in range(160)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepared")
    prepare.prepare(PAIRS, "cats", out, vocab_size=60)
    return out


@pytest.mark.parametrize("module", [batches, probe, table])
def test_doctests(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


def test_every_form_of_the_corpus_says_the_same(prepared: Path) -> None:
    vocab = (prepared / "vocab.txt").read_text(encoding="utf-8").splitlines()
    for i, side in enumerate(("src", "tgt")):
        rows = read_ids(prepared / f"train.{side}.ids")
        lines = (prepared / f"train.{side}").read_text(encoding="utf-8").splitlines()
        # The four special pieces come first, so a piece's number is its line plus four.
        assert [[vocab[number - 4] for number in row] for row in rows] == [line.split(" ") for line in lines]
        texts = ["".join(line.split(" ")).replace("▁", " ").strip() for line in lines]
        assert texts == [pair[i] for pair in PAIRS[prepare.N_DEV :]]


def test_prepared_epochs_hold_every_pair_once_within_the_budget(prepared: Path) -> None:
    rows = json.loads((prepared / "batches.json").read_text())
    n_pairs = len(PAIRS) - prepare.N_DEV
    assert Counter(row for batch in rows for row in batch) == dict.fromkeys(range(n_pairs), prepare.N_EPOCHS)
    stream = padded_batches(prepared)
    meta = json.loads((prepared / "meta.json").read_text())
    total = Count()
    for _ in range(meta["batches_an_epoch"]):
        batch = next(stream)
        assert max(batch.src.numel(), batch.tgt_out.numel()) <= settings.MAX_TOKENS
        total.add(batch.count())
    assert (total.src, total.tgt) == (meta["src_tokens"], meta["tgt_tokens"])


def test_pairs_without_pieces_or_with_too_many_are_left_out(tmp_path: Path) -> None:
    long = "word " * (2 * settings.MAX_LENGTH)
    meta = prepare.prepare([*PAIRS, ("", "leer"), (long, "lang")], "cats", tmp_path, vocab_size=60)
    assert meta["pairs"] == len(PAIRS) - prepare.N_DEV


def test_flops_are_those_that_torch_counts(prepared: Path) -> None:
    """A batch without padding: torch counts what is called, ours what the sizes say."""
    lengths = {"src": 11, "tgt": 7}
    n = 5
    ids = {side: torch.randint(4, settings.VOCAB_SIZE, (n, length)) for side, length in lengths.items()}
    model = build_model(config().model, settings.VOCAB_SIZE, settings.VOCAB_SIZE, settings.PAD_ID)
    for module in model.modules():
        if hasattr(module, "attend"):
            module.attend = attend_written_out  # torch cannot count inside the fused kernel
    with FlopCounterMode(display=False) as counter:
        model(ids["src"], ids["tgt"]).sum().backward()
    s, t = lengths["src"], lengths["tgt"]
    meta = {
        "src_tokens": n * s,
        "tgt_tokens": n * t,
        "src_src": n * s * s,
        "tgt_tgt": n * t * t,
        "tgt_src": n * t * s,
    }
    assert counter.get_total_flops() == pytest.approx(flops.per_target_token(meta) * n * t, rel=1e-3)


def test_recorded_products_are_the_formula_without_the_scores() -> None:
    rows = torch.randint(4, settings.VOCAB_SIZE, (3, 9))
    products = limit.products_of_a_step(Batch(rows, rows, rows, settings.PAD_ID))
    counted = sum(product.flops * n for product, n in products.items())
    assert counted == pytest.approx(
        3 * rows.numel() * (flops.source_token() + flops.target_token()), rel=1e-3
    )


def test_a_product_is_called_with_its_sizes_and_layout() -> None:
    for a_transposed in (False, True):
        for b_transposed in (False, True):
            out = limit.Product(3, 4, 5, a_transposed, b_transposed).call()()
            assert out.shape == (3, 5)


def test_two_threads_side_by_side_count_double() -> None:
    products = Counter({limit.Product(8, 8, 8): 1})
    rate = limit.rate(products, 1, side_by_side=True, seconds=0.03)
    assert 0 < rate < math.inf


def options(tmp_path: Path, seconds: float) -> Options:
    return Options(tmp_path, 1, seconds, tmp_path / "figures.json")


def test_the_probe_times_what_comes_after_the_warm_up(tmp_path: Path) -> None:
    ticks = iter(range(1000))
    watch = Probe(options(tmp_path, seconds=10), "", "", 7, clock=lambda: float(next(ticks)))

    def train() -> None:
        for update in range(100):
            # Warm-up batches are large, so that counting one of them would show.
            n = 9999 if update < WARM_UPDATES else 30
            for _ in range(2):
                watch.batch(Count(src=n, tgt=n, src_cells=n, tgt_cells=2 * n))
            watch.update(loss=1.0)

    with pytest.raises(SystemExit) as ended:
        train()
    assert ended.value.code == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert (figures["updates"], figures["seconds"]) == (10, 10)
    assert figures["tokens_per_second"] == 60
    assert figures["padding"] == {"src": 0, "tgt": 0.5, "both": 0.3333}
    assert [figures["losses"][0][0], figures["losses"][-1][0]] == [1, WARM_UPDATES + 10]


def test_counts_of_a_padded_batch() -> None:
    rows = torch.tensor([[5, 6, 3], [5, 3, 0]])
    assert Padded(rows, rows, rows).count() == Count(src=5, tgt=5, src_cells=6, tgt_cells=6)


def run(system: str, rate: float) -> dict[str, Any]:
    return {
        "system": system,
        "tokens_per_second": rate,
        "peak_mb": 100.0,
        "first_update_seconds": 1.0,
        "padding": {"src": 0.0, "tgt": 0.0, "both": 0.25},
        "parameters": 1000,
        "version": "1",
        "settings": "as it is",
        "losses": [[1, 9.0], [2, 8.0]],
    }


LIMIT = {
    "system": "limit",
    "mflop_per_target_token": 50.0,
    "peak_gflops": 100.0,
    "shapes_gflops": 80.0,
    "side_by_side": {"peak_gflops": 95.0, "shapes_gflops": 65.0},
    "inside": {"peak_gflops": 90.0, "shapes_gflops": 70.0},
    "numpy": {"peak_gflops": 100.0, "shapes_gflops": 80.0},
}
ROUNDS = [
    [LIMIT, run("ours", 1000), run("eole", 500), run("ours", 1200), {"system": "joeynmt", "error": "a | b"}],
    [LIMIT, run("ours", 1000), run("eole", 1000), run("ours", 1000), {"system": "joeynmt", "error": "a | b"}],
]


def test_medians_ratios_and_shares() -> None:
    found = table.summary(ROUNDS)
    assert found["eole"]["tokens_per_second"] == [750, 500, 1000]
    assert found["eole"]["ratio"] == [pytest.approx(1.6), 1.0, 2.2]
    assert "ratio" not in found["ours"]
    # 1,000 tokens/s × 50 MFLOP = 50 GFLOP/s.
    assert found["ours"]["share_of_peak"] == [0.5, 0.5, 0.6]
    assert found["ours"]["share_of_shapes"] == [0.625, 0.625, 0.75]
    assert found["ours"]["share_of_torch"] == [
        pytest.approx(50 / 70),
        pytest.approx(50 / 70),
        pytest.approx(60 / 70),
    ]
    assert "joeynmt" not in found


def test_no_system_is_dropped_in_silence() -> None:
    page = table.markdown(
        {
            "date": "2026-01-01",
            "minutes": 1,
            "seconds": 20,
            "command": "run",
            "machine": {"cpu": "a", "cores": 2, "threads": 2, "system": "b", "python": "3", "load": [1.0]},
            "corpus": {"corpus": "cats", "pairs": 1, "vocab_size": 60},
            "failed": {"Transformers MarianMT": "its venv could not be made: no such version"},
            "profile": {"error": "nothing"},
            "rounds": ROUNDS,
            "summary": table.summary(ROUNDS),
        }
    )
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert any("Eole | 750 (500 – 1,000) | 1.60 (1.00 – 2.20) | 25.0% |" in row for row in rows)
    assert any("JoeyNMT | did not run: a / b |" in row for row in rows)
    assert any("MarianMT | did not run: its venv could not be made: no such version |" in row for row in rows)
    assert "is not known" in page
    assert "$" not in page


def test_what_stands_between_is_all_but_the_products() -> None:
    profile = {"shares": {"products of the layers": 0.5, "norms": 0.3, "products of the output layer": 0.2}}
    sentence = table.between(table.summary(ROUNDS)["ours"], profile)
    assert "at 62% of the rate" in sentence  # 50 of 80 GFLOP/s, halves to even
    assert "at 71% of what torch's own reach" in sentence
    assert "the 30% of an update" in sentence
    assert "the 25% of cells" in sentence


def test_a_venv_that_cannot_be_made_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    system = venvs.System("broken", "Broken", ())
    (tmp_path / "broken").write_text("a file where the venv should be")
    with pytest.raises(venvs.VenvError, match="broken"):
        venvs.python_of(system, tmp_path, "torch")
    assert not (tmp_path / "broken" / "recipe.sha256").exists()


def test_only_torch_is_pinned_for_peers(tmp_path: Path) -> None:
    pinned = venvs.constraints(venvs.PEERS[0], tmp_path).read_text().splitlines()
    assert [line.partition("==")[0] for line in pinned] == ["torch"]
    assert pinned[0] in venvs.CONSTRAINTS.read_text().splitlines()
    assert venvs.constraints(venvs.OURS, tmp_path) == venvs.CONSTRAINTS


def test_a_torch_of_its_own_is_pinned_alone(tmp_path: Path) -> None:
    old = venvs.System("old", "Old", (), torch="torch==1.13.1")
    assert venvs.constraints(old, tmp_path).read_text() == "torch==1.13.1\n"
    others = venvs.constraints(venvs.PEERS[0], tmp_path).read_text()
    assert others.startswith("torch==") and "1.13.1" not in others


@pytest.mark.parametrize("system", ["ours", "torch_nn"])
def test_a_system_trains_and_reports(system: str, prepared: Path, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    command = [sys.executable, "-m", f"bench.peers.{system}", str(prepared), "--threads", "1"]
    command += ["--seconds", "0.1", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(output.read_text())
    assert figures["tokens_per_second"] > 0
    assert figures["losses"][-1][1] < figures["losses"][0][1] + 1
    assert 0 < figures["padding"]["both"] < 0.5
