"""From the hand-written topics to the files that ship: one test set, the rest to train on.

    python corpus/handwritten.py

A pair goes to the test set by the hash of its French side, so that adding a pair moves no other.
Pairs that share a side (compared without case and punctuation) with a pair of the other set are kept
out of the test set, and so are the sentences that the documentation uses as examples.
"""

import hashlib
from pathlib import Path

from crosslight.text.clean import sentence_key

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "src" / "crosslight" / "sample"
ONE_IN = 10
SHOWN = ("Jane visite l'Afrique", "J'ai grandi en France", "L'animal n'a pas traversé")

Row = tuple[str, str, str]  # French, English, topic


def read_topics() -> list[Row]:
    """All pairs, topic by topic in alphabetical order."""
    return [
        (*line.split("\t"), file.stem)  # type: ignore[misc]
        for file in sorted((HERE / "handwritten").glob("*.tsv"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def split(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """(train, test), no side of a test pair in training."""
    chosen = [row for row in rows if _bucket(row[0]) == 0 and not row[0].startswith(SHOWN)]
    train = [row for row in rows if row not in set(chosen)]
    known = {sentence_key(side) for row in train for side in row[:2]}
    test = [row for row in chosen if not {sentence_key(row[0]), sentence_key(row[1])} & known]
    return train, test


def _bucket(text: str) -> int:
    return int.from_bytes(hashlib.sha256(sentence_key(text).encode()).digest()[:8]) % ONE_IN


def main() -> None:
    """Write both files."""
    for name, rows in zip(("train", "test"), split(read_topics()), strict=True):
        text = "".join("\t".join(row) + "\n" for row in rows)
        (SAMPLE / f"handwritten.{name}.tsv").write_text(text, encoding="utf-8", newline="\n")
        print(f"handwritten.{name}.tsv: {len(rows)} pairs")


if __name__ == "__main__":
    main()
