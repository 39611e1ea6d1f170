"""The Pareto benchmark: the front against brute force, figures by hand, labels, the page, the plot, a run."""

import doctest
import importlib.util
import json
import random
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from sacrebleu import corpus_bleu

from bench.pareto import figures, labels, measure, page, plot, quality, run, systems, table
from crosslight.bundle import Bundle, Facts, save_bundle
from crosslight.config.load import run_config
from crosslight.export import certificate
from crosslight.models.build import build_model
from crosslight.text.subword import EOS_ID, PAD_ID, Subword

SHAPE = {
    "d_model": 32,
    "d_ff": 64,
    "n_heads": 2,
    "n_encoder_layers": 1,
    "n_decoder_layers": 1,
    "norm": "post",
}
TEXTS = [f"a cat number {i} sits on {'the red ' * (i % 3)}mat" for i in range(20)]


@pytest.mark.parametrize("module", [figures, labels, measure, plot, run, systems])
def test_doctests(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


def test_the_front_is_what_no_other_beats() -> None:
    draw = random.Random(1)
    for _ in range(300):
        points = [(draw.randint(0, 6), draw.randint(0, 6)) for _ in range(draw.randint(1, 12))]
        unbeaten = {
            i
            for i, (x, y) in enumerate(points)
            if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points)
        }
        found = figures.front(points)
        assert set(found) == unbeaten
        assert [points[i][0] for i in found] == sorted(points[i][0] for i in found)


def test_labels_cover_neither_each_other_nor_markers() -> None:
    draw = random.Random(2)
    area = (0.0, 0.0, 600.0, 400.0)
    for _ in range(5):
        points = [(draw.uniform(150, 450), draw.uniform(150, 250)) for _ in range(12)]
        taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
        lines = [(x - 1, y - 60, x + 1, y + 60) for x, y in points]
        boxes = labels.placed(points, [(110, 11)] * 12, area, taken, lines, 8)
        assert all(
            labels.overlap(a, b) == 0 for a, b in combinations([*boxes, *taken], 2) if {a, b} - {*taken}
        )
        assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= 600 and b[3] <= 400 for b in boxes)


def test_a_turn_is_whole_passes_after_a_warm_up() -> None:
    now, calls = [0.0], []

    def translate(texts: list[str]) -> None:
        now[0] += len(texts)
        calls.append(len(texts))

    def clock() -> float:
        return now[0]

    def cpu() -> float:
        return 2 * now[0]

    found = measure.turn(translate, ["two words"] * 10, 25, clock, cpu)
    assert calls == [8, 10, 10, 10]  # 10 and 20 are below 25
    assert (found["words_per_second"], found["words_per_cpu_second"], found["passes"]) == (2, 1, 3)
    one = measure.single_sentences(translate, ["a b c"], clock)
    assert one == [{"words": 3, "ms": 1000}]


def test_the_slowest_system_sets_the_sentences_but_not_below_a_batch() -> None:
    texts = [f"one two {i}" for i in range(1000)]
    assert len(measure.speed_set(texts, 300, 2)) == 200
    assert len(measure.speed_set(texts, 1, 1)) == measure.LEAST_SENTENCES
    assert measure.speed_set(texts, 1e9, 1) == texts


def test_percentiles_of_single_sentences() -> None:
    found = figures.latency([{"words": 12 if i == 30 else 5, "ms": float(i)} for i in range(101)])
    assert found == {
        **{"sentences": 101, "p50_ms": 50, "p95_ms": 95, "p50_ms_12_words": 30, "sentences_12_words": 1}
    }


def test_quality_is_sacrebleus_and_its_interval_is_around_it() -> None:
    draw = random.Random(3)
    references = [" ".join(draw.choices("abcdefgh", k=12)) for _ in range(60)]
    texts = [reference if i % 2 else reference[:12] + " x y z" for i, reference in enumerate(references)]
    base, other = quality.judged(references, [references]), quality.judged(texts, [references])
    bleu = other.figures["bleu"]
    assert bleu["value"] == pytest.approx(corpus_bleu(texts, [references], force=True).score)
    assert bleu["low"] < bleu["value"] < bleu["high"]
    delta = quality.against(base, other)
    assert delta["value"] == pytest.approx(bleu["value"] - 100)
    assert delta["low"] < delta["value"] < delta["high"] < 0
    assert quality.against(base, base)["value"] == 0


