"""From text to text: segments, pieces, batches, search, and back.

Long text is split into sentences reversibly (nothing is cut off unseen), sentences of like length are
searched together, and results come back in the order of the input. What a sentence becomes does not
depend on its neighbors in the batch.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from crosslight.bundle import Bundle
from crosslight.config.load import settings as checked
from crosslight.config.run import DecodeConfig
from crosslight.data.batch import pad
from crosslight.decode.beam import Hypothesis, beam_search, greedy_search
from crosslight.errors import ConfigError
from crosslight.nn.threads import lone_threads
from crosslight.text.segment import segments
from crosslight.text.subword import BOS_ID, EOS_ID, PAD_ID, UNK_ID

LINES = re.compile(r"[^\n]*\n|[^\n]+")  # only \n ends a line; a \r before it is a blank like others
SINGLE = 1.25  # sentences per line up to which a corpus counts as one of single sentences
BANNED = (PAD_ID, UNK_ID, BOS_ID)
LINE_BREAKS = ("<0x0A>", "<0x0D>")  # a line stays one line, whatever a model would like to write


@dataclass(frozen=True)
class Translation:
    """What a text became. `str(translation)` is its text."""

    src: str
    text: str
    score: float  # mean over the output's tokens of the length-penalized log-probability, in nats
    tokens: list[str]  # the pieces of the output
    alternatives: tuple["Translation", ...] = ()  # the next best ones, where n_best asked for them
    confidence: float | None = None  # that it is acceptable, 0 to 1; see `tasks.confidence`
    attention: Any = None  # an `interpret.record.Inspection`, on request

    def __str__(self) -> str:
        return self.text


LookInside = Callable[[Bundle, list[int], Hypothesis], Any]
FastSearch = Callable[[Sequence[list[int]], DecodeConfig, int], list[list[Hypothesis] | None]]
"""(sources, settings, n_best) -> what another engine finds; None for a source that it leaves to torch."""


class Translator:
    """Translates with a bundle; made by `crosslight.load`.

    Args:
        look_inside: makes the `attention` of a translation; handed in, because looking inside is
            another room's work.
        threads: batches that are searched at a time.
        fast_search: another engine, that is asked first.
    """

    def __init__(
        self,
        bundle: Bundle,
        look_inside: LookInside | None = None,
        threads: int = 1,
        fast_search: FastSearch | None = None,
    ) -> None:
        self.bundle = bundle
        self._fast_search = fast_search
        self._model = bundle.model.eval()
        self._look_inside = look_inside
        self._threads = threads
        pieces = bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size))
        self.banned = (*BANNED, *(i for i, piece in enumerate(pieces) if piece in LINE_BREAKS))
        model = bundle.config.model
        self._most_tokens = model.max_positions - 1 if model.positions == "learned" else sys.maxsize

    def translate(
        self, texts: Sequence[str], *, n_best: int = 1, attention: bool = False, **settings: Any
    ) -> list[Translation]:
        """Every text translated, in order. Empty lines stay empty; line breaks within a text are kept.

        Args:
            n_best: how many alternatives to find, the best included; only for texts of one segment.
            attention: look inside: `Translation.attention` of every text of one segment.
            settings: anything of `DecodeConfig` (beam, alpha, max_extra, max_tokens_per_batch) to
                differ from what the bundle says.

        Raises:
            ConfigError: a setting that cannot be.
        """
        if isinstance(texts, str):
            raise TypeError("translate takes a list of texts; write translate([text])")
        if n_best < 1:
            raise ConfigError(f"n_best is {n_best}, expected at least 1", "1 is the best translation alone")
        wishes = {**self.bundle.config.decode.model_dump(), **settings}
        config = checked(DecodeConfig, wishes, "the search")
        split = [self.split(text) for text in texts]
        found = self._search([part for parts in split for part, is_text in parts if is_text], config, n_best)
        return [
            self._assembled(text, parts, found, attention) for text, parts in zip(texts, split, strict=True)
        ]

    def split(self, text: str) -> list[tuple[str, bool]]:
        """The parts of a text, and whether each is to be translated; joined they are the text.

        A line becomes sentences if the model was trained on single sentences (it would say the first
        and leave out the others), or if the line is longer than what the model was trained on. Line
        breaks and the blanks around sentences are parts of their own.
        """
        parts: list[tuple[str, bool]] = []
        facts = self.bundle.facts
        for line in LINES.findall(text):
            whole = facts.sentences_per_line > SINGLE and len(self._encode(line)) <= facts.longest_src
            for segment in [line] if whole else self._segments(line):
                core = segment.strip()
                if not core:
                    parts.append((segment, False))
                    continue
                start = segment.index(core)
                pieces = (segment[:start], core, segment[start + len(core) :])
                parts += [(piece, piece is pieces[1]) for piece in pieces if piece]
        return parts

    def _segments(self, line: str) -> Iterator[str]:
        for segment in segments(line):
            if len(self._encode(segment)) <= self._most_tokens:
                yield segment
            else:
                # No character is more than four tokens, and the blank in front is one.
                yield from segments(segment, max(1, (self._most_tokens - 1) // 4))

    def search(
        self, srcs: Sequence[list[int]], config: DecodeConfig, n_best: int = 1
    ) -> list[list[Hypothesis]]:
        """The best hypotheses for source ids (end token included), batched by length, in input order."""
        lengths = [len(src) for src in srcs]
        budget = min(config.max_tokens_per_batch // config.beam, sum(lengths) // self._threads)
        batches = list(_batches(lengths, max(1, budget)))
        results: list[list[Hypothesis]] = [[] for _ in srcs]
        with lone_threads(self._threads) as pool:
            found = pool.map(
                lambda batch: self._search_batch([srcs[i] for i in batch], config, n_best), batches
            )
            for batch, hypotheses in zip(batches, found, strict=True):
                for i, best in zip(batch, hypotheses, strict=True):
                    results[i] = best
        return results

    @torch.inference_mode()
    def _search_batch(
        self, srcs: list[list[int]], config: DecodeConfig, n_best: int
    ) -> list[list[Hypothesis]]:
        device = next(self._model.parameters()).device
        state = self._model.start(pad(srcs, PAD_ID).to(device))
        limits = [min(len(src) - 1 + config.max_extra, self._most_tokens) for src in srcs]

        def decode(tokens: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
            return self._model.decode(tokens.to(device), state)

        ids = {"bos_id": BOS_ID, "eos_id": EOS_ID}
        if config.beam == 1 and n_best == 1:
            return [
                [h]
                for h in greedy_search(decode, state, limits, **ids, banned=self.banned, alpha=config.alpha)
            ]
        return beam_search(
            decode,
            state,
            limits,
            **ids,
            banned=self.banned,
            alpha=config.alpha,
            beam=max(config.beam, n_best),
            n_best=n_best,
        )

    def _search(self, texts: list[str], config: DecodeConfig, n_best: int) -> dict[str, list[Hypothesis]]:
        """Each different text once."""
        different = list(dict.fromkeys(texts))
        srcs = [[*self._encode(text), EOS_ID] for text in different]
        fast = self._fast_search(srcs, config, n_best) if self._fast_search else [None] * len(srcs)
        left = iter(
            self.search([src for src, h in zip(srcs, fast, strict=True) if h is None], config, n_best)
        )
        return {text: h or next(left) for text, h in zip(different, fast, strict=True)}

    def _assembled(
        self, text: str, parts: list[tuple[str, bool]], found: dict[str, list[Hypothesis]], attention: bool
    ) -> Translation:
        tgt = self.bundle.tgt_subword
        best = [(part, found[part][0]) for part, is_text in parts if is_text]
        out = "".join(tgt.decode(found[part][0].tokens) if is_text else part for part, is_text in parts)
        n_tokens = sum(len(h.tokens) + 1 for _, h in best)
        result = Translation(
            src=text,
            text=out,
            score=sum(h.score * (len(h.tokens) + 1) for _, h in best) / max(1, n_tokens),
            tokens=[piece for _, h in best for piece in tgt.pieces(h.tokens)],
        )
        if len(best) != 1:
            return result
        part, hypothesis = best[0]
        before, after = text[: text.index(part)], text[text.index(part) + len(part) :]
        others = tuple(
            Translation(text, before + tgt.decode(h.tokens) + after, h.score, tgt.pieces(h.tokens))
            for h in found[part][1:]
        )
        seen = None
        if attention and self._look_inside:
            seen = self._look_inside(self.bundle, [*self._encode(part), EOS_ID], hypothesis)
        return replace(result, alternatives=others, attention=seen)

    def _encode(self, text: str) -> list[int]:
        return self.bundle.src_subword.encode(text)


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
