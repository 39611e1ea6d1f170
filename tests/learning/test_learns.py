"""A small model learns what it should: to copy, to reverse, and 64 sentences by heart.

The whole path is at work: batches, objective, Adam, schedule, cache and search. A wrong mask, a shifted
target or a lost gradient leaves the loss falling, yet not to where it must go.
"""

import itertools
import math
import random
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import torch

from crosslight.config.architecture import MODEL_CONFIGS
from crosslight.data.batch import Batch, make_batch, pad
from crosslight.decode.beam import greedy_search
from crosslight.models.build import Model, build_model
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, UNK_ID, Subword
from crosslight.train.objectives import label_smoothed
from crosslight.train.schedules import linear
from crosslight.train.step import adam, training_step

IDS: Any = {"bos_id": BOS_ID, "eos_id": EOS_ID}
SYMBOLS = range(4, 12)
Rows = list[list[int]]
SHAPES: dict[str, dict[str, Any]] = {
    "transformer": {"d_model": 64, "d_ff": 128, "n_heads": 4, "n_encoder_layers": 2, "n_decoder_layers": 2},
    "rnn": {"d_model": 64, "d_hidden": 64, "d_attention": 64},
}


def small(vocab_size: int, kind: str = "transformer", **settings: Any) -> Model:
    torch.manual_seed(1)
    config: Any = MODEL_CONFIGS[kind].model_validate({**SHAPES[kind], "dropout": 0.0, **settings})
    return build_model(config, vocab_size, vocab_size, PAD_ID)


def train(model: Model, n_steps: int, peak: float, smoothing: float, draw: Callable[[], Batch]) -> None:
    """Adam under a linear schedule that ends at zero."""
    optimizer, objective = adam(model, 0.9, 0.98, 1e-9), label_smoothed(smoothing)
    schedule = linear(peak, warmup_steps=50)
    model.train()
    for step in range(1, n_steps + 1):
        rate = schedule(step, step / n_steps)
        training_step(model, [draw()], objective, optimizer, rate, clip_norm=1.0)


def translated(model: Model, srcs: Rows) -> Rows:
    model.eval()
    with torch.inference_mode():
        state = model.start(pad([[*src, EOS_ID] for src in srcs], PAD_ID))
        limits = [len(src) + 50 for src in srcs]
        found = greedy_search(model.decode, state, limits, banned=(PAD_ID, UNK_ID, BOS_ID), **IDS)
    return [hypothesis.tokens for hypothesis in found]


def words(chance: random.Random, n: int, longest: int = 8) -> Rows:
    return [[chance.choice(SYMBOLS) for _ in range(chance.randint(3, longest))] for _ in range(n)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "n_steps", "peak", "longest"),
    [
        ({"norm": "post"}, 500, 2e-3, 8),
        ({"norm": "pre"}, 500, 2e-3, 8),
        ({"kind": "rnn"}, 400, 5e-3, 8),
        ({"kind": "rnn", "cell": "lstm"}, 400, 5e-3, 8),
        ({"kind": "rnn", "attention": "none"}, 600, 6e-3, 5),  # one vector holds no long word
    ],
    ids=["post", "pre", "rnn", "rnn lstm", "rnn without attention"],
)
@pytest.mark.parametrize("step", [1, -1], ids=["copy", "reverse"])
def test_copies_and_reverses(
    step: int, settings: dict[str, Any], n_steps: int, peak: float, longest: int
) -> None:
    """Words it has never seen, every one exactly."""
    chance = random.Random(0)
    held_out = {tuple(word) for word in words(chance, 500, longest) if len(word) > longest // 2}

    def draw() -> Batch:
        srcs = [word for word in words(chance, 64, longest) if tuple(word) not in held_out]
        return make_batch(srcs, [word[::step] for word in srcs], pad_id=PAD_ID, **IDS)

    model = small(4 + len(SYMBOLS), **settings)
    train(model, n_steps, peak, 0.1, draw)
    short = [word for word in words(chance, 50, longest) if len(word) < 5]
    srcs = [list(word) for word in sorted(held_out)] + short
    assert translated(model, srcs) == [word[::step] for word in srcs]


@pytest.mark.slow
def test_learns_64_sentences_by_heart() -> None:
    """Down to the floor that label smoothing leaves, which is known: the entropy of its targets."""
    lines = (files("crosslight") / "sample" / "handwritten.train.tsv").read_text(encoding="utf-8")
    pairs = [line.split("\t")[:2] for line in lines.splitlines()[:64]]
    assert len({src for src, _ in pairs}) == 64
    subword = Subword.train([side for pair in pairs for side in pair], 400)
    encoded = [tuple(subword.encode(side) for side in pair) for pair in pairs]
    by_length = sorted(encoded, key=lambda pair: len(pair[0]) + len(pair[1]))
    batches = [
        make_batch([src for src, _ in part], [tgt for _, tgt in part], pad_id=PAD_ID, **IDS)
        for part in (by_length[start : start + 16] for start in range(0, 64, 16))
    ]
    v, smoothing = subword.vocab_size, 0.1
    model = small(v, d_model=96, d_ff=192)
    turns = itertools.cycle(batches)
    train(model, 1000, 3e-3, smoothing, lambda: next(turns))

    losses = [label_smoothed(smoothing)(model, batch) for batch in batches]
    loss = sum(float(loss.total.detach()) for loss in losses) / sum(loss.n_tokens for loss in losses)
    right, other = 1 - smoothing + smoothing / v, smoothing / v
    floor = -right * math.log(right) - (v - 1) * other * math.log(other)
    assert floor < loss < floor + 0.01
    srcs = [src for src, _ in encoded]
    assert [subword.decode(tokens) for tokens in translated(model, srcs)] == [tgt for _, tgt in pairs]