def row(model: str, engine: str, beam: int, words: float, bleu: float) -> dict[str, Any]:
    return {
        **{"name": systems.name_of(model, engine, beam), "model": model, "engine": engine, "beam": beam},
        **{"error": "", "bytes": 12_000_000, "megabytes": 12.0, "left_to_torch": 0, "equal_to_torch": 0.5},
        "bleu": {"value": bleu, "low": bleu - 1, "high": bleu + 1, "signature": "nrefs:1"},
        "chrf": {"value": 60.0, "signature": "nrefs:1"},
        "delta_bleu": {"value": bleu - 40, "low": -1.0, "high": 1.0, "p": 0.5},
        "words_per_second": figures.spread([words, words * 0.9, words * 1.1]),
        "words_per_cpu_second": figures.spread([words]),
        "ratio": figures.spread([words / 500]),
        "latency": {"p50_ms": 4.0, "p95_ms": 12.5, "p50_ms_12_words": 11.0},
    }


def result() -> dict[str, Any]:
    """Two models in every engine with every beam; one of them failed."""
    rows = [
        row(model, engine, beam, rate * (5 - beam) * (1 + i), 40 + beam / 10 - i / 10 + lost)
        for model, rate, lost in (("teacher", 100, 0.0), ("student", 700, -0.4))
        for i, engine in ((0.5, systems.LISTED), *enumerate(systems.ENGINES))
        for beam in systems.BEAMS
    ]
    broken = rows[-1]
    rows[-1] = {key: broken[key] for key in ("name", "model", "engine", "beam", "bytes", "megabytes")}
    rows[-1] |= {"error": "ExportError: not the | same", "words_per_second": None, "latency": None}
    kept = figures.ran(rows)
    on_front = {kept[i]["name"] for i in figures.front([figures.point(each) for each in kept])}
    model = {"n_encoder_layers": 6, "n_decoder_layers": 1, "d_model": 256, "d_ff": 1024}
    about = {"languages": ["fr", "en"], "parameters": 10, "model": model, "pieces": [8, 9], "alpha": 0.6}
    return {
        **{"date": "2026-01-01", "minutes": 3, "command": "run", "commit": "abc", "seconds": 5, "rounds": 3},
        **{"teacher": "teacher", "base": "teacher, CTranslate2 int8, beam 4", "versions": {"torch": "2"}},
        "machine": {"cpu": "a cpu", "cores": 2, "system": "Linux", "load": [0.5]},
        "test_set": {"src": "test.fr", "ref": "test.en", "sentences": 2000, "words": 15000},
        "speed_set": {"sentences": 150, "words": 1500, "single": 200},
        "models": {"teacher": about, "student": about},
        "systems": [{**each, "on_front": each["name"] in on_front} for each in rows],
    }


def test_the_page_has_every_system_and_says_what_failed() -> None:
    text = table.markdown(json.loads(json.dumps(result())), "plot.svg")
    lines = text.splitlines()
    for each in result()["systems"]:
        assert any(line.startswith(("| " + each["name"], "| **" + each["name"])) for line in lines)
    assert "| student, CTranslate2 int8, beam 4 | did not run: ExportError: not the / same |" in text
    widths = {line.count("|") for line in lines if line.startswith(("| teacher", "| **teacher"))}
    assert widths == {11}
    assert {line.count("|") for line in lines if "did not run:" in line} == {11}
    # 700 × 4 × 3 = 8,400 words/s, 16.8 times 500; 39.5 is 0.5 below 40; 11 ms are too many.
    goals = next(line for line in lines if line.startswith("| student, CTranslate2 int8, beam 1 | 16.80"))
    assert [cell.rpartition(", ")[2] for cell in goals.strip("| ").split(" | ")[1:]] == [
        *("met", "met", "met", "met", "missed")
    ]
    assert "$" not in text
    assert "![Words a second against BLEU](plot.svg)" in text


