"""From source ids to hypotheses: sentences of like length through the model together.

What is found for a sentence does not depend on its neighbors in the batch.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from crosslight.bundle import Bundle
from crosslight.config.architecture import n_positions
from crosslight.config.run import DecodeConfig
from crosslight.data.batch import pad
from crosslight.decode.alternatives import NextWord, next_words
from crosslight.decode.beam import Decode, Watch
from crosslight.decode.ensemble import ensemble
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.score import given_log_probs
from crosslight.decode.search import NO_WISH, Wish, search_batch
from crosslight.errors import ConfigError
from crosslight.nn.threads import lone_threads
from crosslight.text.subword import BOS_ID, PAD_ID, UNK_ID

BANNED = (PAD_ID, UNK_ID, BOS_ID)
LINE_BREAKS = ("<0x0A>", "<0x0D>")  # a line stays one line, whatever a model would like to write


class Searcher:
    """A bundle's model (or several that write together) as ids to ids.

    Args:
        threads: batches that are searched at a time.

    Raises:
        ConfigError: the vocabularies differ.
    """

    def __init__(self, bundle: Bundle, threads: int = 1, partners: Sequence[Bundle] = ()) -> None:
        self._model = ensemble([bundle, *partners]).eval() if partners else bundle.model.eval()
        self._threads = threads
        pieces = bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size))
        self.banned = (*BANNED, *(i for i, piece in enumerate(pieces) if piece in LINE_BREAKS))
        limits = (n_positions(each.config.model) for each in (bundle, *partners))
        self.most_tokens = min(sys.maxsize if limit is None else limit - 1 for limit in limits)

    def score(
        self, srcs: Sequence[list[int]], tgts: Sequence[Sequence[int]], banned: Sequence[int] | None = None
    ) -> list[list[float]]:
        """The log-probability of each token of given outputs, then of the end token, in input order.

        Args:
            srcs: source ids, the end token included.
            tgts: output ids, without begin and end.
            banned: tokens that share in no probability; those that a search never writes unless given,
                and with none it is the model's own number.

        Raises:
            ConfigError: a text is longer than the model has positions.
        """
        lengths = [max(len(src), len(tgt) + 1) for src, tgt in zip(srcs, tgts, strict=True)]
        if lengths and max(lengths) > self.most_tokens + 1:
            raise ConfigError(
                f"a text has {max(lengths)} tokens, and the model has positions for {self.most_tokens + 1}",
                "score its sentences one by one",
            )
        return given_log_probs(self._started, srcs, tgts, self.banned if banned is None else banned)

    @torch.inference_mode()
    def next_words(
        self, src: list[int], forced: Sequence[int], surfaces: Sequence[bytes], n: int
    ) -> list[NextWord]:
        """The n most probable words after an output's first tokens; see `alternatives.next_words`.

        Raises:
            ConfigError: there is no room after the first tokens.
        """
        longest = self.most_tokens - len(forced) - 1
        if longest < 0:
            raise ConfigError(
                f"the beginning has {len(forced)} tokens, and an output at most {self.most_tokens}",
                "give a shorter beginning",
            )
        state, decode = self._started([src])
        return next_words(decode, state, forced, surfaces, n, banned=self.banned, longest=longest)

    def search(
        self,
        srcs: Sequence[list[int]],
        config: DecodeConfig,
        n_best: int = 1,
        wishes: Sequence[Wish] = (),
    ) -> list[list[Hypothesis]]:
        """The best hypotheses for source ids (end token included), batched by length, in input order.

        Args:
            wishes: what each source asks for; none at all if empty.
        """
        lengths = [len(src) for src in srcs]
        budget = min(config.max_tokens_per_batch // config.beam, sum(lengths) // self._threads)
        batches = list(_batches(lengths, max(1, budget)))
        results: list[list[Hypothesis]] = [[] for _ in srcs]
        with lone_threads(self._threads) as pool:
            found = pool.map(
                lambda batch: self._search_batch(
                    [srcs[i] for i in batch], config, n_best, [wishes[i] for i in batch if wishes]
                ),
                batches,
            )
            for batch, hypotheses in zip(batches, found, strict=True):
                for i, best in zip(batch, hypotheses, strict=True):
                    results[i] = best
        return results

    def watched(
        self, src: list[int], config: DecodeConfig, watch: Watch, n_best: int = 1, wish: Wish = NO_WISH
    ) -> list[Hypothesis]:
        """What `search` finds for one source, while `watch` is told of every step (see `search_batch`)."""
        return self._search_batch([src], config, n_best, [wish], watch)[0]

    @torch.inference_mode()
    def _search_batch(
        self,
        srcs: list[list[int]],
        config: DecodeConfig,
        n_best: int,
        wishes: Sequence[Wish],
        watch: Watch | None = None,
    ) -> list[list[Hypothesis]]:
        state, decode = self._started(srcs)
        return search_batch(
            decode,
            state,
            srcs,
            config,
            most_tokens=self.most_tokens,
            banned=self.banned,
            n_best=n_best,
            wishes=wishes,
            device=self._device(),
            watch=watch,
        )

    def _started(self, srcs: Sequence[list[int]]) -> tuple[Any, Decode]:
        """The state after reading, and the model as a function that takes tokens from any device."""
        device = self._device()
        state = self._model.start(pad(srcs, PAD_ID).to(device))

        def decode(tokens: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
            return self._model.decode(tokens.to(device), state)

        return state, decode

    def _device(self) -> torch.device:
        return next(self._model.parameters()).device


def _batches(lengths: list[int], max_tokens: int) -> Iterator[list[int]]:
    """Indices of like length together, each batch at most max_tokens padded tokens, longest first."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batch: list[int] = []
    for i in order:
        if batch and lengths[batch[0]] * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
