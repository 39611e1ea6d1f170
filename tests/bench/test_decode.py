"""The decoding benchmark: ratios and pages against numbers by hand, and systems on a tiny bundle."""

import doctest
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from bench.decode import limit, prepare, run, table, worker
from bench.decode.worker import Cell, Options
from crosslight.bundle import Bundle, Facts, save_bundle
from crosslight.config.load import run_config
from crosslight.models.build import build_model
from crosslight.text.subword import PAD_ID, Subword

SHAPE = {
    "d_model": 32,
    "d_ff": 64,
    "n_heads": 2,
    "n_encoder_layers": 1,
    "n_decoder_layers": 1,
    "norm": "post",
}
TEXTS = [f"a cat number {i} sits on {'the red ' * (i % 3)}mat" for i in range(20)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decode")
    config = run_config({"model": SHAPE}, "the test")
    subword = Subword.train(TEXTS, vocab_size=300)
    torch.manual_seed(1)
    model = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
    facts = Facts("fr", "en", len(TEXTS), 40, 1.0, 0, 0.0)
    save_bundle(Bundle(config, subword, subword, model, facts), folder / "bundle")
    (folder / "test.src").write_text("\n".join(TEXTS) + "\n")
    return folder


@pytest.mark.parametrize("module", [worker, table])
def test_doctests(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


class Fake:
    """Takes 1 s a sentence, and its first call 100 s."""

    about, in_flight = "", 2

    def __init__(self) -> None:
        self.now, self.calls = 0.0, []

    def encode(self, texts: Any) -> list[Any]:
        return [len(text) for text in texts]

    def translate(self, work: Any, cell: Cell) -> int:
        self.now += len(work) if self.calls else 100
        self.calls.append(work)
        return 3 * len(work)


def test_the_warm_up_is_not_timed_and_batches_go_in_flight_together() -> None:
    fake = Fake()
    found = worker.measure(fake, Cell(1, 4), TEXTS[:16], 16, clock=lambda: fake.now)
    assert (found["sentences_per_second"], found["tokens_per_second"], found["sentences"]) == (1, 3, 16)
    n_words = sum(len(text.split()) for text in TEXTS[:16])
    assert found["words_per_second"] == round(n_words / 16, 1)
    assert {len(call) for call in fake.calls} == {8}
    assert "p50_ms" not in found


def test_one_sentence_a_call_has_latencies() -> None:
    fake = Fake()
    found = worker.measure(fake, Cell(1, 1, "tokens"), TEXTS, 5, clock=lambda: fake.now)
    assert (found["p50_ms"], found["p95_ms"], found["sentences"]) == (1000, 1000, 5)
    assert all(isinstance(call[0], int) for call in fake.calls)


def test_batches_hold_every_sentence_once() -> None:
    cut = worker.batches(TEXTS, 8)
    assert sorted(text for batch in cut for text in batch) == sorted(TEXTS)
    assert cut == worker.batches(TEXTS, 8)


def turn(who: str, rate: float) -> dict[str, Any]:
    return {"who": who, "sentences_per_second": rate, "tokens_per_second": 10 * rate, "peak_mb": 100.0}


def test_medians_and_ratios_of_neighbors() -> None:
    turns = [turn("ours", 10), turn("peer", 5), turn("ours", 20), {"who": "peer", "error": "a | b"}]
    found = table.summary([*turns, turn("ours", 60), turn("peer", 20), turn("ours", 20)])
    assert found["ratio"] == [2.5, 2, 3]  # 15/5 and 40/20
    assert (found["ours"]["sentences_per_second"], found["peer"]["tokens_per_second"]) == (20, 125)


def test_no_system_is_dropped_in_silence() -> None:
    turns = [turn("ours", 10), {"who": "peer", "error": "a | b"}, turn("ours", 10)]
    rows = []
    for name, kind in (("same weights", "text"), ("set length", "text")):
        row = {"table": name, "cell": "beam 1, batch 1", "beam": 1, "batch": 1, "kind": kind}
        row |= {"ours_title": "Ours", "ours_variant": "torch", "peer_title": "Theirs", "pytorch": "float32"}
        rows.append({**row, **table.summary(turns)})
    meta = dict.fromkeys(("corpus", "bundle", "parameters", "sentences", "words", "vocab_size"), 1)
    machine = {"cpu": "a", "cores": 2, "threads": 2, "system": "b", "python": "3", "load": [1.0]}
    limits = {"bytes_per_step": 10**7, "gbytes_per_second": 10.0, "peak_gflops": 1.0, "flop_per_token": 1}
    page = table.markdown(
        {
            **{"date": "2026-01-01", "minutes": 1, "command": "run", "seconds": 1, "rounds": 1},
            **{"machine": machine, "models": {"set length": meta, "same weights": meta}, "rows": rows},
            **{"limits": {"set length": limits, "same weights": {"error": "no\nmemory"}}},
            **{"about": {"Ours": "version 1"}, "failed": {"Sockeye": "no such\nversion"}},
        }
    )
    assert page.count("did not run: a / b") == 2
    assert "- Sockeye: no such version" in page
    assert "could not be measured: no memory" in page
    assert "is met by the torch engine in 0 of 0 cells" in page
    assert "| Ours | beam 1, batch 1 | 10% of the bandwidth |" in page  # 100 × 10 MB of 10 GB/s
    assert "$" not in page


def raced(peer: str, numbers: str, rate: float, variant: str = "torch", cell: str = "a") -> dict[str, Any]:
    turns = [turn("ours", 60), turn("peer", rate), turn("ours", 60)]
    for each in turns:
        each["words_per_second"] = 12 * each["sentences_per_second"]
    about = {"table": "set length", "cell": cell, "kind": "text", "ours_variant": variant}
    return {**about, "peer_title": peer, "pytorch": numbers, **table.summary(turns)}


def test_the_fastest_peer_is_named_in_each_cell() -> None:
    rows = [raced("Slow", "float32", 20), raced("Fast", "float32", 50), raced("Fast", "float32", 40, "auto")]
    rows += [raced("Other runtime", "", 600), raced("Slow", "float32", 30, cell="b")]
    found = table.fastest(rows)
    assert "| set length | a | Fast | 50.0 | 600.0 | 1.20 (1.20 – 1.20) | 1.50 (1.50 – 1.50) |" in found
    assert "| set length | b | Slow | 30.0 | 360.0 | 2.00 (2.00 – 2.00) | – |" in found
    assert found.endswith("2 of 2 cells.")  # 1.2 is enough
    assert not any(name in found for name in ("Other runtime", "| a | Slow"))


@pytest.mark.parametrize(("rate", "lines"), [(55, 2), (45, 1)])
def test_a_peer_in_int8_has_its_own_line_where_it_is_faster(rate: float, lines: int) -> None:
    found = table.fastest([raced("Exact", "float32", 51), raced("Coarse", "int8", rate)])
    assert found.count("| set length |") == lines
    assert ("| Coarse |" in found) == (lines == 2)
    assert found.endswith("0 of 1 cells.")  # int8 does not count for the goal


def test_without_a_bundle_every_form_has_weights_of_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("D_MODEL", 32), ("D_FF", 64), ("N_HEADS", 2), ("N_LAYERS", 1), ("VOCAB_SIZE", 400)):
        monkeypatch.setattr(prepare.settings, name, value)
    meta = prepare.prepare(tmp_path / "out", None)
    libraries = {form: "transformers" if to == "huggingface" else to for form, to, _ in prepare.FORMS}
    absent = {form for form, library in libraries.items() if importlib.util.find_spec(library) is None}
    assert set(meta["failed"]) == absent
    assert len((tmp_path / "out" / "vocab.txt").read_text().splitlines()) + 4 == meta["vocab_size"] == 400
    before = (tmp_path / "out" / "meta.json").stat().st_mtime_ns
    assert prepare.prepare(tmp_path / "out", None) == meta
    assert (tmp_path / "out" / "meta.json").stat().st_mtime_ns == before


def test_peers_run_in_venvs_of_their_own_and_write_their_own_scripts() -> None:
    for entry in (*run.PYTORCH, *run.FAST, run.TORCH, run.AUTO):
        assert entry.script in run.VENVS
        assert (run.ROOT / "bench" / "decode" / f"{entry.script}.py").is_file()


def test_a_step_reads_the_decoder_of_the_real_model() -> None:
    config = run_config({"model": {**SHAPE, "d_model": 64, "d_ff": 128}}, "the test").model
    model = build_model(config, 500, 500, PAD_ID)
    layer = model.decoder_layers[0]
    matrices = [p for name, p in layer.named_parameters() if p.dim() == 2]
    # Keys and values of the source are made once, not at every step.
    once = sum(
        p.numel() for n, p in layer.named_parameters() if n.startswith("cross") and n[16:18] in {"k_", "v_"}
    )
    n_bytes, _ = limit.decoder_step(config.model_dump(), 500)
    assert once == 2 * 64 * 64
    assert n_bytes == 4 * (sum(p.numel() for p in matrices) - once + 500 * 64)


@pytest.mark.parametrize("kind", ["text", "tokens"])
def test_ours_writes_as_many_tokens_as_asked(kind: str, prepared: Path) -> None:
    from bench.decode import ours

    system = ours.system(Options(prepared, 1, "torch"))
    cell = Cell(2, 4, kind, length=5)
    work = system.encode(TEXTS[:4]) if kind == "tokens" else TEXTS[:4]
    assert system.translate(work, cell) == 4 * 6


def test_a_worker_process_answers_cells_and_says_what_it_cannot(prepared: Path) -> None:
    import sys

    process = run.Worker(run.TORCH, sys.executable, prepared, 1)
    assert "engine torch" in process.about["about"]
    assert process.ask(Cell(1, 1), 0.05)["sentences_per_second"] > 0
    assert "beam" in process.ask(Cell(0, 1), 0.05)["error"]
    assert process.ask(Cell(1, 4, length=3), 0.05)["tokens_per_second"] > 0
    process.close()


@pytest.mark.parametrize("name", ["ctranslate2", "huggingface"])
def test_exports_of_the_same_weights_write_as_many_tokens(name: str, prepared: Path) -> None:
    library = {"huggingface": "transformers"}.get(name, name)
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    from crosslight.tasks.export import export

    folder = prepared / {"ctranslate2": "ctranslate2-float32"}.get(name, name)
    sample = prepared / "test.src"
    export(prepared / "bundle", name, folder, None, sample)
    module = importlib.import_module(f"bench.decode.{name}")
    system = module.system(Options(prepared, 1, "float32-1x1" if name == "ctranslate2" else ""))
    assert system.translate(TEXTS[:4], Cell(2, 4, length=5)) == 4 * 6


def test_sentences_of_the_sample() -> None:
    texts = prepare.sentences(None)
    assert len(texts) == prepare.N_SENTENCES
    assert all(texts)
