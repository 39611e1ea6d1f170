"""A search as a tree: what it looked at, kept, cut and finished, step by step.

The search itself tells (`beam.Watch`); nothing is searched twice, and being watched changes nothing. A node
is one token after its parent's. At each step the best 2K continuations of a beam of K are looked at, and
only these become nodes.
"""

from dataclasses import dataclass, field
from typing import Literal

from crosslight.decode.beam import Step
from crosslight.decode.hypothesis import Hypothesis, Ranking

Fate = Literal["kept", "finished", "cut", "open"]
End = Literal["settled", "limit", "exhausted"]


@dataclass
class Node:
    """One token at the end of a hypothesis; the root is the begin token."""

    parent: int | None  # its place among the nodes
    step: int
    rank: int  # among what this step looked at
    token: int
    logp: float  # of the hypothesis up to it
    score: float  # that over the length penalty
    fate: Fate


@dataclass(frozen=True)
class Standing:
    """Where a search stands after a step, and so whether it goes on."""

    nodes: list[int]
    n_finished: int
    worst_finished: float | None  # the score to beat; None before there are as many as were asked for
    best_possible: float | None  # the most that the beam could still reach; None where it is empty


@dataclass
class SearchTree:
    """The tree of one source's search; give its `watch` to the search.

    Args:
        limit: the most tokens of an output, the end not counted.
    """

    ranking: Ranking
    limit: int
    n_best: int
    bos_id: int
    eos_id: int
    nodes: list[Node] = field(init=False)
    steps: list[Standing] = field(default_factory=list, init=False)
    stopped: End = field(default="exhausted", init=False)

    def __post_init__(self) -> None:
        self.nodes = [Node(None, 0, 0, self.bos_id, 0.0, 0.0, "kept")]
        self._beam: list[int] = [0]  # the node of every place in the beam
        self._finished: list[float] = []  # the best scores, best first

    def watch(self, step: Step) -> None:
        """Grow by a step of a search for one source."""
        n_tokens = len(self.steps) + 1
        totals, parents, tokens = (each[0].tolist() for each in (step.logp, step.parents, step.tokens))
        stored, beam = {m for _, m in step.stored}, step.beam[0].tolist()
        going = [m for m in beam if totals[m] > float("-inf") and tokens[m] != self.eos_id]
        goes_on, is_over = 0 in step.stay, n_tokens > self.limit
        places: dict[int, int] = {}
        for m, (total, parent, token) in enumerate(zip(totals, parents, tokens, strict=True)):
            if total == float("-inf"):
                continue
            fate: Fate = "cut"
            if m in stored:
                fate = "finished"
            elif m in going and not is_over:
                fate = "kept" if goes_on else "open"
            places[m] = len(self.nodes)
            score = self.ranking.score(total, n_tokens)
            self.nodes.append(Node(self._beam[parent], n_tokens, m, token, total, score, fate))
        self._finished = sorted(
            [*self._finished, *(self.nodes[places[m]].score for m in stored)], reverse=True
        )[: self.n_best]
        is_full = len(self._finished) == self.n_best
        best = totals[going[0]] if going and not is_over else None
        self.steps.append(
            Standing(
                nodes=list(places.values()),
                n_finished=len(self._finished),
                worst_finished=self._finished[-1] if is_full else None,
                best_possible=None if best is None else self.ranking.score(best, self.limit + 1),
            )
        )
        # Places that no hypothesis fills have no children, so any node does for them.
        self._beam = [places.get(m, 0) for m in beam]
        if not goes_on:
            none_left: End = "settled" if going or stored else "exhausted"
            self.stopped = "limit" if is_over and not stored else none_left

    def path(self, hypothesis: Hypothesis) -> int:
        """The node at the end of what the search found.

        Raises:
            ValueError: it is not in the tree.
        """
        wanted = [*hypothesis.tokens, *([self.eos_id] if hypothesis.finished else [])]
        children = {(node.parent, node.token): place for place, node in enumerate(self.nodes)}
        place = 0
        for token in wanted:
            if (place, token) not in children:
                raise ValueError(f"token {token} is not in the tree after node {place}")
            place = children[place, token]
        return place

    def token_logp(self, node: Node) -> float:
        """The log-probability of a node's token after its parent."""
        return node.logp if node.parent is None else node.logp - self.nodes[node.parent].logp
