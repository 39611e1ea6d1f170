"""The tree of a search against a beam search written out in plain lists, on a model that is a table."""

import functools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from crosslight.decode.beam import beam_search, greedy_search
from crosslight.decode.hypothesis import Ranking
from crosslight.decode.rules import at_least
from crosslight.decode.search import Wish
from crosslight.decode.searcher import Searcher
from crosslight.decode.tree import SearchTree
from crosslight.text.subword import BOS_ID, EOS_ID

BOS, EOS, V, LIMIT = 0, 1, 5, 4
SEEDS = range(8)
IDS: Any = {"bos_id": BOS, "eos_id": EOS}


@functools.cache
def table(seed: int) -> Tensor:
    """A row of logits for every prefix of up to LIMIT + 2 tokens."""
    return 2 * torch.randn(2 * V ** (LIMIT + 2), V, generator=torch.Generator().manual_seed(seed))


def model(seed: int) -> Any:
    rows = table(seed)

    def decode(tokens: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        node = state[0] * V + tokens[:, 0] + 1
        return rows[node][:, None], (node,)

    return decode


def start() -> tuple[Tensor]:
    return (torch.zeros(1, dtype=torch.long),)


def after(seed: int, prefix: tuple[int, ...]) -> list[float]:
    node = 0
    for token in (BOS, *prefix):
        node = node * V + token + 1
    logp: list[float] = table(seed)[node].double().log_softmax(0).tolist()
    return logp


Fates = dict[tuple[int, ...], str]


def by_hand(
    seed: int, beam: int, alpha: float, n_best: int, limit: int
) -> tuple[list[Fates], str, list[Any]]:
    """Step by step: every continuation that is looked at and what becomes of it; the end; the results."""
    live: dict[tuple[int, ...], float] = {(): 0.0}
    finished: list[tuple[float, tuple[int, ...]]] = []
    steps: list[Fates] = []
    while True:
        n = len(steps) + 1
        grown = {
            (*prefix, token): total + logp
            for prefix, total in live.items()
            for token, logp in enumerate(after(seed, prefix))
        }
        looked_at = sorted(grown, key=lambda tokens: -grown[tokens])[: 2 * beam]
        fates: Fates = dict.fromkeys(looked_at, "cut")
        for tokens in looked_at:
            if tokens[-1] == EOS:
                entry = (grown[tokens] / ((5 + n) / 6) ** alpha, tokens)
                if len(finished) < n_best or entry[0] > finished[-1][0]:
                    fates[tokens] = "finished"
                    finished = sorted([*finished, entry], reverse=True)[:n_best]
        going = [tokens for tokens in looked_at if tokens[-1] != EOS][:beam]
        steps.append(fates)
        if n > limit:
            broken = sorted(
                ((total / ((5 + n - 1) / 6) ** alpha, t) for t, total in live.items()), reverse=True
            )
            ended_now = any(fate == "finished" for fate in fates.values())
            return steps, "settled" if ended_now else "limit", (finished or broken)[:n_best]
        bound = max(grown[tokens] for tokens in going) / ((5 + limit + 1) / 6) ** alpha
        goes_on = len(finished) < n_best or bound > finished[-1][0]
        fates |= dict.fromkeys(going, "kept" if goes_on else "open")
        if not goes_on:
            return steps, "settled", finished
        live = {tokens: grown[tokens] for tokens in going}


def paths(tree: SearchTree) -> list[tuple[int, ...]]:
    """The tokens of every node from the root on, the begin left out."""
    found: list[tuple[int, ...]] = [()]
    for node in tree.nodes[1:]:
        assert node.parent is not None
        found.append((*found[node.parent], node.token))
    return found


@pytest.mark.parametrize("limit", [1, 2, LIMIT])
@pytest.mark.parametrize("n_best", [1, 2])
@pytest.mark.parametrize("alpha", [0.0, 0.8])
@pytest.mark.parametrize("beam", [2, 3, 5])
def test_the_tree_is_the_search_written_out(beam: int, alpha: float, n_best: int, limit: int) -> None:
    ends = set()
    for seed in SEEDS:
        tree = SearchTree(Ranking(alpha), limit, n_best, BOS, EOS)
        settings: Any = {"beam": beam, "alpha": alpha, "n_best": n_best, **IDS}
        (plain,) = beam_search(model(seed), start(), [limit], **settings)
        (found,) = beam_search(model(seed), start(), [limit], **settings, watch=tree.watch)
        assert found == plain, "being watched changes nothing"
        steps, end, results = by_hand(seed, beam, alpha, n_best, limit)
        tokens = paths(tree)
        ours = [{tokens[place]: tree.nodes[place].fate for place in step.nodes} for step in tree.steps]
        assert ours == steps
        assert [[*step] for step in ours] == [[*step] for step in steps], "the best first"
        assert tree.stopped == end
        ends.add(end)
        reached = [tree.path(h) for h in found]
        assert [tokens[place] for place in reached] == [t for _, t in results]
        for place, (score, _) in zip(reached, results, strict=True):
            assert tree.nodes[place].score == pytest.approx(score, abs=1e-5)
        for place, node in enumerate(tree.nodes[1:], start=1):
            expected = sum(after(seed, tokens[place][:i])[t] for i, t in enumerate(tokens[place]))
            assert node.logp == pytest.approx(expected, abs=1e-4)
            assert node.score == pytest.approx(expected / ((5 + node.step) / 6) ** alpha, abs=1e-4)
            assert tree.token_logp(node) == pytest.approx(
                after(seed, tokens[place][:-1])[node.token], abs=1e-4
            )
    assert ends


def test_a_search_goes_on_only_while_it_may_improve() -> None:
    for seed in SEEDS:
        tree = SearchTree(Ranking(0.6), LIMIT, 1, BOS, EOS)
        beam_search(model(seed), start(), [LIMIT], beam=3, alpha=0.6, watch=tree.watch, **IDS)
        for step in tree.steps[:-1]:
            assert step.best_possible is not None
            assert step.worst_finished is None or step.best_possible > step.worst_finished
        last = tree.steps[-1]
        if tree.stopped == "settled" and last.best_possible is not None:
            assert last.worst_finished is not None
            assert last.best_possible <= last.worst_finished


@pytest.mark.parametrize("limit", [1, 2, LIMIT])
def test_a_greedy_search_is_a_path_with_the_second_best_beside_it(limit: int) -> None:
    for seed in SEEDS:
        tree = SearchTree(Ranking(0.6), limit, 1, BOS, EOS)
        (plain,) = greedy_search(model(seed), start(), [limit], alpha=0.6, **IDS)
        (found,) = greedy_search(model(seed), start(), [limit], alpha=0.6, watch=tree.watch, **IDS)
        assert found == plain
        taken = [tree.nodes[step.nodes[0]] for step in tree.steps]
        assert [n.token for n in taken if n.fate != "cut"] == [
            *found.tokens,
            *([EOS] if found.finished else []),
        ]
        assert tree.stopped == ("settled" if found.finished else "limit")
        assert tree.nodes[tree.path(found)].logp == pytest.approx(found.logp, abs=1e-5)
        prefix: tuple[int, ...] = ()
        for step in tree.steps:
            logp = after(seed, prefix)
            order = sorted(range(V), key=lambda token: -logp[token])
            assert [tree.nodes[place].token for place in step.nodes] == order[:2]
            prefix = (*prefix, order[0])


@pytest.mark.parametrize("beam", [1, 3])
def test_a_bundle_is_searched_as_always(translator, pairs, beam: int) -> None:
    config = translator.settings_for(1, {"beam": beam})
    encode = translator.bundle.src_subword.encode
    searcher = Searcher(translator.bundle)
    for pair in pairs[:6]:
        src = [*encode(pair.src), EOS_ID]
        tree = SearchTree(Ranking(config.alpha, config.penalty), len(src) + 7, 1, BOS_ID, EOS_ID)
        found = searcher.watched(src, config, tree.watch)
        assert found == searcher.search([src], config)[0]
        assert tree.nodes[tree.path(found[0])].logp == pytest.approx(found[0].logp, abs=1e-4)


def test_a_rule_leaves_out_what_it_forbids(translator, pairs) -> None:
    config = translator.settings_for(1, {"beam": 2})
    src = [*translator.bundle.src_subword.encode(pairs[0].src), EOS_ID]
    tree = SearchTree(Ranking(), len(src) + 7, 1, BOS_ID, EOS_ID)
    Searcher(translator.bundle).watched(src, config, tree.watch, wish=Wish((at_least(3, EOS_ID),)))
    assert all(node.step > 3 for node in tree.nodes if node.token == EOS_ID)
    assert all(node.logp > -math.inf for node in tree.nodes)


def test_what_is_not_in_the_tree(translator, pairs) -> None:
    tree = SearchTree(Ranking(), 9, 1, BOS_ID, EOS_ID)
    src = [*translator.bundle.src_subword.encode(pairs[0].src), EOS_ID]
    (found,) = Searcher(translator.bundle).watched(src, translator.settings_for(1, {}), tree.watch)
    found.tokens.insert(0, BOS_ID)
    with pytest.raises(ValueError, match="not in the tree"):
        tree.path(found)
