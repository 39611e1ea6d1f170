"""Which language a text is in, among those that are served.

A naive Bayes over runs of up to three characters. What it has learned a language from is small: its most
frequent words (`function_words`), the pieces of a vocabulary that is of this language alone, and the
validation sentences of a bundle that carries some. Languages that are not served stand against those that
are, so that a text in none of them is not taken for one. It says how sure it is, and short texts are unsure.
"""

import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from crosslight.serve.function_words import WORDS
from crosslight.serve.models import Served
from crosslight.text.subword import BLANK_SIGN, Subword

LONGEST = 3  # characters of a run
SMOOTHING = 0.5
OF_WORDS, OF_PIECES, OF_SENTENCES = (
    300.0,
    100.0,
    1.0,
)  # weights: of a list, a vocabulary, a word of a sentence
READ = 2000  # characters of a text that are looked at
DOUBT = 3.0  # runs overlap, so what they say together is worth a third
LETTERS = re.compile(r"[^\W\d_]+(?:['’])?")


class Guess(NamedTuple):
    """A language and how probable it is, 0 to 1."""

    language: str
    probability: float


class Detector:
    """Knows the languages that are served apart.

    Args:
        languages: those that may be the answer.
        texts: words with their weights for each of them, beside what is known of it already.
    """

    def __init__(
        self, languages: Sequence[str], texts: dict[str, Iterable[tuple[str, float]]] | None = None
    ) -> None:
        self.languages = list(dict.fromkeys(languages))
        own = {language.lower().partition("_")[0].partition("-")[0]: language for language in self.languages}
        names = {**{language: language for language in WORDS}, **own}
        self._runs = {}
        for code, language in names.items():
            runs: Counter[str] = Counter()
            for word, weight in [*_frequent(code), *(texts or {}).get(language, ())]:
                for run in _runs(word):
                    runs[run] += weight  # type: ignore[assignment]
            self._runs[language] = runs
        self._totals = {language: sum(runs.values()) for language, runs in self._runs.items()}
        self._n_kinds = len(set().union(*self._runs.values())) + 1

    def guesses(self, text: str) -> list[Guess]:
        """The served languages, most probable first. They sum to less than 1: it may be another one."""
        runs = Counter(run for word in LETTERS.findall(text[:READ].lower()) for run in _runs(word))
        if not runs:
            return [Guess(language, 1 / (len(self._runs) + 1)) for language in self.languages]
        logp = {
            language: sum(n * self._logp(language, run) for run, n in runs.items()) / DOUBT
            for language, known in self._runs.items()
            if known
        }
        most = max(logp.values(), default=0.0)
        total = sum(math.exp(value - most) for value in logp.values()) or 1.0
        found = [
            Guess(language, math.exp(logp[language] - most) / total if language in logp else 0.0)
            for language in self.languages
        ]
        return sorted(found, key=lambda guess: -guess.probability)

    def _logp(self, language: str, run: str) -> float:
        total = self._totals[language] + SMOOTHING * self._n_kinds
        return math.log((self._runs[language].get(run, 0) + SMOOTHING) / total)


def detector_for(bundles: Sequence[Served]) -> Detector:
    """A detector of the source languages of bundles, from what lies in them; nothing of torch is loaded."""
    texts: dict[str, list[tuple[str, float]]] = {}
    for bundle in bundles:
        src, tgt = (_bytes(bundle.path / name) for name in ("src.subword", "tgt.subword"))
        texts.setdefault(bundle.src, []).extend(_sentences(bundle.path / "validation.tsv.gz"))
        if src and src != tgt:  # one for both languages tells them not apart
            texts[bundle.src].extend(_pieces(src))
    return Detector([bundle.src for bundle in bundles], dict(texts))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _frequent(code: str) -> Iterator[tuple[str, float]]:
    words = WORDS.get(code, "").split()
    for rank, word in enumerate(words, start=1):
        yield word, OF_WORDS / (rank + 4)


def _pieces(model: bytes) -> Iterator[tuple[str, float]]:
    """The pieces of a vocabulary, frequent ones first."""
    words = (
        surface.decode("utf-8", "ignore").replace(BLANK_SIGN, " ").strip().lower()
        for surface in Subword.from_bytes(model).surfaces()
    )
    for rank, word in enumerate((word for word in words if len(word) > 1 and word.isalpha()), start=1):
        yield word, OF_PIECES / (rank + 20)


def _sentences(file: Path) -> Iterator[tuple[str, float]]:
    """The words of the source sentences that a bundle carries."""
    data = _bytes(file)
    if data:
        for line in gzip.decompress(data).decode("utf-8", "replace").splitlines():
            for word in LETTERS.findall(line.partition("\t")[0].lower()):
                yield word, OF_SENTENCES


def _runs(word: str) -> Iterator[str]:
    """The runs of a word, with its two ends marked.

    >>> list(_runs("je"))
    ['j', 'e', ' j', 'je', 'e ', ' je', 'je ']
    """
    marked = f" {word} "
    for n in range(1, LONGEST + 1):
        for start in range(len(marked) - n + 1):
            if (run := marked[start : start + n]).strip():
                yield run
