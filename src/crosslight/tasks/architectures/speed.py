"""How fast the arms train on sources of each length, and how fast they translate.

Machines change their pace while one measures. So the arms take turns, several rounds, and what is compared
are the ratios to the first arm within a round; of the rounds the median counts.
"""

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from crosslight.bundle import Bundle
from crosslight.data.batch import Batch, make_batch
from crosslight.decode.translator import Translator
from crosslight.models.build import build_model
from crosslight.tasks.architectures.contest import Contest
from crosslight.tasks.architectures.operations import (
    counted_chain,
    field_by_formula,
    measured_field,
    path_length,
    sequential_steps,
)
from crosslight.tasks.probe import training_speed
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID

LENGTHS = (8, 16, 32, 64, 128)
TOKENS = 2048  # of a batch, on either side
ROUNDS = 3
SECONDS = 1.0  # of training, for each length, arm and round
N_SENTENCES = 64  # for the decoding speed
FEW = 16  # of them are translated one by one
Say = Callable[[str], None]


def training_speeds(
    contest: Contest,
    vocab_sizes: tuple[int, int],
    say: Say,
) -> dict[str, Any]:
    """Target tokens a second of every arm at every length, and the operations that wait for each other."""
    rates: dict[str, list[list[float]]] = {arm.name: [[] for _ in LENGTHS] for arm in contest.arms}
    precision = torch.bfloat16 if contest.shared["train"]["precision"] == "bf16" else torch.float32
    for i in range(ROUNDS):
        say(f"training speed by length, round {i + 1} of {ROUNDS}")
        for k, length in enumerate(LENGTHS):
            for arm in contest.arms:
                config = contest.config(arm, contest.seeds[0])
                model = build_model(config.model, *vocab_sizes, PAD_ID)
                batches = same_length(length, min(vocab_sizes))
                speed = training_speed(model, batches, config.train, contest.threads, precision, SECONDS)
                rates[arm.name][k].append(speed.tokens_per_second)
    return {
        "lengths": list(LENGTHS),
        "tokens": TOKENS,
        "rounds": ROUNDS,
        "arms": {
            arm.name: {
                "tokens_per_second": [statistics.median(found) for found in rates[arm.name]],
                "ratio": [
                    _ratio(found, of_first)
                    for found, of_first in zip(rates[arm.name], rates[contest.arms[0].name], strict=True)
                ],
                **_operations(contest, arm.name, vocab_sizes, LENGTHS),
            }
            for arm in contest.arms
        },
    }


def _ratio(rates: Sequence[float], of_first: Sequence[float]) -> dict[str, float]:
    """The median of the rounds' ratios, and the lowest and the highest of them."""
    ratios = [a / b for a, b in zip(rates, of_first, strict=True)]
    return {"value": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}


def _operations(
    contest: Contest, name: str, vocab_sizes: tuple[int, int], lengths: Sequence[int]
) -> dict[str, Any]:
    arm = next(arm for arm in contest.arms if arm.name == name)
    config = contest.config(arm, contest.seeds[0]).model
    model = build_model(config, *vocab_sizes, PAD_ID)
    paths = [path_length(config, n) for n in lengths]
    return {
        "steps": [sequential_steps(config, n) for n in lengths],
        "paths": [None if path == float("inf") else path for path in paths],
        "counted": [counted_chain(model, n) for n in lengths],
        "field": measured_field(model),
        "field_by_formula": field_by_formula(config),
    }


def same_length(length: int, vocab_size: int, n_tokens: int = TOKENS) -> Iterator[Batch]:
    """Batches without end of made-up sentences, all of `length` tokens on either side, their end included."""
    chance = torch.Generator().manual_seed(length)
    n_rows = max(1, n_tokens // length)
    for _ in itertools.count():
        src, tgt = torch.randint(4, vocab_size, (2, n_rows, length - 1), generator=chance).tolist()
        yield make_batch(src, tgt, pad_id=PAD_ID, bos_id=BOS_ID, eos_id=EOS_ID)


def decoding_speeds(bundles: dict[str, Bundle], srcs: Sequence[str], say: Say) -> dict[str, Any]:
    """Sentences a second of every arm, one thread: beam 4 with 32 at a time, and greedily one by one."""
    ways = {"beam 4, batch 32": (32, 4, len(srcs)), "greedy, one by one": (1, 1, FEW)}
    rates: dict[str, dict[str, list[float]]] = {way: {arm: [] for arm in bundles} for way in ways}
    translators = {arm: Translator(bundle) for arm, bundle in bundles.items()}
    for i in range(ROUNDS):
        say(f"decoding speed, round {i + 1} of {ROUNDS}")
        for way, (batch, beam, n) in ways.items():
            for arm, translator in translators.items():
                rates[way][arm].append(_rate(translator, srcs[:n], batch, beam))
    first = next(iter(bundles))
    return {
        "rounds": ROUNDS,
        "sentences": {way: min(n, len(srcs)) for way, (_, _, n) in ways.items()},
        "arms": {
            arm: {
                way: {
                    "sentences_per_second": statistics.median(found[arm]),
                    "ratio": _ratio(found[arm], found[first]),
                }
                for way, found in rates.items()
            }
            for arm in bundles
        },
    }


def _rate(translator: Translator, texts: Sequence[str], batch: int, beam: int) -> float:
    encoded = [[*ids, EOS_ID] for ids in translator.bundle.src_subword.encode_batch(list(texts))]
    encoded.sort(key=len)
    room = max(map(len, encoded)) * batch * beam
    config = translator.settings_for(1, {"beam": beam, "max_tokens_per_batch": room})
    translator.search(encoded[:batch], config)
    start = time.perf_counter()
    for i in range(0, len(encoded), batch):
        translator.search(encoded[i : i + batch], config)
    return len(encoded) / (time.perf_counter() - start)
