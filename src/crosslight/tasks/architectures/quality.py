"""How good the arms are: BLEU and chrF of the test set, chrF by length, and the differences of all pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import permutations
from typing import Any

import numpy as np

from crosslight.evaluate.by_length import NUMBERS, falls
from crosslight.evaluate.resampling import Estimate, draws, estimate, mean_score, resampled_scores
from crosslight.evaluate.sentence_counts import CountedMetric, SentenceCounts, count_sentences
from crosslight.evaluate.significance import N_RESAMPLES, SEED
from crosslight.tasks.architectures.outputs import WHOLE, Outputs, inputs

Pairs = dict[tuple[str, str], Estimate]


def scores(
    outputs: Mapping[str, Sequence[Outputs]],
    refs: Sequence[str],
    metric: CountedMetric,
    n_resamples: int = N_RESAMPLES,
) -> tuple[dict[str, Any], Pairs]:
    """One metric of every arm, as a tree; and a minus b for all ordered pairs (a, b) of arms."""
    times = draws(len(refs), n_resamples)
    values: dict[str, float] = {}
    resampled: dict[str, Any] = {}
    tree: dict[str, Any] = {}
    signature = ""
    for i, (arm, of_seeds) in enumerate(outputs.items()):
        runs = [count_sentences(metric, of_seed[WHOLE], [refs]) for of_seed in of_seeds]
        signature = runs[0].signature
        values[arm] = mean_score(runs)
        resampled[arm] = resampled_scores(runs, times, SEED + 1 + i)
        tree[arm] = {
            **asdict(estimate(values[arm], resampled[arm])),
            "seeds": [run.corpus_score() for run in runs],
        }
    pairs = {
        (a, b): estimate(values[a] - values[b], resampled[a] - resampled[b])
        for a, b in permutations(values, 2)
    }
    return {"signature": signature, "arms": tree, "differences": _rows(pairs)}, pairs


def by_length(
    outputs: Mapping[str, Sequence[Outputs]],
    srcs: Sequence[str],
    refs: Sequence[str],
    n_resamples: int = N_RESAMPLES,
) -> tuple[dict[str, Any], Pairs]:
    """ChrF by the number of joined sentences, as a tree; and the differences of slopes, a minus b."""
    joined = inputs(refs)
    counts: dict[str, list[dict[int, SentenceCounts]]] = {
        arm: [
            {n: count_sentences("chrF", of_seed[str(n)], [joined[str(n)]]) for n in NUMBERS}
            for of_seed in of_seeds
        ]
        for arm, of_seeds in outputs.items()
    }
    found, slopes = falls(counts, n_resamples)
    pairs = {
        (a, b): estimate(found[a].slope.value - found[b].slope.value, slopes[a] - slopes[b])
        for a, b in permutations(found, 2)
    }
    texts = inputs(srcs)
    tree = {
        "joined": list(NUMBERS),
        "words": [float(np.mean([len(text.split()) for text in texts[str(n)]])) for n in NUMBERS],
        "arms": {
            arm: {"points": [asdict(point) for point in fall.points], "slope": asdict(fall.slope)}
            for arm, fall in found.items()
        },
        "differences": _rows(pairs),
    }
    return tree, pairs


def _rows(pairs: Pairs) -> list[dict[str, Any]]:
    """Each pair once."""
    seen: set[frozenset[str]] = set()
    rows = []
    for (a, b), difference in pairs.items():
        if frozenset((a, b)) not in seen:
            seen.add(frozenset((a, b)))
            rows.append({"a": a, "b": b, **asdict(difference)})
    return rows
