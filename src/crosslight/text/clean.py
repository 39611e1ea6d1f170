"""Sentence pairs in, the pairs worth learning from out, with an account of every one left out.

The rules, in this order (a pair is counted under the first that rejects it): an empty side, too
long, lengths too different, a copy instead of a translation, an exact duplicate, and a sentence of
the validation or test set. The last matters most: a corpus that contains its own test measures memory.

Pairs stream through in blocks, so a corpus larger than memory can be cleaned; of each past pair
only a 64-bit hash is kept.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from crosslight.errors import ConfigError, CorpusError
from crosslight.text.corpus import Pair
from crosslight.text.seen import Hashes, SeenHashes, text_hashes
from crosslight.text.workers import Each, one_by_one

BLOCK = 4096
N_EXAMPLES = 3
# Short sentences differ wildly in length ("Hi." / "Guten Tag."); this many characters are free.
FREE_CHARACTERS = 20

# Each rule's name and what a rejected pair is, in the order in which they are asked.
RULES = {
    "empty": "one side is empty",
    "too_long": "a side is too long",
    "ratio": "lengths too different",
    "copy": "both sides are the same",
    "duplicate": "the pair came before",
    "held_out": "in validation or test",
}
NAMES = list(RULES)
PASSED = -1

Columns = tuple[list[str], list[str]]  # the sources and the targets of a block
Verdicts = tuple[NDArray[np.int8], Hashes, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class CleanRules:
    """What is left out of a corpus. The defaults suit most pairs of languages.

    ``max_ratio`` compares lengths in characters, of which the longer side may have
    ``FREE_CHARACTERS`` more without being counted; Chinese to English is about 1 to 3.

    Raises:
        ConfigError: a limit that would reject every pair.
    """

    max_characters: int = 1000
    max_words: int = 250
    max_ratio: float = 4.0
    drop_copies: bool = True
    drop_duplicates: bool = True

    def __post_init__(self) -> None:
        for name in ("max_characters", "max_words", "max_ratio"):
            value = getattr(self, name)
            if not value >= 1:
                raise ConfigError(
                    f"{name} is {value}, expected at least 1", f"leave {name} out to use the default"
                )

    def rejects(self, src: str, tgt: str) -> str | None:
        """The name of the first rule that rejects a trimmed pair by itself, or None.

        >>> CleanRules().rejects("Bonjour.", "Hello."), CleanRules().rejects("Bonjour.", "")
        (None, 'empty')
        """
        if not src or not tgt:
            return "empty"
        shorter, longer = sorted((len(src), len(tgt)))
        if longer > self.max_characters or self._has_too_many_words(src, tgt):
            return "too_long"
        if longer - FREE_CHARACTERS > self.max_ratio * shorter:
            return "ratio"
        if self.drop_copies and src == tgt:
            return "copy"
        return None

    def _has_too_many_words(self, src: str, tgt: str) -> bool:
        # n words need 2n - 1 characters: most sentences are too short to be worth splitting.
        return any(
            len(side) >= 2 * self.max_words and len(side.split()) > self.max_words for side in (src, tgt)
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A rejected pair and its line in the corpus, counted from 1."""

    line: int
    pair: Pair


@dataclass
class CleanReport:
    """How many pairs were read and kept, and for each rule how many it rejected, with a few examples."""

    total: int = 0
    kept: int = 0
    rejected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RULES, 0))
    examples: dict[str, list[Example]] = field(default_factory=lambda: {rule: [] for rule in RULES})

    def reject(self, rule: str, line: int, pair: Pair) -> None:
        """Counts one rejected pair."""
        self.rejected[rule] += 1
        if len(self.examples[rule]) < N_EXAMPLES:
            self.examples[rule].append(Example(line, pair))

    def lines(self) -> list[str]:
        """A small table for people, one line per rule that rejected something.

        >>> report = CleanReport(total=2, kept=1)
        >>> report.reject("empty", 2, Pair("Bonjour.", ""))
        >>> print("\\n".join(report.lines()))
        kept                                1 of 2 pairs (50.00%)
        one side is empty                   1   line 2: 'Bonjour.' | ''
        """
        share = f"{self.kept / self.total:.2%}" if self.total else "0.00%"
        table = [f"{'kept':<25}{self.kept:>12,} of {self.total:,} pairs ({share})"]
        for rule, meaning in RULES.items():
            if self.rejected[rule]:
                first = self.examples[rule][0]
                shown = f"{_shown(first.pair.src)} | {_shown(first.pair.tgt)}"
                table.append(f"{meaning:<25}{self.rejected[rule]:>12,}   line {first.line:,}: {shown}")
        return table

    def as_dict(self) -> dict[str, object]:
        """The whole report as plain values, for JSON."""
        examples = {
            rule: [{"line": e.line, "src": e.pair.src, "tgt": e.pair.tgt} for e in found]
            for rule, found in self.examples.items()
        }
        return {
            "total": self.total,
            "kept": self.kept,
            "rejected": dict(self.rejected),
            "examples": examples,
        }

    def require_some(self, name: str) -> None:
        """Does nothing if a pair was kept; ``name`` says which corpus the error is about.

        Raises:
            CorpusError: no pair was kept.
        """
        if self.kept:
            return
        counts = ", ".join(f"{RULES[rule]}: {n:,}" for rule, n in self.rejected.items() if n)
        why = f" ({counts})" if counts else ""
        raise CorpusError(
            f"none of the {self.total:,} pairs of {name} is left after cleaning{why}",
            "look at the file and at the limits of the cleaning rules"
            if self.total
            else "give a corpus with at least one pair",
        )


