"""`crosslight align`, and `crosslight translate --alignments`."""

import json
import re
import shutil

import numpy as np
import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.interpret.attention import record_attention
from crosslight.tasks.alignments import FILE, Passage, attended, choose_head, links_of
from crosslight.text.aligner import aligned, word_forms
from crosslight.text.corpus import Pair, read_tsv
from crosslight.text.links import agreement, blank_words


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, tmp_path / "run")


def positions(line: str) -> list[tuple[int, int]]:
    assert re.fullmatch(r"(\d+-\d+( \d+-\d+)*)?", line)
    return [tuple(map(int, link.split("-"))) for link in line.split()]


def test_one_line_for_each_and_positions_in_range(command, run, toy, tmp_path):
    sources = [pair.src for pair in read_tsv(toy.pairs)][:30]
    sources[4] = ""
    sources[5] = "  Un chat dort.   Le chien\u00a0court !  Elle lit.  "
    text = "".join(f"{line}\n" for line in sources).encode()
    plain = command("translate", run, stdin=text)
    result = command("translate", run, "--alignments", tmp_path / "links", stdin=text)
    assert result.code == 0, result.err
    assert result.out == plain.out
    targets = result.out.split("\n")[:-1]
    lines = (tmp_path / "links").read_text().split("\n")[:-1]
    assert len(lines) == len(sources) == len(targets)
    assert lines[4] == ""
    for src, tgt, line in zip(sources, targets, lines, strict=True):
        links = positions(line)
        n_src, n_tgt = len(blank_words(src)), len(blank_words(tgt))
        assert all(i < n_src and j < n_tgt for i, j in links)
        if n_src:
            assert sorted({j for _, j in links}) == list(range(n_tgt)), "every target word has a link"
    assert (run / "bundle" / FILE).is_file(), "chosen on the validation pairs, and kept"
    again = command("translate", run, "--alignments", tmp_path / "again", stdin=text)
    assert again.code == 0
    assert (tmp_path / "again").read_bytes() == (tmp_path / "links").read_bytes()


def test_sentences_of_a_line_are_aligned_apart(command, run, tmp_path):
    one, two = "Un chat dort.", "Elle lit un livre."
    text = f"{one}\n{two}\n{one} {two}\n".encode()
    result = command("translate", run, "--alignments", tmp_path / "links", stdin=text)
    first, second, both, _ = ((tmp_path / "links").read_text()).split("\n")
    out = result.out.split("\n")
    assert out[2] == f"{out[0]} {out[1]}"
    moved = [(i + 3, j + len(blank_words(out[0]))) for i, j in positions(second)]
    assert positions(both) == positions(first) + moved


def test_align_chooses_the_head_that_agrees_most(command, run, toy):
    """Every head once more, from the recorded attention of one sentence at a time."""
    result = command("align", run, "--src", toy.pairs)
    assert result.code == 0, result.err
    stored = json.loads((run / "bundle" / FILE).read_text())
    assert f"layer {stored['layer']}, head {stored['head']}" in result.out
    assert f"F1 {stored['f1']:.3f}" in result.out
    bundle = load_bundle(run)
    pairs = [pair for pair in read_tsv(toy.pairs) if pair.src.strip() and pair.tgt.strip()]
    expected = aligned([(word_forms(p.src), word_forms(p.tgt)) for p in pairs], stored["n_pairs"])
    passages = [Passage(pair) for pair in pairs[: stored["n_pairs"]]]
    figures = {}
    shape = bundle.config.model
    head = choose_head(bundle, pairs)
    assert (head.layer, head.head, head.row) == (stored["layer"], stored["head"], stored["row"])
    for layer in range(1, shape.n_decoder_layers + 1):
        for number in range(1, shape.n_heads + 1):
            for row in ("written", "read"):
                other = type(head)(layer, number, row, 0, 0, 0, 0, "")
                found = links_of(bundle, other, passages)
                figures[layer, number, row] = agreement(found, expected).f1
    assert stored["f1"] == pytest.approx(max(figures.values()))
    assert figures[stored["layer"], stored["head"], stored["row"]] == pytest.approx(stored["f1"])
    assert len(set(figures.values())) > 1


def test_attention_is_that_of_each_sentence_alone(run):
    """Batches change nothing, and the axes are layers, heads, target pieces, source pieces."""
    bundle = load_bundle(run)
    pairs = [Pair("Un chat.", "A cat."), Pair("Elle lit un livre dans le jardin.", "She reads.")]
    for pair, seen in zip(pairs, attended(bundle, [Passage(p) for p in pairs]), strict=True):
        src, tgt = bundle.src_subword.encode(pair.src), bundle.tgt_subword.encode(pair.tgt)
        with torch.inference_mode(), record_attention(bundle.model) as recording:
            bundle.model(torch.tensor([[*src, 3]]), torch.tensor([[2, *tgt]]))
        for layer in range(bundle.config.model.n_decoder_layers):
            alone = recording[f"decoder_layers.{layer}.cross_attention"][0][0].numpy()
            np.testing.assert_allclose(seen.weights[layer], alone, atol=1e-6)
        assert len(seen.src_words) == len(src)
        assert seen.tgt_words[0].start == 0
        assert seen.tgt_words[-1].stop == len(blank_words(pair.tgt))


def test_another_models_head_and_a_broken_one(command, run, toy, tmp_path):
    assert command("align", run, "--src", toy.pairs).code == 0
    file = run / "bundle" / FILE
    tree = json.loads(file.read_text())
    for broken, said in (
        ({**tree, "model": "0" * 64}, "belongs to another model"),
        ({**tree, "format": 99}, "cannot be read"),
        ({**tree, "head": 99}, "cannot be read"),
        ({**tree, "row": "above"}, "cannot be read"),
        ([], "cannot be read"),
    ):
        file.write_text(json.dumps(broken))
        result = command("translate", run, "--alignments", tmp_path / "links", stdin=b"Un chat.\n")
        assert (result.code, result.out) == (2, "")
        assert said in result.err
        assert "run: crosslight align" in result.err
        assert not (tmp_path / "links").exists()


def test_too_few_pairs(command, run, tmp_path):
    (tmp_path / "few.tsv").write_text("Oui.\tYes.\n" * 3)
    result = command("align", run, "--src", tmp_path / "few.tsv")
    assert result.code == 2
    assert "there are 3 sentence pairs, expected at least 10" in result.err
    assert not (run / "bundle" / FILE).exists()


def test_translations_and_alignments_need_two_places(command, run):
    result = command("translate", run, "--alignments", "-", stdin=b"Un chat.\n")
    assert result.code == 2
    assert "--alignments and --output are both -" in result.err
