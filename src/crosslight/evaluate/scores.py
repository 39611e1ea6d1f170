"""How close translations come to references: BLEU, chrF and TER, as sacreBLEU counts them.

A score without its *signature* (references, case, tokenization, version) compares with nothing
(Post 2018, "A Call for Clarity in Reporting BLEU Scores"), so the two travel together here.
This room is the only door to the sacrebleu library; every number equals that of its command line.

    hypotheses    one translation per sentence
    references    streams: references[r][i] is the r-th reference of sentence i, or None if it has fewer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal, get_args

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from crosslight.errors import ConfigError, CorpusError
from crosslight.text.corpus import read_lines

Metric = Literal["bleu", "chrf", "ter"]
Tokenize = Literal["13a", "intl", "zh", "char", "none"]
Stream = Sequence[str | None]


@dataclass(frozen=True)
class Score:
    """One number and what it takes to compare it with another.

    ``value`` is on sacreBLEU's scale: 0 to 100 for BLEU and chrF, where more is better; for TER
    the edits per 100 reference words, where less is better and more than 100 is possible.
    """

    name: Literal["BLEU", "chrF", "TER"]
    value: float
    signature: str


@dataclass(frozen=True)
class Scores:
    """The scores of one set of translations, in the order in which they were asked for."""

    scores: tuple[Score, ...]
    n_sentences: int

    def __getitem__(self, name: str) -> Score:
        """Return the score called ``name``, in any case.

        Raises:
            KeyError: that metric was not computed.
        """
        for score in self.scores:
            if score.name.lower() == name.lower():
                return score
        raise KeyError(name)

    def as_dict(self) -> dict[str, dict[str, float | str]]:
        """Return ``{"BLEU": {"value": 34.2, "signature": "nrefs:1|..."}, ...}``, ready for JSON."""
        return {score.name: {"value": score.value, "signature": score.signature} for score in self.scores}

    def table(self) -> str:
        """Return the scores for people: name, value and signature, one aligned line each.

        >>> scores = evaluate(["the cat sat"], [["the cat sat"]], metrics=["ter"])
        >>> print(scores.table())  # doctest: +ELLIPSIS
        TER      0.00  nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:...
        """
        return "\n".join(f"{score.name:<5}{score.value:8.2f}  {score.signature}" for score in self.scores)


def evaluate(
    hypotheses: Sequence[str],
    references: Sequence[Stream],
    *,
    lowercase: bool = False,
    tokenize: Tokenize = "13a",
    metrics: Sequence[Metric] = ("bleu", "chrf", "ter"),
) -> Scores:
    """Score the hypotheses against one or more streams of references.

    Each sentence is compared with all the references that it has; a stream is padded with None
    where a sentence has fewer (the signature then says ``nrefs:var``). An empty string is a
    reference like any other: one that says nothing. ``lowercase`` and ``tokenize`` go to BLEU,
    ``lowercase`` to chrF as well; TER ignores case either way, as sacreBLEU's own does.

    >>> scores = evaluate(["Le chat dort ."], [["Le chat dort."]], metrics=["bleu", "chrf"])
    >>> [(score.name, round(score.value, 1)) for score in scores.scores]
    [('BLEU', 100.0), ('chrF', 100.0)]

    Raises:
        CorpusError: nothing to score, streams of another length than the hypotheses, or a
            sentence without any reference.
        ConfigError: an unknown metric or tokenization.
    """
    _check_choices(metrics, tokenize)
    check_texts(hypotheses, references)
    scores = tuple(_score(metric, hypotheses, references, lowercase, tokenize) for metric in metrics)
    return Scores(scores, n_sentences=len(hypotheses))


def read_references(path: Path | str) -> list[list[str | None]]:
    """Return the reference streams of a file, to be handed to `evaluate`.

    A plain file has one reference per line, and gives one stream. A ``.refs.tsv`` file has one
    sentence per line, *source TAB reference TAB reference ...*, with as many references as there
    are; it gives as many streams as the longest line has references, padded with None.
    The source is not returned, and empty columns at the end of a line are no references.

    Raises:
        CorpusError: the file cannot be read, or a line of a ``.refs.tsv`` has no reference.
    """
    if not str(path).endswith(".refs.tsv"):
        return [list(read_lines(path))]
    rows: list[list[str]] = []
    for number, line in enumerate(read_lines(path), start=1):
        references = line.rstrip("\t").split("\t")[1:]
        if not references:
            raise CorpusError(
                f"{path}, line {number} has no reference: {line[:80]!r}; expected source TAB reference",
                "add a reference after a tab, or remove the line",
            )
        rows.append(references)
    return [list(stream) for stream in zip_longest(*rows)]


def _score(
    metric: Metric,
    hypotheses: Sequence[str],
    references: Sequence[Stream],
    lowercase: bool,
    tokenize: Tokenize,
) -> Score:
    names: dict[Metric, Literal["BLEU", "chrF", "TER"]] = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER"}
    counter: Any  # sacrebleu declares its streams without None, yet documents it
    match metric:
        case "bleu":
            # force: tokenized-looking text is the caller's business, not a reason to warn
            counter = BLEU(lowercase=lowercase, tokenize=tokenize, force=True)
        case "chrf":
            counter = CHRF(lowercase=lowercase)
        case "ter":
            counter = TER()
    value = float(counter.corpus_score(hypotheses, references).score)
    return Score(names[metric], value, str(counter.get_signature()))


def _check_choices(metrics: Sequence[Metric], tokenize: Tokenize) -> None:
    unknown = [metric for metric in metrics if metric not in get_args(Metric)]
    if unknown or not metrics:
        raise ConfigError(
            f"metrics are {list(metrics)}; expected some of {', '.join(get_args(Metric))}",
            "choose among those",
        )
    if tokenize not in get_args(Tokenize):
        raise ConfigError(
            f"tokenize is {tokenize!r}; expected one of {', '.join(get_args(Tokenize))}",
            "take 13a for languages with blanks between words, zh for Chinese, char for the others",
        )


def check_texts(hypotheses: Sequence[str], references: Sequence[Stream]) -> None:
    """Return if there is something to score, and every sentence has a reference.

    Raises:
        CorpusError: it is not so.
    """
    if not hypotheses or not references:
        raise CorpusError(
            f"there are {len(hypotheses)} hypotheses and {len(references)} reference streams; "
            "expected at least one of each",
            "check that the files of translations and references are not empty",
        )
    for number, stream in enumerate(references, start=1):
        if len(stream) != len(hypotheses):
            raise CorpusError(
                f"there are {len(hypotheses)} hypotheses but {len(stream)} references in stream {number}",
                "give one translation and one reference per sentence, in the same order",
            )
    for line, refs in enumerate(zip(*references, strict=True), start=1):
        if all(reference is None for reference in refs):
            raise CorpusError(
                f"sentence {line} has no reference in any of the {len(references)} streams",
                "give each sentence at least one reference",
            )
