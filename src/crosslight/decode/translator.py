"""From text to text: segments, pieces, batches, search, and back.

Long text is split into sentences reversibly (nothing is cut off unseen), sentences of like length are
searched together, and results come back in the order of the input. What a sentence becomes does not
depend on its neighbors in the batch.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from crosslight.bundle import Bundle
from crosslight.config.load import settings as checked
from crosslight.config.run import DecodeConfig
from crosslight.decode.alternatives import Alternative, wish_for
from crosslight.decode.hypothesis import Hypothesis
from crosslight.decode.loops import marked_loop
from crosslight.decode.parts import parts_of, require_one_segment
from crosslight.decode.prefix import begins_with
from crosslight.decode.reverse import Reverse, require_choice
from crosslight.decode.search import NO_WISH, Wish
from crosslight.decode.searcher import Searcher
from crosslight.decode.terms import Glossary
from crosslight.decode.translation import LookInside, Translation, assembled
from crosslight.decode.wishes import wishes_of
from crosslight.errors import ConfigError
from crosslight.text.subword import EOS_ID

FastSearch = Callable[[Sequence[list[int]], DecodeConfig, int], Callable[[], list[list[Hypothesis] | None]]]
"""(sources, settings, n_best) -> a function that waits for what another engine, which has begun, finds: None
for a source that it leaves to torch."""

AT_ONCE = 256  # texts for each thread that another engine is given, while the next ones are encoded


class Translator:
    """Translates with a bundle; made by `crosslight.load`.

    Args:
        look_inside: makes the `attention` of a translation; handed in, because looking inside is
            another room's work.
        threads: batches that are searched at a time.
        fast_search: another engine, that is asked first.
        partners: other bundles of the same vocabularies that search together with this one.
        reverse: a model of the other direction, that chooses among what is found.

    Raises:
        ConfigError: the vocabularies differ, or `reverse` is not of the other direction.
    """

    def __init__(
        self,
        bundle: Bundle,
        look_inside: LookInside | None = None,
        threads: int = 1,
        fast_search: FastSearch | None = None,
        partners: Sequence[Bundle] = (),
        reverse: Reverse | None = None,
    ) -> None:
        if reverse:
            reverse.require_opposite(bundle)
        self.bundle = bundle
        self.partners = tuple(partners)
        self.fast_search = fast_search
        self._look_inside = look_inside
        self.reverse = reverse
        self._at_once = AT_ONCE * threads
        self._searcher = Searcher(bundle, threads, partners)
        self.banned = self._searcher.banned
        self.most_tokens = self._searcher.most_tokens

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
            n_best: how many alternatives to find, the best included; only for texts of one segment. A beam
                finds no more than it is wide: one that is given must be this wide, and where none is
                given the bundle's is widened, which may find another best one too.
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
        config = self.settings_for(n_best, settings)
        if terms and config.temperature > 0:
            raise ConfigError(
                "terms are for a search, not for drawing", "set temperature to 0, or leave the terms out"
            )
        wish_of = wishes_of(prefix, terms, self.bundle.tgt_subword, self.banned)
        begun = []
        for some in _evenly(texts, self._at_once) if self.fast_search else (texts,):
            encode = cache(self._encode)
            split = [self._split(text, encode) for text in some]
            if prefix:
                for parts in split:
                    if parts:
                        require_one_segment(parts)
            segments = [part for parts in split for part, is_text in parts if is_text]
            srcs = {segment: [*encode(segment), EOS_ID] for segment in segments}
            begun.append((some, split, self._search(srcs, config, n_best, wish_of)))
        inside = self._look_inside if attention else None
        translations: list[Translation] = []
        for some, split, finish in begun:
            found = finish()
            if log_probs:
                found = {part: self.with_log_probs(part, best) for part, best in found.items()}
            translations += [
                assembled(self.bundle, text, parts, found, inside, terms)
                for text, parts in zip(some, split, strict=True)
            ]
        return translations

    def settings_for(self, n_best: int, settings: dict[str, Any]) -> DecodeConfig:
        """The settings of one call: the bundle's, and over them those that are given.

        A beam that is not given is at least as wide as there are alternatives wanted.

        Raises:
            ConfigError: a setting that cannot be; a beam too narrow for n_best, or for `reverse`.
        """
        if n_best < 1:
            raise ConfigError(f"n_best is {n_best}, expected at least 1", "1 is the best translation alone")
        wishes = {**self.bundle.config.decode.model_dump(), **settings}
        config = checked(DecodeConfig, wishes, "the search")
        if n_best <= config.beam or config.temperature > 0:  # drawn one by one, without a beam
            if self.reverse:
                require_choice(config)
            return config
        if "beam" in settings:
            raise ConfigError(
                f"n_best is {n_best}, but a beam of {config.beam} finds no more than {config.beam}",
                f"set beam to {n_best} or more, or n_best to {config.beam} or less",
            )
        return config.model_copy(update={"beam": n_best})

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

    def alternatives(self, text: str, prefix: str = "", n: int = 5, **settings: Any) -> list[Alternative]:
        """The most probable next words after the start of a translation, each translated to its end.

        A word is what stands between blanks, so a full stop belongs to the word before it; the empty
        word is the end of the translation. Each alternative's text begins with the prefix and the word.

        Args:
            text: a text of one segment.
            prefix: how the translation begins, up to the end of a word.
            n: how many words, at most.
            settings: as in `translate`, for what follows the word.

        Raises:
            ConfigError: a setting, a text or a beginning that cannot be.
        """
        if n < 1:
            raise ConfigError(f"n is {n}, expected at least 1", "1 is the most probable word alone")
        config = self.settings_for(1, settings)
        parts = self.split(text)
        segment = require_one_segment(parts)
        tgt = self.bundle.tgt_subword
        start = prefix.rstrip(" ")
        begins_with(start, tgt, self.banned)
        src, forced = [*self._encode(segment), EOS_ID], tgt.encode(start)
        words = self._searcher.next_words(src, forced, tgt.surfaces(), n)
        wishes = [wish_for(word, tgt.surfaces()) for word in words]
        found = self.search([src] * len(words), config, 1, wishes)
        return [
            Alternative(
                word.text.strip(" "),
                word.probability,
                assembled(self.bundle, text, parts, {segment: [marked_loop(h, src, config.cut_loops)]}),
            )
            for word, (h,) in zip(words, found, strict=True)
        ]

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
        return self._searcher.score(srcs, tgts, banned)

    def split(self, text: str) -> list[tuple[str, bool]]:
        """The parts of a text, and whether each is to be translated; see `parts.parts_of`."""
        return self._split(text, self._encode)

    def _split(self, text: str, encode: Callable[[str], list[int]]) -> list[tuple[str, bool]]:
        return parts_of(text, self.bundle.facts, encode, self._searcher.most_tokens)

    def search(
        self,
        srcs: Sequence[list[int]],
        config: DecodeConfig,
        n_best: int = 1,
        wishes: Sequence[Wish] = (),
    ) -> list[list[Hypothesis]]:
        """The best hypotheses for source ids (end token included), in input order.

        Args:
            wishes: what each source asks for; none at all if empty.
        """
        return self._searcher.search(srcs, config, n_best, wishes)

    def _search(
        self,
        srcs: dict[str, list[int]],
        config: DecodeConfig,
        n_best: int,
        wish_of: Callable[[str], Wish],
    ) -> Callable[[], dict[str, list[Hypothesis]]]:
        """Begin to search; a function that waits for what is found for each text.

        Only torch knows wishes, and it begins when it is waited for.
        """
        n_found = config.beam if self.reverse else n_best
        wishes = {text: wish_of(text) for text in srcs}
        fast = [text for text, wish in wishes.items() if wish is NO_WISH and self.fast_search]
        answers: Callable[[], list[list[Hypothesis] | None]] = list
        if self.fast_search and fast:
            answers = self.fast_search([srcs[text] for text in fast], config, n_found)

        def finish() -> dict[str, list[Hypothesis]]:
            found = {text: h for text, h in zip(fast, answers(), strict=True) if h is not None}
            for have_terms in (False, True):  # terms have a search of their own
                group = [
                    t for t, w in wishes.items() if t not in found and (w.spelling is not None) == have_terms
                ]
                asked = [wishes[text] for text in group]
                plain = all(wish is NO_WISH for wish in asked)
                results = self.search([srcs[text] for text in group], config, n_found, [] if plain else asked)
                found |= zip(group, results, strict=True)
            marked = {
                text: [marked_loop(h, srcs[text], config.cut_loops) for h in hypotheses]
                for text, hypotheses in found.items()
            }
            if self.reverse:
                decode, ranked = self.bundle.tgt_subword.decode, self.reverse.ranked
                return {
                    text: ranked(text, best, [decode(h.tokens) for h in best], config)[:n_best]
                    for text, best in marked.items()
                }
            return marked

        return finish

    def _encode(self, text: str) -> list[int]:
        return self.bundle.src_subword.encode(text)


def _evenly(texts: Sequence[str], most: int) -> list[Sequence[str]]:
    """The texts in parts of about the same length, so that none is left alone at the end."""
    n_parts = max(1, -(-len(texts) // most))
    ends = [len(texts) * i // n_parts for i in range(n_parts + 1)]
    return [texts[start:end] for start, end in itertools.pairwise(ends)]
