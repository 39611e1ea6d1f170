"""What positions do beyond the lengths that were trained, and what becomes of a sentence out of order.

    python -m bench.positions --data DIR --out RUNS [--only NAME ...] [--seeds 1 2 3]
                              [--steps 2000 | --minutes-each 20]

DIR holds Multi30k (train.en.gz, train.de.gz, val.en, val.de). Trained on English→German pairs of at most 14
source words and 24 pieces a side; tested on data never trained on: the validation set, and the longer
training pairs, which no run sees, by number of source words. Learned positions have 512 rows, of which those
beyond the 24th stay as they were drawn. The short test sentences are translated once more with all their
words but the last shuffled: a model without positions cannot tell the difference in its encoder.

One thread a run: start the command as often as there are cores. Translations are greedy. Each run leaves one
JSON with all its outputs; finished runs are gathered into docs/results/positions.json/.md: chrF over the
seeds together, with 95 % of 1,000 resamples of the sentences.
"""

import argparse
import random
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.runs import finished, grid, keep, lines, put, taken, together, train, translated, write
from crosslight.evaluate.sentence_counts import SentenceCounts, count_sentences
from crosslight.evaluate.significance import paired_bootstrap

RESULT = Path(__file__).resolve().parents[1] / "docs" / "results" / "positions"
TRAINED_WORDS, TRAINED_PIECES = 14, 24
N_VALID = 400  # short training pairs that choose the weights
BUCKETS = {
    "to 10": (1, 10),
    "11–14": (11, 14),
    "15–17": (15, 17),
    "18–21": (18, 21),
    "22 and more": (22, 999),
}
SHORT = ["to 10", "11–14"]
SHUFFLED = "to 14, shuffled"
PLAIN = "to 14"
SETTINGS = {
    "subword.vocab_size": 4000,
    "model.dropout": 0.05,
    "model.max_positions": 512,
    "train.max_length": TRAINED_PIECES,
    "train.max_tokens_per_batch": 512,
    "train.threads": 1,
    "train.precision": "fp32",
    "train.sample_size": 100,
    "train.validations": 6,
    "train.checkpoint_seconds": 120,
}
ARMS = ("sinusoidal", "learned", "none", "relative", "rotary")

Pairs = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(ARMS), choices=ARMS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=2000)
    length.add_argument("--minutes-each", type=float)
    parser.add_argument("--most", type=int, default=600, help="sentences of a bucket")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the table goes, without an ending")
    options = parser.parse_args()
    test = prepare(options.data, options.out, options.most)
    for seed in options.seeds:
        for positions in options.only:
            run(positions, seed, options, test)
    gather(options.out, options.result, test)


def prepare(data: Path, out: Path, most_of_a_bucket: int) -> dict[str, Pairs]:
    """Write the training and validation files; the test pairs by bucket. The same for every run."""
    train, val = (
        list(zip(*(lines(data / f"{name}.{side}") for side in ("en", "de")), strict=True))
        for name in ("train", "val")
    )
    chance = random.Random(1)
    chance.shuffle(train)
    short = [pair for pair in train if n_words(pair) <= TRAINED_WORDS]
    test: dict[str, Pairs] = {}
    for name, (least, most) in BUCKETS.items():
        unseen = val + [pair for pair in train if n_words(pair) > TRAINED_WORDS]
        test[name] = [pair for pair in unseen if least <= n_words(pair) <= most][:most_of_a_bucket]
    out.mkdir(parents=True, exist_ok=True)
    for name, pairs in (("valid", short[:N_VALID]), ("train", short[N_VALID:])):
        for side, texts in zip(("en", "de"), zip(*pairs, strict=True), strict=True):
            put(out / f"{name}.{side}", "\n".join(texts) + "\n")
    return test


def n_words(pair: tuple[str, str]) -> int:
    return len(pair[0].split())


def shuffled(text: str) -> str:
    """All words but the last in another order, always the same one: the same words make the same pieces."""
    *words, last = text.split()
    random.Random(text).shuffle(words)
    return " ".join([*words, last])


def sources(test: dict[str, Pairs]) -> dict[str, list[str]]:
    """What a run translates, by the name of its part."""
    parts = {name: [src for src, _ in pairs] for name, pairs in test.items()}
    parts[SHUFFLED] = [shuffled(src) for name in SHORT for src in parts[name]]
    return parts


def references(test: dict[str, Pairs], part: str) -> list[str]:
    names = SHORT if part in (SHUFFLED, PLAIN) else [part]
    return [ref for name in names for _, ref in test[name]]


def run(positions: str, seed: int, options: argparse.Namespace, test: dict[str, Pairs]) -> None:
    """Train one arm to its end and translate, unless it is there or another process is at it."""
    out = options.out / f"{positions}-{seed}"
    if out.with_suffix(".json").is_file() or not taken(out.with_suffix(".taken")):
        return
    print(positions, seed, flush=True)
    minutes = options.minutes_each
    command = ["--minutes", str(minutes)] if minutes is not None else ["--steps", str(options.steps)]
    files = {"src": "train.en", "tgt": "train.de", "valid-src": "valid.en", "valid-tgt": "valid.de"}
    command += [f"--seed={seed}", *(f"--{side}={options.out / file}" for side, file in files.items())]
    facts = train(out, command, SETTINGS | {"model.positions": positions})
    outputs, seconds = translated(out, sources(test), beam=1)
    facts = {key: facts[key] for key in ("steps", "minutes")}
    told = {"positions": positions, "seed": seed, **facts, "translation_seconds": round(seconds, 1)}
    keep(out, told | {"outputs": outputs})


