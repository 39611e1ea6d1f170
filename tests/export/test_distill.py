"""`crosslight distill` from end to end on a toy, stopped and gone on with, and what it refuses."""

import json
import shutil
from dataclasses import replace

import pytest

from crosslight.bundle import load_bundle, save_bundle
from crosslight.errors import CorpusError
from crosslight.export import certificate
from crosslight.export.shortlist import FILE, KEPT
from crosslight.tasks import shortlist
from crosslight.tasks.lessons import different, write_best
from crosslight.text.corpus import read_lines

NARROW = ["--set", "model.d_model=32", "--set", "model.d_ff=64"]
OWN_PIECES = ["--set", "subword.vocab_size=400"]
SMALL = [*NARROW, *OWN_PIECES]


@pytest.fixture(autouse=True)
def _any_student_will_do(monkeypatch):
    """Weights that are as good as random suffer from one byte as trained ones do not."""
    monkeypatch.setitem(certificate.TOLERANCES, "int8", certificate.Tolerance(99, 99, 99, 99, 100))


@pytest.fixture(scope="session")
def teacher(make_bundle, tmp_path_factory):
    """It writes nothing sensible, but of every length."""
    directory = tmp_path_factory.mktemp("teacher") / "bundle"
    save_bundle(make_bundle(), directory)
    return directory


@pytest.fixture
def sources(tmp_path, toy):
    """Sources with two of them twice, an empty line, and a tab."""
    lines = [line.split("\t")[0] for line in toy.pairs.read_text(encoding="utf-8").splitlines()[:40]]
    path = tmp_path / "text.fr"
    path.write_text("\n".join([*lines, lines[3], "", lines[5], "un\tdeux"]) + "\n", encoding="utf-8")
    return path


def rows(path):
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def save_lively(bundle, directory):
    """None of its outputs is empty or runs in a circle."""
    decode = bundle.config.decode.model_copy(update={"min_length": 3, "no_repeat": 1})
    bundle.config = bundle.config.model_copy(update={"decode": decode})
    save_bundle(bundle, directory)


def save_back(bundle, directory):
    """It translates from English to French, the others from French to English."""
    bundle.facts = replace(bundle.facts, src_lang="en", tgt_lang="fr")
    save_bundle(bundle, directory)


def test_a_student_that_translates(command, teacher, sources, tmp_path):
    out = tmp_path / "out"
    distill = ["distill", teacher, "--src", sources, "-o", out, "--steps", "3", *SMALL]
    result = command(*distill)
    assert result.code == 0, result.err
    outputs = rows(out / "outputs.tsv")
    assert [row[0] for row in outputs] == list(different([sources]))
    assert len(outputs) == len({row[0] for row in outputs})
    said = command("translate", teacher, "-i", sources).out.splitlines()
    by_source = dict(zip(read_lines(sources), said, strict=True))
    assert all(" ".join(by_source[src].split()) == output for src, output, _ in outputs if src in by_source)
    assert {row[0] for row in rows(out / "distilled.tsv")} <= {row[0] for row in outputs}
    assert json.loads((out / "int8" / "certificate.json").read_text())["numbers"] == "int8"
    assert command("translate", out / "student", "--engine", "torch", stdin=b"Bonjour !").code == 0
    # All is there: the same command has nothing left to do, and changes nothing.
    before = (out / "student" / "bundle" / "model.safetensors").stat().st_mtime_ns
    assert command(*distill).code == 0
    assert (out / "student" / "bundle" / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("theirs", "wished", "expected"),
    [
        ("sinusoidal-half", [], "sinusoidal-half"),
        ("learned", [], "learned"),
        ("relative", [], "rotary"),
        ("sinusoidal", ["--set", "model.positions=learned"], "learned"),
        ("sinusoidal", OWN_PIECES, "rotary"),
    ],
)
def test_has_its_teachers_positions_where_the_fast_engine_knows_them(
    command, make_bundle, sources, tmp_path, theirs, wished, expected
):
    """Otherwise the preset's, as without its layers; and what is wished for first of all."""
    save_lively(make_bundle(positions=theirs, max_positions=300), tmp_path / "teacher")
    out = tmp_path / "out"
    result = command(
        "distill", tmp_path / "teacher", "--src", sources, "-o", out, "--steps", "1", *NARROW, *wished
    )
    assert result.code == 0, result.err
    assert load_bundle(out / "student").config.model.positions == expected
    assert (out / "int8" / "certificate.json").is_file()