def test_the_plot_is_an_svg_that_names_every_system_and_the_goals(tmp_path: Path) -> None:
    page.write(result(), tmp_path / "a" / "plot")
    root = ET.parse(tmp_path / "a" / "plot.svg").getroot()
    assert root.tag.endswith("}svg")
    said = [" ".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("}text")]
    shown = {plot.label(each) for each in result()["systems"] if not each["error"]}
    assert shown <= {*said}
    assert "student, CT2 int8, beam 4" not in said  # it failed
    assert "goal: 6 × teacher, CT2 int8, beam 4" in said
    assert any("− 0.5" in text for text in said)
    assert {"fr → en: speed against quality", "Pareto front", "CTranslate2 int8"} <= {*said}
    again = (tmp_path / "a" / "plot.svg").read_bytes()
    page.write(json.loads((tmp_path / "a" / "plot.json").read_text()), tmp_path / "a" / "plot")
    assert (tmp_path / "a" / "plot.svg").read_bytes() == again  # nothing of chance or of the day


def test_without_a_system_that_ran_there_is_a_page_and_no_plot(tmp_path: Path) -> None:
    nothing = result()
    nothing["systems"] = [each for each in nothing["systems"] if each["error"]]
    page.write(nothing, tmp_path / "plot")
    assert not (tmp_path / "plot.svg").exists()
    assert "![" not in (tmp_path / "plot.md").read_text()


def test_a_run_measures_what_it_can_and_names_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config({"model": SHAPE, "decode": {"max_extra": 4}}, "the test")
    subword = Subword.train(TEXTS, vocab_size=300)
    torch.manual_seed(1)
    model = build_model(config.model, subword.vocab_size, subword.vocab_size, PAD_ID).eval()
    with torch.no_grad():  # outputs that end
        norm = model.decoder_layers[-1].ff_residual.norm
        norm.bias.add_(4 * model.output.table.weight[EOS_ID])
    facts = Facts("fr", "en", len(TEXTS), 40, 1.0, 0, 0.0)
    save_bundle(Bundle(config, subword, subword, model, facts), tmp_path / "bundle")
    for name in ("test.src", "test.ref"):
        (tmp_path / name).write_text("\n".join(TEXTS) + "\n")
    words = ["--src", str(tmp_path / "test.src"), "--ref", str(tmp_path / "test.ref"), "--seconds", "0.01"]
    words += ["--rounds", "2", "--out", str(tmp_path / "out"), f"teacher={tmp_path}/bundle", "absent=nowhere"]
    monkeypatch.setattr("sys.argv", ["pareto", *words])
    # Random weights suffer from one byte as trained ones do not.
    monkeypatch.setitem(certificate.TOLERANCES, "int8", certificate.Tolerance(99, 99, 99, 99, 100))
    monkeypatch.setattr(run, "keep_to_one_core", lambda: None)  # the other tests want theirs
    run.main()
    found = json.loads((tmp_path / "out.json").read_text())
    by_name = {each["name"]: each for each in found["systems"]}
    assert len(by_name) == 12
    assert all("nowhere" in by_name[name]["error"] for name in by_name if name.startswith("absent"))
    if importlib.util.find_spec("ctranslate2"):
        assert [each["error"] for each in found["systems"] if each["model"] == "teacher"] == [""] * 6
        assert by_name[found["base"]]["ratio"] == {"median": 1, "least": 1, "most": 1}
        assert by_name[found["base"]]["delta_bleu"]["value"] == 0
        assert not any(each.get("left_to_torch") for each in found["systems"])
    for beam in systems.BEAMS:
        each = by_name[f"teacher, torch, beam {beam}"]
        assert (each["error"], len(each["turns"]), len(each["single"])) == ("", 2, len(TEXTS))
        assert each["equal_to_torch"] == 1
    assert found["speed_set"]["sentences"] == found["test_set"]["sentences"] == len(TEXTS)
    assert str(tmp_path) not in found["command"]
    ET.parse(tmp_path / "out.svg")


@pytest.mark.parametrize("words", [["a"], ["a=b", "a=c"], ["=b"], ["a="], ["a=b", "--rounds", "0"]])
def test_arguments_that_cannot_be(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.parse(["--src", "a", "--ref", "b", *words])
    assert ended.value.code == 2
    assert "error" in capsys.readouterr().err