def gather(directory: Path, target: Path, test: dict[str, Pairs]) -> None:
    """All finished runs as a table: chrF of each arm in each part, all its seeds together."""
    runs = finished(directory)
    for each in runs:
        each["outputs"][PLAIN] = [text for name in SHORT for text in each["outputs"][name]]
    arms = {name: [each for each in runs if each["positions"] == name] for name in ARMS}
    arms = {name: found for name, found in arms.items() if found}
    if not arms:
        return
    parts = [*BUCKETS, PLAIN, SHUFFLED]
    counts = {
        name: {
            part: together("chrF", [each["outputs"][part] for each in found], references(test, part))
            for part in parts
        }
        for name, found in arms.items()
    }
    first = next(iter(arms))
    result = {
        "trained": f"at most {TRAINED_WORDS} source words and {TRAINED_PIECES} pieces a side",
        "signature": counts[first][PLAIN].signature,
        "sentences": {part: len(references(test, part)) for part in parts},
        "compared_with": first,
        "arms": {
            name: {
                "seeds": [each["seed"] for each in found],
                "steps": [each["steps"] for each in found],
                "minutes": [each["minutes"] for each in found],
                "translation_seconds": [each["translation_seconds"] for each in found],
                "parts": {
                    part: judged(counts[first][part], counts[name][part], found, references(test, part), part)
                    for part in parts
                },
                "lost_by_shuffling": drop(counts[name]),
            }
            for name, found in arms.items()
        },
    }
    write(target, result, table(result))


def judged(
    first: SentenceCounts, counts: SentenceCounts, runs: Sequence[dict[str, Any]], refs: list[str], part: str
) -> dict[str, Any]:
    """An arm in one part of the test, and how it differs from the first arm there."""
    found = paired_bootstrap(first, counts)
    outputs = [run["outputs"][part] for run in runs]
    lengths = [total_words(texts) / total_words(refs) for texts in outputs]
    return {
        "chrF": round(counts.corpus_score(), 2),
        "interval": rounded(found.b_interval),
        "each_seed": [round(count_sentences("chrF", texts, [refs]).corpus_score(), 2) for texts in outputs],
        "difference": round(counts.corpus_score() - first.corpus_score(), 2),
        "difference_interval": rounded((found.difference_low, found.difference_high)),
        "p": round(found.p, 4),
        "length_ratio": round(statistics.mean(lengths), 3),
    }


def drop(counts: dict[str, SentenceCounts]) -> dict[str, Any]:
    """The chrF that shuffling the words of the source costs."""
    found = paired_bootstrap(counts[PLAIN], counts[SHUFFLED])
    return {
        "chrF": round(counts[PLAIN].corpus_score() - counts[SHUFFLED].corpus_score(), 2) + 0.0,
        "interval": rounded((-found.difference_high, -found.difference_low)),
    }


def total_words(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)


def rounded(pair: tuple[float, float]) -> list[float]:
    return [round(value, 2) + 0.0 for value in pair]  # no "-0.0"


def table(result: dict[str, Any]) -> str:
    parts = [part for part in result["sentences"] if part != PLAIN]
    n = result["sentences"]
    head = [
        "positions",
        "seeds",
        *(f"{part} ({n[part]:,})" for part in parts),
        "lost by shuffling",
        "updates",
        "minutes",
    ]
    rows = []
    for name, arm in result["arms"].items():
        found = arm["parts"]
        cells = [
            f"{cell['chrF']:.1f} [{cell['interval'][0]:.1f}, {cell['interval'][1]:.1f}]"
            for cell in (*(found[part] for part in parts), arm["lost_by_shuffling"])
        ]
        spent = [f"{statistics.mean(arm['steps']):,.0f}", f"{statistics.mean(arm['minutes']):.1f}"]
        rows.append([name, str(len(arm["seeds"])), *cells, *spent])
    lead = (
        "# Positions beyond the lengths trained on\n\n`python -m bench.positions`, one thread a run: "
        f"chrF of greedy translations by number of source words (sentences), trained on {result['trained']}. "
        f"In brackets: 95 % of 1,000 resamples of the sentences. `{result['signature']}`\n\n"
    )
    lengths = ["", "Length of the output over that of the reference, in words:", ""]
    longer = [
        [name, *(f"{arm['parts'][part]['length_ratio']:.2f}" for part in parts)]
        for name, arm in result["arms"].items()
    ]
    return lead + "\n".join([*grid(head, rows), *lengths, *grid(["positions", *parts], longer)]) + "\n"


if __name__ == "__main__":
    main()