class Cleaner:
    """Applies the rules to corpora; ``report`` counts.

    Several corpora cleaned by one Cleaner count as one: a pair of the first is a duplicate in the
    second, and lines are numbered on. ``held_out`` are the sentences, of both sides, of the
    validation and test sets.

    >>> cleaner = Cleaner(CleanRules(), held_out=["How are you?"])
    >>> pairs = [Pair(" Salut ! ", "Hi!"), Pair("Salut !", "Hi!"), Pair("Ça va ?", "how are you")]
    >>> list(cleaner.clean(pairs))
    [Pair(src='Salut !', tgt='Hi!')]
    >>> cleaner.report.rejected["duplicate"], cleaner.report.rejected["held_out"]
    (1, 1)
    """

    def __init__(self, rules: CleanRules | None = None, held_out: Iterable[str] = ()) -> None:
        self.rules = rules or CleanRules()
        self.report = CleanReport()
        self._seen = SeenHashes()
        self._held_out = {key for sentence in held_out if (key := sentence_key(sentence))}

    def clean(
        self,
        pairs: Iterable[Pair],
        each: Each = one_by_one,
        tell: Callable[[int], None] = lambda n_pairs: None,
    ) -> Iterator[Pair]:
        """The pairs that no rule rejects, blank-trimmed and otherwise untouched, in their order.

        ``report`` runs ahead of what is yielded by up to one block; it is right at the end.
        ``each`` applies a function to blocks, perhaps in several processes; ``tell`` is told of the
        pairs that are done, block by block.
        """
        judge = partial(judge_block, self.rules, self._held_out)
        for block, verdicts in each(judge, columns(pairs)):
            yield from self._kept(block, verdicts)
            tell(len(block[0]))

    def _kept(self, block: Columns, verdicts: Verdicts) -> list[Pair]:
        rules, hashes, held_out = verdicts
        first_line = self.report.total + 1
        self.report.total += len(rules)
        passed = np.flatnonzero(rules == PASSED)
        is_new = np.ones(len(rules), np.bool_)
        if self.rules.drop_duplicates:
            is_new[passed] = self._seen.add(hashes)
        kept = []
        for i, rule in enumerate(rules.tolist()):
            pair = Pair(block[0][i].strip(), block[1][i].strip())
            if rule != PASSED:
                self.report.reject(NAMES[rule], first_line + i, pair)
            elif not is_new[i]:
                self.report.reject("duplicate", first_line + i, pair)
            elif held_out[i]:
                self.report.reject("held_out", first_line + i, pair)
            else:
                kept.append(pair)
        self.report.kept += len(kept)
        return kept


def columns(pairs: Iterable[Pair]) -> Iterator[Columns]:
    """Pairs in blocks, each as its sources and its targets: what travels quickly between processes.

    >>> list(columns([Pair("un", "one"), Pair("deux", "two")]))
    [(['un', 'deux'], ['one', 'two'])]
    """
    pairs = iter(pairs)
    while block := list(islice(pairs, BLOCK)):
        yield [pair.src for pair in block], [pair.tgt for pair in block]


def judge_block(rules: CleanRules, held_out: set[str], block: Columns) -> Verdicts:
    """What can be said of the pairs of a block by themselves.

    Returns: for each the number of the rule that rejects it, or PASSED; the hash of each that passed; and
    for each whether it passed and one of its sides is held out.
    """
    verdicts, texts = np.full(len(block[0]), PASSED, np.int8), []
    is_held_out = np.zeros(len(block[0]), np.bool_)
    for i, (src, tgt) in enumerate(zip(*map(_trimmed, block), strict=True)):
        rule = rules.rejects(src, tgt)
        if rule is not None:
            verdicts[i] = NAMES.index(rule)
            continue
        # The length in front keeps ("ab", "c") and ("a", "bc") apart.
        texts.append(f"{len(src)} {src}{tgt}")
        if held_out:
            is_held_out[i] = sentence_key(src) in held_out or sentence_key(tgt) in held_out
    return verdicts, text_hashes(texts), is_held_out


def _trimmed(texts: list[str]) -> list[str]:
    return [text.strip() for text in texts]


def sentence_key(text: str) -> str:
    """What two sentences share that differ only in case, punctuation, spaces or width.

    Letters and digits of the NFKC form, casefolded; empty for a text without any, which is equal
    to nothing.

    >>> sentence_key("Ｃａｆé, s'il vous plaît !") == sentence_key("CAFE\\u0301 s’il vous plaît")
    True
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    folded = text.casefold()
    if not folded.isascii():
        # Case folding can take letters apart again (İ becomes i and a dot).
        folded = unicodedata.normalize("NFKC", folded)
    return re.sub(r"[\W_]+", "", folded)


def _shown(text: str, limit: int = 40) -> str:
    return repr(text if len(text) <= limit else text[:limit] + "…")
