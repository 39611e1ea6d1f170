"""One batch, searched in the way that the settings and the sentences ask for.

Greedy where one hypothesis is enough, drawn where there is a temperature, under terms where a sentence has
some, else with a beam. What a sentence asks for beyond the settings is its *wish*; a wish changes nothing
for the other sentences of the batch.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from crosslight.config.run import DecodeConfig
from crosslight.decode.beam import Decode, Watch, beam_search, greedy_search
from crosslight.decode.constrained import TermSpelling, constrained_search
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.rules import Rule, at_least, no_repeat
from crosslight.decode.sample import sample
from crosslight.decode.state import select_rows
from crosslight.text.subword import BOS_ID, EOS_ID


@dataclass(frozen=True)
class Wish:
    """What one sentence asks for."""

    rules: tuple[Rule, ...] = ()
    room: int = 0  # tokens that these may take, by which the longest output grows
    spelling: TermSpelling | None = None  # of the terms that it must keep to


NO_WISH = Wish()
CPU = torch.device("cpu")


def search_batch(
    decode: Decode,
    state: Any,
    srcs: Sequence[Sequence[int]],
    config: DecodeConfig,
    *,
    most_tokens: int,
    banned: Sequence[int],
    n_best: int = 1,
    wishes: Sequence[Wish] = (),
    device: torch.device = CPU,
    watch: Watch | None = None,
) -> list[list[Hypothesis]]:
    """The best hypotheses of every source, best first.

    Args:
        state: the model's state after reading the sources.
        srcs: source ids, the end token included.
        most_tokens: the longest output that the model has positions for.
        wishes: one for each source; none at all if empty. Terms are for all sources of a batch or none.
        watch: is told of every step of a greedy or beam search; not of one under terms, nor of drawing.
    """
    asked = wishes or [NO_WISH] * len(srcs)
    limits = [
        min(longest(len(src) - 1, config, wish), most_tokens) for src, wish in zip(srcs, asked, strict=True)
    ]
    rules: list[list[Rule]] = [[*standing_rules(config), *wish.rules] for wish in asked]
    found_under: Any = {
        "bos_id": BOS_ID,
        "eos_id": EOS_ID,
        "banned": banned,
        "rules": rules if any(rules) else (),
    }
    if config.temperature > 0:
        return _drawn(decode, state, srcs, limits, config, n_best, found_under, device)
    spellings = [wish.spelling for wish in asked if wish.spelling]
    if spellings:
        return constrained_search(
            decode,
            state,
            limits,
            spellings,
            beam=config.beam,
            ranking=Ranking(config.alpha, config.penalty),
            n_best=n_best,
            **found_under,
        )
    found_under |= {"alpha": config.alpha, "penalty": config.penalty, "watch": watch}
    if config.beam == 1 and n_best == 1:
        return [[h] for h in greedy_search(decode, state, limits, **found_under)]
    return beam_search(decode, state, limits, beam=max(config.beam, n_best), n_best=n_best, **found_under)


def longest(n_src: int, config: DecodeConfig, wish: Wish = NO_WISH) -> int:
    """The most tokens of an output, for a source of so many."""
    most = max(n_src + config.max_extra, config.min_length)
    return (most if config.max_length is None else min(most, config.max_length)) + wish.room


def standing_rules(config: DecodeConfig) -> list[Rule]:
    """The rules that the settings make for every sentence."""
    rules: list[Rule] = []
    if config.min_length:
        rules.append(at_least(config.min_length, EOS_ID))
    if config.no_repeat:
        rules.append(no_repeat(config.no_repeat))
    return rules


def _drawn(
    decode: Decode,
    state: Any,
    srcs: Sequence[Sequence[int]],
    limits: Sequence[int],
    config: DecodeConfig,
    n_best: int,
    found_under: dict[str, Any],
    device: torch.device,
) -> list[list[Hypothesis]]:
    """n_best outputs of every source, drawn one independently of the other; the best first."""
    rows = torch.arange(len(srcs)).repeat_interleave(n_best)
    rules = found_under.pop("rules")
    # The random numbers of an output come from the seed, its source and its number, not from its place.
    seeds = [
        zlib.crc32(repr((config.seed, list(src), number)).encode())
        for src in srcs
        for number in range(n_best)
    ]
    outputs = sample(
        decode,
        select_rows(state, rows.to(device)),
        [limit for limit in limits for _ in range(n_best)],
        seeds,
        temperature=config.temperature,
        top_k=config.top_k,
        top_p=config.top_p,
        ranking=Ranking(config.alpha, config.penalty),
        rules=[rule for rule in rules for _ in range(n_best)],
        **found_under,
    )
    return [sorted(outputs[i : i + n_best], key=lambda h: -h.score) for i in range(0, len(outputs), n_best)]
