"""`crosslight.evaluate` against sacreBLEU itself: the library called directly, and its command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from crosslight.errors import ConfigError, CorpusError
from crosslight.evaluate import evaluate, read_references

HYPOTHESES = [
    "The cat sits on the mat .",
    "a dog runs quickly through the park",
    "IT RAINS in Paris today, doesn't it?",
    "",
]
FIRST = [
    "The cat is sitting on the mat.",
    "A dog runs quickly through the green park.",
    "It rains in Paris today, doesn't it?",
    "Nothing was said.",
]
SECOND = ["The cat sits on the mat.", None, "In Paris it is raining today, isn't it?", None]


def direct(lowercase=False, references=(FIRST,), tokenize="13a"):
    metrics = {
        "BLEU": BLEU(lowercase=lowercase, tokenize=tokenize),
        "chrF": CHRF(lowercase=lowercase),
        "TER": TER(),
    }
    return {
        name: (metric.corpus_score(HYPOTHESES, list(references)).score, str(metric.get_signature()))
        for name, metric in metrics.items()
    }


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("references", [[FIRST], [FIRST, SECOND]], ids=["one", "several"])
def test_equals_sacrebleu_called_directly(references, lowercase):
    scores = evaluate(HYPOTHESES, references, lowercase=lowercase)
    assert {s.name: (s.value, s.signature) for s in scores.scores} == direct(lowercase, references)


@pytest.mark.parametrize("tokenize", ["intl", "char", "none", "zh"])
def test_tokenization_reaches_bleu(tokenize):
    assert (
        evaluate(HYPOTHESES, [FIRST], tokenize=tokenize)["bleu"].value == direct(tokenize=tokenize)["BLEU"][0]
    )
    assert f"tok:{tokenize}" in evaluate(HYPOTHESES, [FIRST], tokenize=tokenize)["BLEU"].signature


def test_equals_the_command_line(tmp_path: Path):
    second = ["The cat sits on the mat.", "A dog ran.", "In Paris it is raining.", "No one spoke."]
    for name, lines in {"hyp": HYPOTHESES, "ref1": FIRST, "ref2": second}.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sacrebleu",
        "ref1",
        "ref2",
        "-i",
        "hyp",
        "-m",
        "bleu",
        "chrf",
        "ter",
        "-w",
        "6",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    expected = json.loads(done.stdout)
    scores = evaluate(HYPOTHESES, [FIRST, second])
    assert [score.value for score in scores.scores] == pytest.approx([e["score"] for e in expected], abs=1e-6)
    assert [score.signature for score in scores.scores] == [e["signature"] for e in expected]


def test_a_second_reference_can_only_help():
    one, two = evaluate(HYPOTHESES, [FIRST]), evaluate(HYPOTHESES, [FIRST, SECOND])
    assert two["bleu"].value > one["bleu"].value
    assert two["ter"].value < one["ter"].value
    assert "nrefs:var" in two["chrf"].signature


def test_case_counts_unless_lowercase():
    shouted = [line.upper() for line in FIRST]
    assert evaluate(shouted, [FIRST])["bleu"].value < 10
    assert evaluate(shouted, [FIRST], lowercase=True)["bleu"].value == pytest.approx(100)


def test_ter_counts_edits_per_reference_word():
    assert evaluate(["a b c x"], [["a b c d"]], metrics=["ter"])["ter"].value == pytest.approx(25)
    assert evaluate(["a b c d"], [["a b c d"]], metrics=["ter"])["ter"].value == 0


def test_only_what_was_asked_for_in_that_order():
    scores = evaluate(HYPOTHESES, [FIRST], metrics=["chrf", "bleu"])
    assert list(scores.as_dict()) == ["chrF", "BLEU"]
    assert json.loads(json.dumps(scores.as_dict())) == scores.as_dict()
    assert scores.n_sentences == 4
    with pytest.raises(KeyError):
        scores["ter"]


def test_table_has_a_line_for_each_score_with_its_signature():
    scores = evaluate(HYPOTHESES, [FIRST])
    lines = scores.table().splitlines()
    assert len(lines) == 3
    for line, score in zip(lines, scores.scores, strict=True):
        name, value, signature = line.split()
        assert (name, signature) == (score.name, score.signature)
        assert float(value) == pytest.approx(score.value, abs=0.005)
    assert len({re.match(r"\S+\s+\S+", line).end() for line in lines}) == 1, "values are aligned"


def test_references_of_a_plain_file(tmp_path: Path):
    path = tmp_path / "valid.fr"
    path.write_text("un\ttab\n\ndeux\n", encoding="utf-8")
    assert read_references(path) == [["un\ttab", "", "deux"]]


def test_references_of_a_tsv_file_are_padded(tmp_path: Path):
    path = tmp_path / "valid.refs.tsv"
    path.write_text("one\tun\tune\nnew\tnouveau\nold\tvieux\tvieil\tancien\n", encoding="utf-8")
    streams = read_references(path)
    assert streams == [["un", "nouveau", "vieux"], ["une", None, "vieil"], [None, None, "ancien"]]
    assert evaluate(["une", "nouveau", "ancien"], streams, metrics=["ter"])["ter"].value == 0


def test_references_of_the_shared_set_score_themselves_perfectly(shared_data: Path):
    streams = read_references(shared_data / "tatoeba-en-fr" / "valid.refs.tsv")
    first = read_references(shared_data / "tatoeba-en-fr" / "valid.fr")
    assert len(streams) > 1
    assert streams[0] == first[0]
    assert evaluate(first[0][:200], [stream[:200] for stream in streams], metrics=["bleu"])["bleu"].value == (
        pytest.approx(100)
    )


def test_a_line_without_reference(tmp_path: Path):
    path = tmp_path / "valid.refs.tsv"
    path.write_text("one\tun\nalone\t\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"line 2 has no reference: 'alone\\t'"):
        read_references(path)


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ([], [[]], "0 hypotheses and 1 reference streams"),
        (["a"], [], "1 hypotheses and 0 reference streams"),
        (["a", "b"], [["a", "b"], ["a"]], "2 hypotheses but 1 references in stream 2"),
        (["a", "b"], [["a", None], ["a", None]], "sentence 2 has no reference in any of the 2 streams"),
    ],
)
def test_what_cannot_be_compared(hypotheses, references, message):
    with pytest.raises(CorpusError, match=message):
        evaluate(hypotheses, references)


def test_unknown_choices():
    with pytest.raises(ConfigError, match=r"metrics are \['comet'\]; expected some of bleu, chrf, ter"):
        evaluate(["a"], [["a"]], metrics=["comet"])
    with pytest.raises(ConfigError, match="metrics are \\[\\]"):
        evaluate(["a"], [["a"]], metrics=[])
    with pytest.raises(ConfigError, match="tokenize is 'flores200'; expected one of 13a"):
        evaluate(["a"], [["a"]], tokenize="flores200")
