"""Drawing outputs instead of searching for them.

At each step a piece is drawn from the model's distribution, reshaped in this order: sharpened or flattened
by a *temperature*, cut to the k most probable pieces (*top-k*), and to the fewest of these that have a
probability of p together (*top-p*, the nucleus of Holtzman et al. 2020). What is reported is the model's own
log-probability of the output, not that of the reshaped distribution.

Every output has random numbers of its own, so what is drawn does not depend on the batch.
Shape letters: N rows · V vocabulary.
"""

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from crosslight.decode.beam import Decode, next_logp
from crosslight.decode.hypothesis import Hypothesis, Ranking
from crosslight.decode.rules import NEVER, Rule, ruled
from crosslight.decode.state import select_rows


def truncated(logp: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Tensor:
    """The probabilities (N, V) to draw from, in float64; top_k = 0 and top_p = 1 leave all pieces in.

    >>> truncated(torch.tensor([[0.5, 0.3, 0.2]]).log(), top_p=0.6)
    tensor([[0.6250, 0.3750, 0.0000]], dtype=torch.float64)
    """
    logp = logp.double() / temperature
    if 0 < top_k < logp.shape[1]:
        at_least = logp.topk(top_k).values[:, -1:]
        logp = logp.masked_fill(logp < at_least, NEVER)
    probabilities = logp.softmax(dim=-1)
    if top_p < 1:
        ordered = probabilities.sort(dim=-1, descending=True)
        before = ordered.values.cumsum(dim=-1) - ordered.values  # of all that are more probable
        kept = ordered.values.masked_fill(before >= top_p, 0.0)
        probabilities = torch.zeros_like(probabilities).scatter(1, ordered.indices, kept)
        probabilities = probabilities / probabilities.sum(dim=-1, keepdim=True)
    return probabilities


def sample(
    decode: Decode,
    state: Any,
    max_lengths: Sequence[int],
    seeds: Sequence[int],
    *,
    bos_id: int,
    eos_id: int,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    banned: Sequence[int] = (),
    ranking: Ranking | None = None,
    rules: Sequence[Sequence[Rule]] = (),
) -> list[Hypothesis]:
    """One output of every row, drawn piece by piece until the end token or the limit."""
    ranking = ranking or Ranking()
    chances = [random.Random(seed) for seed in seeds]
    outputs: list[list[int]] = [[] for _ in max_lengths]
    log_probs: list[list[float]] = [[] for _ in max_lengths]
    ended = [False] * len(max_lengths)
    rows = list(range(len(max_lengths)))
    tokens = torch.full((len(rows), 1), bos_id)
    while rows:
        logp, state = next_logp(decode, tokens, state, banned)
        device, logp = logp.device, logp.cpu()
        if rules:
            written = [torch.tensor([outputs[row]], dtype=torch.long) for row in rows]
            logp = ruled(logp[:, None], written, [rules[row] for row in rows])[:, 0]
        drawn = _drawn(truncated(logp, temperature, top_k, top_p), [chances[row].random() for row in rows])
        values = logp.gather(1, drawn[:, None])[:, 0].tolist()
        stay = []
        for i, (row, token, value) in enumerate(zip(rows, drawn.tolist(), values, strict=True)):
            at_limit = len(outputs[row]) >= max_lengths[row]
            ended[row] = token == eos_id
            if value == NEVER or (at_limit and not ended[row]):
                continue
            log_probs[row].append(value)
            if not ended[row]:
                outputs[row].append(token)
                stay.append(i)
        keep = torch.tensor(stay, dtype=torch.long)
        tokens = drawn[keep, None].to(device)
        state = select_rows(state, keep.to(device))
        rows = [rows[i] for i in stay]
    return [
        Hypothesis(output, sum(each), ranking.score(sum(each), len(each)), end, tuple(each))
        for output, each, end in zip(outputs, log_probs, ended, strict=True)
    ]


def _drawn(probabilities: Tensor, chances: Sequence[float]) -> Tensor:
    """The pieces (N) where the running sum of the probabilities passes the random numbers."""
    sums = probabilities.cumsum(dim=-1)
    points = torch.tensor(list(chances), dtype=torch.float64)[:, None] * sums[:, -1:]
    return torch.searchsorted(sums, points, right=True)[:, 0].clamp_max(probabilities.shape[1] - 1)