@pytest.mark.parametrize(("may_lose", "kept"), [(100, True), (-100, False)])
def test_a_shortlist_learned_from_the_lessons_if_it_costs_little(
    command, teacher, sources, tmp_path, monkeypatch, may_lose, kept
):
    monkeypatch.setattr(shortlist, "MAY_LOSE", may_lose)
    out = tmp_path / "out"
    result = command("distill", teacher, "--src", sources, "-o", out, "--steps", "2", *SMALL)
    assert result.code == 0, result.err
    package, bundle = out / "int8" / FILE, out / "student" / "bundle" / KEPT
    assert package.is_file() == bundle.is_file() == kept
    assert ("no shortlist" in result.err) == (not kept)
    if kept:
        assert bundle.read_bytes() == package.read_bytes()
        assert command("export", out / "student", "--to", "bundle", "-o", tmp_path / "small").code == 0
        assert (tmp_path / "small" / KEPT).read_bytes() == package.read_bytes()


def test_a_student_that_one_byte_is_too_coarse_for_is_done_all_the_same(
    command, teacher, sources, tmp_path, monkeypatch
):
    monkeypatch.setitem(certificate.TOLERANCES, "int8", certificate.Tolerance(0, 0, 0, 0, 0))
    out = tmp_path / "out"
    result = command("distill", teacher, "--src", sources, "-o", out, "--steps", "1", *SMALL)
    assert result.code == 0, result.err
    assert "no int8 package: the export is not the same model" in result.err
    assert (out / "student" / "bundle" / "bundle.json").is_file()
    assert not (out / "int8" / "certificate.json").exists()


