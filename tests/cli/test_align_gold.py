"""`crosslight align --gold`: planted attention is found, and every figure is that of its links."""

import json
import shutil

import numpy as np
import pytest
import torch

from crosslight.bundle import load_bundle
from crosslight.evaluate.alignment_error import GoldPair, alignment_error, diagonal
from crosslight.models.build import build_model
from crosslight.tasks.alignment_error import gold_scores
from crosslight.text.subword import PAD_ID

# Written for this test; words count from 1, as in the files of the shared task.
PAIRS = "the cat is asleep . ||| le chat dort .\nthe dog ran ! ||| le chien a couru !\n"
GOLD = "1-1 2-2 3p3 4-3 5-4\n1-1 2-2 3p3 3-4 4-5\n"


class Reversed(torch.nn.Module):
    """Head 1 looks from the first target piece at the last source piece, and so on; the rest look evenly."""

    def weights(self, q, k, mask):
        there = torch.broadcast_to(mask, (q.shape[0], q.shape[1], q.shape[2], k.shape[2])).float()
        weights = there / there.sum(dim=-1, keepdim=True)
        for row, n in enumerate(there[:, 0, 0].sum(dim=-1).long().tolist()):
            weights[row, 0] = 0
            for t in range(q.shape[2]):
                weights[row, 0, t, max(0, n - 2 - t)] = 1  # n counts the end, too
        return weights

    def gather(self, weights, v):
        return weights @ v

    def attend(self, q, k, v, mask):
        return self.weights(q, k, mask) @ v


@pytest.fixture
def run(tiny_run, tmp_path):
    """A copy: a head that is chosen is kept beside the model."""
    return shutil.copytree(tiny_run, tmp_path / "run")


@pytest.fixture
def bundle(run):
    return load_bundle(run)


def whole_words(subword, n):
    """Words that are one piece each, so that pieces and words are the same."""
    texts = [surface[1:].decode("utf-8", "replace") for surface in subword.surfaces() if surface[:1] == b" "]
    words = [text for text in texts if len(text) > 1 and text.isalpha() and len(subword.encode(text)) == 1]
    assert words
    return (words * n)[:n]


def test_planted_attention_has_no_error(bundle):
    srcs, tgts = whole_words(bundle.src_subword, 6), whole_words(bundle.tgt_subword, 6)
    gold = []
    for n in (6, 3, 5, 3):
        links = frozenset((n - 1 - j, j) for j in range(n))
        gold.append(GoldPair(tuple(srcs[:n]), tuple(tgts[:n]), links, links))
    for layer in bundle.model.decoder_layers:
        layer.cross_attention.scoring = Reversed()
    scores = gold_scores(bundle, gold)
    best = scores.best
    assert (best.layer, best.head, best.row, best.error.error_rate) == (1, 1, "written", 0)
    assert best.error.precision == best.error.recall == 1
    assert best.shuffled.error_rate > 0.3
    others = {(h.head, h.row): h.error.error_rate for h in scores.heads if h.layer == 1}
    # Where a piece was just read, this attention is one word too far on: no link is right.
    assert others[1, "read"] > 0.7
    # Only the middle word of an odd sentence lies on the diagonal too.
    assert scores.baselines["diagonal"].error_rate == pytest.approx(1 - 3 / 17)


def test_the_table_and_the_figures(command, run, tmp_path):
    (tmp_path / "pairs").write_text(PAIRS)
    (tmp_path / "gold").write_text(GOLD)
    result = command(
        "align", run, "--src", tmp_path / "pairs", "--gold", tmp_path / "gold", "--turned",
        "--json", tmp_path / "out.json",
    )  # fmt: skip
    assert result.code == 0, result.err
    tree = json.loads((tmp_path / "out.json").read_text())
    shape = load_bundle(run).config.model
    assert len(tree["heads"]) == shape.n_decoder_layers * (shape.n_heads + 1) * 2
    rates = [h["error"]["error_rate"] for h in tree["heads"] if h["head"] != "mean"]
    assert tree["best"]["error"]["error_rate"] == min(rates)
    assert f"alignment error rate {min(rates):.3f} on 2 pairs" in result.out
    # The diagonal of the turned pairs, with links counted from 0.
    sure = [{(0, 0), (1, 1), (2, 3), (3, 4)}, {(0, 0), (1, 1), (3, 2), (4, 3)}]
    possible = [{(2, 2)}, {(2, 2)}]
    by_hand = 0
    for s, p, sizes in zip(sure, possible, ((4, 5), (5, 4)), strict=True):
        links = diagonal(*sizes)
        by_hand += len(links & s) + len(links & (s | p))
    assert tree["baselines"]["diagonal"]["error_rate"] == pytest.approx(1 - by_hand / (9 + 8))
    assert not (run / "bundle" / "alignment.json").exists() or tree["stored"]
    for words in ("diagonal", "statistical aligner", "mean of heads", "having read", "predicting"):
        assert words in result.out


def test_what_belongs_to_gold_only(command, run, tmp_path):
    result = command("align", run, "--src", "x", "--turned")
    assert result.code == 2
    assert "--turned and --json belong to --gold" in result.err


def test_links_are_those_that_the_heads_give(bundle):
    """One head's error once more, from the words of each sentence alone."""
    from crosslight.interpret.word_links import attention_links
    from crosslight.tasks.alignments import Passage, attended
    from crosslight.text.corpus import Pair

    words = (("Un", "chat", "dort"), ("A", "cat", "sleeps"))
    links = frozenset({(0, 0), (1, 1), (2, 2)})
    gold = [GoldPair(*words, links, links)]
    (seen,) = attended(bundle, [Passage(Pair(*map(" ".join, words)))])
    for head in gold_scores(bundle, gold).heads:
        if head.head == "mean":
            continue
        found = attention_links(*seen, head.row)[head.layer - 1][head.head - 1]
        assert head.error == alignment_error([found], gold)
    assert np.isfinite(head.error.low)


def test_one_head_has_no_mean(bundle):
    one = bundle.config.model.model_copy(update={"n_heads": 1})
    bundle.config = bundle.config.model_copy(update={"model": one})
    sizes = bundle.src_subword.vocab_size, bundle.tgt_subword.vocab_size
    bundle.model = build_model(one, *sizes, PAD_ID).eval()
    links = frozenset({(0, 0), (1, 1)})
    found = gold_scores(bundle, [GoldPair(("Un", "chat"), ("A", "cat"), links, links)]).heads
    assert {head.head for head in found} == {1}
