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
from crosslight.decode.beam import Decode
from crosslight.decode.ensemble import ensemble
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.loops import marked_loop
from crosslight.decode.score import forced_log_probs
from crosslight.decode.search import NO_WISH, Wish, search_batch
from crosslight.decode.terms import Glossary, failures
from crosslight.decode.wishes import wishes_of
from crosslight.errors import ConfigError
from crosslight.nn.threads import lone_threads
from crosslight.text.corpus import Pair
from crosslight.text.links import Link
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
    log_probs: tuple[float, ...] | None = None  # of each token, then of the end; on request
    unmet: tuple[str, ...] = ()  # terms that it fails in; forbidden ones have a `!` before them
    looped: bool = False  # it runs in a circle (see `decode.loops`)
    links: frozenset[Link] | None = None  # which words belong together; see `tasks.alignments`
    parts: tuple[Pair, ...] = ()  # its sentences and what is between them; joined they are `src` and `text`

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
        partners: other bundles of the same vocabularies that search together with this one.

    Raises:
        ConfigError: the vocabularies differ.
    """

    def __init__(
        self,
        bundle: Bundle,
        look_inside: LookInside | None = None,
        threads: int = 1,
        fast_search: FastSearch | None = None,
        partners: Sequence[Bundle] = (),
    ) -> None:
        self.bundle = bundle
        self._fast_search = fast_search
        self._model = ensemble([bundle, *partners]).eval() if partners else bundle.model.eval()
        self._look_inside = look_inside
        self._threads = threads
        pieces = bundle.tgt_subword.pieces(range(bundle.tgt_subword.vocab_size))
        self.banned = (*BANNED, *(i for i, piece in enumerate(pieces) if piece in LINE_BREAKS))
        models = [each.config.model for each in (bundle, *partners)]
        self._most_tokens = min(
            model.max_positions - 1 if model.positions == "learned" else sys.maxsize for model in models
        )

    def translate(
        self,
        texts: Sequence[str],
        *,
        n_best: int = 1,
        attention: bool = False,
        log_probs: bool = False,
        prefix: str | Sequence[int] = "",
        terms: Glossary | None = None,
        **settings: Any,
    ) -> list[Translation]:
        """Every text translated, in order. Empty lines stay empty; line breaks within a text are kept.

        Args:
            n_best: how many alternatives to find, the best included, at most as many as the beam; only
                for texts of one segment.
            attention: look inside: `Translation.attention` of every text of one segment.
            log_probs: also give the log-probability of every token, whichever engine searches.
            prefix: how every translation must begin, as text (that may end inside a word) or as ids;
                only for texts of one segment.
            terms: what the translations must say and must not; `Translation.unmet` is what they fail in.
            settings: anything of `DecodeConfig` (beam, alpha, max_extra, ...) to differ from what the
                bundle says.

        Raises:
            ConfigError: a setting that cannot be.
        """
        if isinstance(texts, str):
            raise TypeError("translate takes a list of texts; write translate([text])")
        config = self._settings(n_best, settings)
        split = [self.split(text) for text in texts]
        if prefix:
            self._require_one_segment(split)
        if terms and config.temperature > 0:
            raise ConfigError(
                "terms are for a search, not for drawing", "set temperature to 0, or leave the terms out"
            )
        wish_of = wishes_of(prefix, terms, self.bundle.tgt_subword, self.banned)
        found = self._search(
            [part for parts in split for part, is_text in parts if is_text], config, n_best, wish_of
        )
        if log_probs:
            found = {part: self.with_log_probs(part, best) for part, best in found.items()}
        return [
            self._assembled(text, parts, found, attention, terms)
            for text, parts in zip(texts, split, strict=True)
        ]

    def _settings(self, n_best: int, settings: dict[str, Any]) -> DecodeConfig:
        """The settings of one call.

        A beam that nobody chose is as wide as there are alternatives wanted.
        """
        if n_best < 1:
            raise ConfigError(f"n_best is {n_best}, expected at least 1", "1 is the best translation alone")
        wishes = {**self.bundle.config.decode.model_dump(), **settings}
        config = checked(DecodeConfig, wishes, "the search")
        if "beam" in settings and n_best > config.beam and config.temperature == 0:
            raise ConfigError(
                f"n_best is {n_best}, but a beam of {config.beam} finds no more than {config.beam}",
                f"set beam to {n_best} or more, or n_best to {config.beam} or less",
            )
        return config

    def _require_one_segment(self, split: list[list[tuple[str, bool]]]) -> None:
        for parts in split:
            n = sum(is_text for _, is_text in parts)
            if n != 1:
                text = "".join(part for part, _ in parts)
                raise ConfigError(
                    f"{text[:60]!r} has {n} sentences, but only a text of one can have a given beginning",
                    "translate its sentences one by one",
                )

    def with_log_probs(self, text: str, hypotheses: list[Hypothesis]) -> list[Hypothesis]:
        """The hypotheses of a sentence with the log-probability of each of their tokens."""
        if all(h.log_probs is not None for h in hypotheses):
            return hypotheses
        src = [*self._encode(text), EOS_ID]
        rows = self.score([src] * len(hypotheses), [h.tokens for h in hypotheses])
        return [
            replace(h, log_probs=tuple(row[: len(h.tokens) + h.finished]))
            for h, row in zip(hypotheses, rows, strict=True)
        ]

    @torch.inference_mode()
    def score(self, srcs: Sequence[list[int]], tgts: Sequence[list[int]]) -> list[list[float]]:
        """The log-probability of each token of given outputs, then of the end token, in input order.

        Args:
            srcs: source ids, the end token included.
            tgts: output ids, without begin and end.

        Raises:
            ConfigError: a text is longer than the model has positions.
        """
        lengths = [max(len(src), len(tgt) + 1) for src, tgt in zip(srcs, tgts, strict=True)]
        if lengths and max(lengths) > self._most_tokens + 1:
            raise ConfigError(
                f"a text has {max(lengths)} tokens, and the model has positions for {self._most_tokens + 1}",
                "score its sentences one by one",
            )
        rows: list[list[float]] = [[] for _ in srcs]
        for batch in _batches(lengths, self.bundle.config.decode.max_tokens_per_batch):
            state, decode = self._started([srcs[i] for i in batch])
            found = forced_log_probs(decode, state, [tgts[i] for i in batch], self.banned)
            for i, row in zip(batch, found, strict=True):
                rows[i] = row
        return rows

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

    @torch.inference_mode()
    def _search_batch(
        self, srcs: list[list[int]], config: DecodeConfig, n_best: int, wishes: Sequence[Wish]
    ) -> list[list[Hypothesis]]:
        state, decode = self._started(srcs)
        return search_batch(
            decode,
            state,
            srcs,
            config,
            most_tokens=self._most_tokens,
            banned=self.banned,
            n_best=n_best,
            wishes=wishes,
            device=self._device(),
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

    def _search(
        self, texts: list[str], config: DecodeConfig, n_best: int, wish_of: Callable[[str], Wish]
    ) -> dict[str, list[Hypothesis]]:
        """Each different text once. Only torch knows wishes; terms have a search of their own."""
        found: dict[str, list[Hypothesis]] = {}
        srcs = {text: [*self._encode(text), EOS_ID] for text in texts}
        wishes = {text: wish_of(text) for text in srcs}
        fast = [text for text, wish in wishes.items() if wish is NO_WISH and self._fast_search]
        if self._fast_search and fast:
            answers = self._fast_search([srcs[text] for text in fast], config, n_best)
            found = {text: h for text, h in zip(fast, answers, strict=True) if h is not None}
        for have_terms in (False, True):
            group = [
                t for t, w in wishes.items() if t not in found and (w.spelling is not None) == have_terms
            ]
            asked = [wishes[text] for text in group]
            plain = all(wish is NO_WISH for wish in asked)
            results = self.search([srcs[text] for text in group], config, n_best, [] if plain else asked)
            found |= zip(group, results, strict=True)
        return {
            text: [marked_loop(h, srcs[text], config.cut_loops) for h in hypotheses]
            for text, hypotheses in found.items()
        }

    def _assembled(
        self,
        text: str,
        parts: list[tuple[str, bool]],
        found: dict[str, list[Hypothesis]],
        attention: bool,
        terms: Glossary | None,
    ) -> Translation:
        tgt = self.bundle.tgt_subword
        best = [(part, found[part][0]) for part, is_text in parts if is_text]
        pairs = tuple(
            Pair(part, tgt.decode(found[part][0].tokens) if is_text else part) for part, is_text in parts
        )
        n_tokens = sum(len(h.tokens) + 1 for _, h in best)
        result = Translation(
            src=text,
            text="".join(pair.tgt for pair in pairs),
            score=sum(h.score * (len(h.tokens) + 1) for _, h in best) / max(1, n_tokens),
            tokens=[piece for _, h in best for piece in tgt.pieces(h.tokens)],
            looped=any(h.looped for _, h in best),
            parts=pairs,
            unmet=tuple(
                failure
                for part, h in best
                for failure in (failures(terms, part, tgt.decode(h.tokens)) if terms else ())
            ),
        )
        if len(best) != 1:
            return result
        part, hypothesis = best[0]
        before, after = text[: text.index(part)], text[text.index(part) + len(part) :]
        others = tuple(
            Translation(
                text,
                before + tgt.decode(h.tokens) + after,
                h.score,
                tgt.pieces(h.tokens),
                log_probs=h.log_probs,
                looped=h.looped,
            )
            for h in found[part][1:]
        )
        seen = None
        if attention and self._look_inside:
            seen = self._look_inside(self.bundle, [*self._encode(part), EOS_ID], hypothesis)
        return replace(result, alternatives=others, attention=seen, log_probs=hypothesis.log_probs)

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