def test_goes_on_in_the_middle_of_a_row(command, teacher, sources, tmp_path):
    """What a stop leaves (whole rows, and part of one) is not translated again, and the end is the same."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    options = ["--src", sources, "--steps", "2", *SMALL]
    assert command("distill", teacher, "-o", whole, *options).code == 0
    stopped.mkdir()
    (stopped / "outputs.json").write_bytes((whole / "outputs.json").read_bytes())
    all_rows = (whole / "outputs.tsv").read_bytes().splitlines(keepends=True)
    (stopped / "outputs.tsv").write_bytes(b"".join(all_rows[:7]) + all_rows[7][:5])
    result = command("distill", teacher, "-o", stopped, *options)
    assert result.code == 0, result.err
    assert "7 sentences are translated already" in result.err
    for ours, theirs in zip(rows(stopped / "outputs.tsv"), rows(whole / "outputs.tsv"), strict=True):
        assert ours[:2] == theirs[:2]
        assert ours[2] == theirs[2] == "" or float(ours[2]) == pytest.approx(float(theirs[2]), abs=1e-3)
    assert rows(stopped / "distilled.tsv") == rows(whole / "distilled.tsv")


def test_refuses_other_sources_and_other_settings(command, teacher, make_bundle, sources, tmp_path):
    out, teacher_back = tmp_path / "out", tmp_path / "back"
    save_back(make_bundle(), teacher_back)
    options = ["-o", out, "--steps", "1", *SMALL]
    assert command("distill", teacher, "--src", sources, "--set", "model.n_heads=5", *options).code == 2
    other = tmp_path / "other.fr"
    other.write_text("Autre chose.\n", encoding="utf-8")
    assert "of another source" in command("distill", teacher, "--src", other, *options).err
    assert "of other settings" in command("distill", teacher, "--src", sources, "--beam", "3", *options).err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    result = command("distill", teacher, "--src", sources, "-o", tmp_path / "full")
    assert result.code == 2
    assert "holds other things" in result.err
    place = tmp_path / "new"
    assert "have no sentence" in command("distill", teacher, "--src", "/dev/null", "-o", place).err
    broken = tmp_path / "broken.fr"
    broken.write_bytes(b"Une phrase.\n" * 3 + b"\xff\xfe\n")
    assert "not UTF-8" in command("distill", teacher, "--src", broken, "-o", place).err
    assert "beam = 0" in command("distill", teacher, "--src", sources, "--beam", "0", "-o", place).err
    narrow = ["--src", sources, "--reverse", teacher_back, "--beam", "1"]
    assert "a beam of 1" in command("distill", teacher, *narrow, "-o", place).err
    few = ["--src", sources, "--pairs", tmp_path / "absent.tsv"]
    assert "does not exist" in command("distill", teacher, *few, "-o", place).err
    assert not place.exists(), "what cannot be read leaves nothing behind"


def test_the_worst_are_left_out(tmp_path):
    outputs, lessons = tmp_path / "outputs.tsv", tmp_path / "lessons.tsv"
    scores = [-0.1, -3.0, -0.2, -9.0, -0.4, -0.3, -0.5, -0.6, -0.7, -0.8]
    lines = [f"s{i}\tt{i}\t{score}\n" for i, score in enumerate(scores)]
    outputs.write_text("".join([*lines, "empty\t\t-0.01\n", "loop\tla la la\t\n"]), encoding="utf-8")
    assert write_best(outputs, lessons, 0.2) == 8
    assert [row[0] for row in rows(lessons)] == ["s0", "s2", "s4", "s5", "s6", "s7", "s8", "s9"]
    assert write_best(outputs, lessons, 0.0) == 10
    outputs.write_text("empty\t\t-0.01\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="all empty or loops"):
        write_best(outputs, lessons, 0.2)


def test_learns_from_people_as_well(command, teacher, sources, tmp_path):
    people = tmp_path / "people.tsv"
    people.write_text("Une phrase.\tA sentence.\nDeux phrases.\tTwo sentences.\n", encoding="utf-8")
    out = tmp_path / "out"
    options = ["--src", sources, "--pairs", people, "--steps", "1", *SMALL]
    assert command("distill", teacher, "-o", out, *options).code == 0
    n_lessons = len(rows(out / "distilled.tsv"))
    cleaning = json.loads((out / "student" / "data" / "cleaning.json").read_text(encoding="utf-8"))
    assert cleaning["total"] == n_lessons + 2


def test_an_ensemble_teaches(command, make_bundle, sources, tmp_path):
    """What is taught is what all translate together, and none of them alone goes on with it."""
    teacher, partner, back, out = (tmp_path / name for name in ("teacher", "partner", "back", "out"))
    save_lively(make_bundle(), teacher)
    save_lively(make_bundle(d_ff=48), partner)
    save_back(make_bundle(d_ff=40), back)
    helpers = ["--with", partner, "--reverse", back]
    options = ["distill", teacher, "--src", sources, "-o", out, "--steps", "1", *SMALL]
    result = command(*options, *helpers)
    assert result.code == 0, result.err
    outputs = {src: output for src, output, _ in rows(out / "outputs.tsv")}

    def translated(*more):
        said = command("translate", teacher, "-i", sources, *more).out.splitlines()
        pairs = zip(read_lines(sources), said, strict=True)
        return {src: " ".join(tgt.split()) for src, tgt in pairs if src in outputs}

    together = translated(*helpers)
    assert together.items() <= outputs.items()
    for fewer in ((), helpers[:2], helpers[2:]):
        assert translated(*fewer) != together
    shutil.rmtree(out / "student")
    for fewer in ((), helpers[:2], helpers[2:]):
        refused = command(*options, *fewer)
        assert refused.code == 2
        assert "of another teacher" in refused.err


def test_a_student_of_the_same_width_begins_with_its_teacher(command, teacher, sources, tmp_path):
    """With no update made, the student is a part of the teacher."""
    shape = load_bundle(teacher).config.model
    sets = [f"model.{name}={getattr(shape, name)}" for name in ("d_model", "d_ff", "n_heads")]
    options = [word for each in sets for word in ("--set", each)]
    out = tmp_path / "out"
    result = command(
        *("distill", teacher, "--src", sources, "-o", out, "--steps", "1", *options),
        *("--set", "train.learning_rate=1e-12", "--set", "model.norm=" + shape.norm),
    )
    assert result.code == 0, result.err
    student = load_bundle(out / "student")
    assert student.tgt_subword.to_bytes() == load_bundle(teacher).tgt_subword.to_bytes()
    theirs = dict(load_bundle(teacher).model.named_parameters())
    for name, weight in student.model.named_parameters():
        if name.startswith(("src_embedding", "decoder_layers.0")):
            assert (weight - theirs[name]).abs().max() < 1e-6
