"""The page of a run: its numbers are those of the files, its text is never markup, and it asks nobody."""

import html.parser
import json
import re
import shutil
from pathlib import Path

import pytest

from crosslight.errors import ConfigError, RunError
from crosslight.report.page import report_page, tiles_of
from crosslight.report.reference import ReferenceCurve
from crosslight.report.run import read_run

EVIL = "</script><script>alert(1)</script><img src=http://x.example/a onerror=\"alert('2')\">&amp; {{data}}"


def records(run: Path, name: str = "metrics.jsonl") -> list[dict]:
    return [json.loads(line) for line in (run / name).read_text(encoding="utf-8").splitlines()]


def data_of(page: str) -> dict:
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(block)


class Outline(html.parser.HTMLParser):
    """Which tags a page has, all addresses in it, and its text, each figure's under its title."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "img", "link", "br", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def run(tiny_run, tmp_path) -> Path:
    """A finished run that may be changed, with training records (a quick run has written none)."""
    copy = shutil.copytree(tiny_run, tmp_path / "a run")
    rows = [
        {
            **{
                "kind": "train",
                "step": step,
                "epoch": step // 9,
                "seconds": 0.5 * step,
                "tokens": 100 * step,
            },
            **{"loss": 8.0 / step, "grad_norm": 0.1 * step, "learning_rate": 1e-5 * step},
            "tokens_per_second": 2000.0 + step,
        }
        for step in range(1, 31)
    ]
    valid = [
        record | {"seconds": 0.5 * record["step"], "tokens": 100 * record["step"]}
        for record in records(copy)
        if record["kind"] == "valid"
    ]
    text = "".join(json.dumps(row) + "\n" for row in sorted(rows + valid, key=lambda row: row["step"]))
    (copy / "metrics.jsonl").write_text(text, encoding="utf-8")
    return copy


def series(page: str, title: str) -> list[list[tuple[float, float]]]:
    titles = re.findall(r"<figcaption><h3>(.*?)</h3>", page)
    chart = data_of(page)["charts"][titles.index(title)]
    return [list(zip(one["x"], one["y"], strict=True)) for one in chart["series"]]


@pytest.mark.parametrize(
    ("title", "position", "kind", "key"),
    [
        ("Loss", 0, "train", "loss"),
        ("Loss", 2, "valid", "loss"),
        ("Scores of the validation sample", 0, "valid", "chrF"),
        ("Scores of the validation sample", 1, "valid", "BLEU"),
        ("Learning rate", 0, "train", "learning_rate"),
        ("Speed, target tokens per second", 1, "train", "tokens_per_second"),
        ("Norm of the gradient", 0, "train", "grad_norm"),
    ],
)
def test_the_curves_are_the_numbers_of_the_run(run, title, position, kind, key):
    expected = [(record["step"], record[key]) for record in records(run) if record["kind"] == kind]
    assert series(report_page(read_run(run)), title)[position] == expected


def test_the_drawing_is_of_the_same_points(run):
    """The learning rate rises evenly from step 1 to the last: so must the path, to within its rounding."""
    page = report_page(read_run(run))
    (figure,) = [f for f in re.findall(r"<figure.*?</figure>", page) if "<h3>Learning rate</h3>" in f]
    (path,) = re.findall(r'<path d="M([^"]*)" class="line c1">', figure)
    places = [tuple(map(float, place.split(","))) for place in path.split("L")]
    assert len(places) == 30
    for step, (x, y) in enumerate(places, start=1):
        assert x == pytest.approx(1000 * step / 30, abs=0.06)
        assert 100 - y == pytest.approx(100 * step / 30 / 1.05, abs=0.006)


def test_the_headline(run):
    best = min(record["loss"] for record in records(run) if record["kind"] == "valid")
    page = report_page(read_run(run))
    tiles = dict(tiles_of(read_run(run)))
    assert float(tiles["best validation loss"]) == pytest.approx(best, rel=1e-3)
    assert tiles["steps"] == "30"
    assert float(tiles["minutes"]) == pytest.approx(0.25, abs=0.051)
    for name, value in tiles.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert '<span class="state finished">finished</span>' in page


def test_what_the_model_said(run):
    said = records(run, "samples.jsonl")
    steps = [record["step"] for record in records(run) if record["kind"] == "valid"]
    assert [record["step"] for record in said if record["sentence"] == 1] == steps
    page = Outline(report_page(read_run(run)))
    for record in said:
        assert record["src"] in page.text
        assert record["ref"] in page.text
        assert record["now"] in page.text


def test_the_corpus_and_the_recipe(run, toy):
    import hashlib

    page = Outline(report_page(read_run(run))).text
    cleaning = json.loads((run / "data" / "cleaning.json").read_text(encoding="utf-8"))
    assert f"{cleaning['kept']:,} of {cleaning['total']:,} pairs were kept" in page
    assert cleaning["examples"]["held_out"][0]["src"] in page
    assert f"crosslight train --pairs {toy.pairs} --config {toy.config}" in page
    assert hashlib.sha256(toy.pairs.read_bytes()).hexdigest() in page
    assert "d_model" in page
    assert (run / "log.txt").read_text(encoding="utf-8").strip() in page


def test_text_is_never_markup(run):
    before = Outline(report_page(read_run(run)))
    samples = [record | {"src": EVIL, "ref": EVIL, "now": EVIL} for record in records(run, "samples.jsonl")]
    (run / "samples.jsonl").write_text("".join(json.dumps(record) + "\n" for record in samples))
    cleaning = json.loads((run / "data" / "cleaning.json").read_text(encoding="utf-8"))
    for examples in cleaning["examples"].values():
        for example in examples:
            example |= {"src": EVIL, "tgt": EVIL}
    (run / "data" / "cleaning.json").write_text(json.dumps(cleaning))
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    recipe["sessions"][0]["command"] = recipe["inputs"][0]["path"] = EVIL
    (run / "recipe.json").write_text(json.dumps(recipe))
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    (run / "environment.json").write_text(json.dumps(environment | {EVIL: EVIL}))
    (run / "log.txt").write_text(EVIL)
    page = Outline(report_page(read_run(run)))
    assert page.text.count(EVIL) > 10
    assert set(page.tags) == set(before.tags)
    assert page.tags.count("script") == before.tags.count("script") == 2
    assert page.addresses == []


def test_the_page_asks_nobody(run):
    page = report_page(read_run(run))
    assert Outline(page).addresses == []
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttpRequest", page)
    assert "default-src 'none'" in page


def test_half_a_last_line_is_passed_over(run):
    whole = report_page(read_run(run))
    for name in ("metrics.jsonl", "samples.jsonl"):
        with (run / name).open("a", encoding="utf-8") as file:
            file.write('{"kind": "train", "step": 31, "loss": 1.')
    assert data_of(report_page(read_run(run))) == data_of(whole)


def test_a_run_without_validation_yet(run):
    (run / "metrics.jsonl").write_text(
        '{"kind": "train", "step": 3, "seconds": 2.0, "tokens": 9, "loss": 7.5, "grad_norm": null}\n'
    )
    (run / "samples.jsonl").unlink()
    page = report_page(read_run(run))
    assert series(page, "Loss")[0] == [(3, 7.5)]
    assert "best validation loss" not in page
    assert "What it says" not in page
    (run / "metrics.jsonl").write_text("")
    assert "No step was recorded" in Outline(report_page(read_run(run))).text


def test_a_run_of_an_older_version(run):
    """Which had neither recipe nor samples nor statistics."""
    for name in ("recipe.json", "samples.jsonl", "data/statistics.json", "environment.json", "log.txt"):
        (run / name).unlink()
    page = Outline(report_page(read_run(run))).text
    assert "made by a version that did not keep its commands" in page
    assert "finished" in page


@pytest.mark.parametrize(
    ("outcome", "state", "detail"),
    [
        ("finished", "finished", ""),
        ("stopped", "stopped", ""),
        ("failed: the loss is nan: where", "failed", "the loss is nan: where"),
        (None, "running", ""),
    ],
)
def test_the_state(run, outcome, state, detail):
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    recipe["sessions"][-1]["outcome"] = outcome
    (run / "recipe.json").write_text(json.dumps(recipe))
    found = read_run(run)
    assert (found.state, found.state_detail) == (state, detail)
    assert (data_of(report_page(found))["reload"] is not None) == (state == "running")


def test_no_sign_of_life_for_long_is_cut_off(run):
    import os

    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    recipe["sessions"][-1]["outcome"] = None
    (run / "recipe.json").write_text(json.dumps(recipe))
    for name in ("metrics.jsonl", "log.txt", "config.toml"):
        os.utime(run / name, (1e9, 1e9))
    assert read_run(run).state == "cut off"


def test_no_run(tmp_path, run):
    with pytest.raises(RunError, match=r"holds no run: it has no config\.toml"):
        read_run(tmp_path)
    (run / "config.toml").write_text("[data")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_run(run)


def test_the_reference_lies_where_the_run_had_seen_as_many_tokens(run):
    near = ReferenceCurve("near", 200, 420, ((0.0, 9.0), (1000.0, 5.0), (2000.0, 4.0)))
    far = ReferenceCurve("far", 1_000_000, 8000, ((0.0, 1.0), (1e9, 1.0)))
    page = report_page(read_run(run), [far, near])
    drawn = dict(series(page, "Loss")[-1])
    assert drawn[10] == 5.0  # 100 tokens a step
    assert drawn[15] == 4.5
    assert max(drawn) == 20
    assert "near, 200 pairs" in page
    assert "Reference:" not in report_page(read_run(run), [far])
