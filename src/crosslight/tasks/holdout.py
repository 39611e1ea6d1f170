"""Pairs of the training corpus that are kept for validation where no validation set is given.

Those whose sources hash lowest: the same ones whatever their order, and the translations of a sentence
stay on one side of the split. What then still occurs in both is dropped from training by the cleaning.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterable
from functools import partial

from crosslight.text.clean import CleanRules, Columns, columns, sentence_key
from crosslight.text.corpus import Pair
from crosslight.text.workers import Each, one_by_one

Candidate = tuple[bytes, int]  # the hash of a source, and its place


def held_out_pairs(
    pairs: Iterable[Pair],
    size: int,
    rules: CleanRules,
    tests: set[str],
    each: Each = one_by_one,
    tell: Callable[[int], None] = lambda n_pairs: None,
) -> list[Pair]:
    """At most `size` pairs, and at most 5 % of all, that the rules let pass and that are in no test.

    Args:
        each: applies a function to blocks, perhaps in several processes.
        tell: is told of the pairs that are done, block by block.
    """
    best: list[tuple[bytes, int, Pair]] = []
    n_pairs = 0
    keys = {sentence_key(test) for test in tests}
    for (srcs, tgts), candidates in each(partial(_candidates, rules, keys), columns(pairs)):
        last = best[-1][0] if len(best) == size else b"\xff" * 9
        better = [
            (digest, n_pairs + i, Pair(srcs[i].strip(), tgts[i].strip()))
            for digest, i in candidates
            if digest < last
        ]
        best = heapq.nsmallest(size, best + better)
        n_pairs += len(srcs)
        tell(len(srcs))
    return [pair for _, _, pair in best[: max(1, n_pairs // 20)]]


def _candidates(rules: CleanRules, keys: set[str], block: Columns) -> list[Candidate]:
    candidates = []
    for i, (src, tgt) in enumerate(zip(*block, strict=True)):
        src, tgt = src.strip(), tgt.strip()  # noqa: PLW2901
        if rules.rejects(src, tgt) is None:
            key = sentence_key(src)
            if key not in keys and sentence_key(tgt) not in keys:
                digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
                candidates.append((digest, i))
    return candidates
